-- A monitoring or replay day, an analysis, a discovery: one row per run.
CREATE TABLE runs (
    run_id       TEXT PRIMARY KEY,
    kind         TEXT NOT NULL,                       -- replay, monitor, discover
    date         TEXT NOT NULL,                       -- the day it reports, YYYY-MM-DD
    status       TEXT NOT NULL CHECK (status IN ('running', 'done', 'failed')),
    outcome      TEXT,                                -- network, no-coordination, too-little-data, no-input, failed
    started_at   INTEGER NOT NULL,                    -- UTC seconds
    finished_at  INTEGER,
    code_version TEXT NOT NULL,
    parameters   TEXT NOT NULL CHECK (json_valid(parameters)),
    facts        TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(facts)),  -- counts and coverage
    message      TEXT
) STRICT;
CREATE INDEX runs_by_date ON runs (date, started_at);

-- A video (post), as last fetched. Ids are text: 19 digits do not survive floats.
CREATE TABLE videos (
    video_id          TEXT PRIMARY KEY,
    username          TEXT NOT NULL,
    create_time       INTEGER,                        -- UTC seconds
    region_code       TEXT,
    video_description TEXT,
    music_id          TEXT,
    playlist_id       TEXT,
    hashtag_names     TEXT CHECK (hashtag_names IS NULL OR json_valid(hashtag_names)),
    effect_ids        TEXT CHECK (effect_ids IS NULL OR json_valid(effect_ids)),
    voice_to_text     TEXT,
    video_duration    INTEGER,
    extra             TEXT CHECK (extra IS NULL OR json_valid(extra)),  -- fields without a column
    fetched_at        INTEGER NOT NULL
) STRICT;
CREATE INDEX videos_by_username ON videos (username, create_time);
CREATE INDEX videos_by_time ON videos (create_time);

-- What a day looked at: its rows in order, repeated ids included, with the counts of that day.
CREATE TABLE metrics (
    run_id         TEXT NOT NULL REFERENCES runs ON DELETE CASCADE,
    position       INTEGER NOT NULL,
    video_id       TEXT NOT NULL REFERENCES videos ON DELETE CASCADE,
    username       TEXT NOT NULL,
    video_description TEXT,                           -- only where it differs from the video's newest one
    view_count     INTEGER,
    like_count     INTEGER,
    comment_count  INTEGER,
    share_count    INTEGER,
    favorites_count INTEGER,
    fetched_at     INTEGER NOT NULL,
    PRIMARY KEY (run_id, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX metrics_by_video ON metrics (video_id);

-- The pool of monitored accounts.
CREATE TABLE accounts (
    username   TEXT PRIMARY KEY,
    position   INTEGER NOT NULL UNIQUE,               -- order of entry
    status     TEXT NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'paused', 'gone')),
    added_on   TEXT NOT NULL,                         -- day whose report first has it in the pool, YYYY-MM-DD
    reason     TEXT NOT NULL,                         -- why it is watched, in words
    source     TEXT NOT NULL                          -- seed, import, network, archive
) STRICT;

-- The accounts and edges of a day's network.
CREATE TABLE detections (
    run_id     TEXT NOT NULL REFERENCES runs ON DELETE CASCADE,
    account_id TEXT NOT NULL,
    network    INTEGER NOT NULL,
    is_new     INTEGER NOT NULL CHECK (is_new IN (0, 1)),
    facts      TEXT NOT NULL CHECK (json_valid(facts)),
    PRIMARY KEY (run_id, account_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE edges (
    run_id         TEXT NOT NULL REFERENCES runs ON DELETE CASCADE,
    account_id     TEXT NOT NULL,
    account_id_y   TEXT NOT NULL,
    weight         INTEGER NOT NULL,
    n_objects      INTEGER NOT NULL,
    avg_time_delta REAL NOT NULL,
    network        INTEGER NOT NULL,
    PRIMARY KEY (run_id, account_id, account_id_y)
) STRICT, WITHOUT ROWID;
