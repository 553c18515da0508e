-- The ledger: every attempt at a request, whatever came of it.
CREATE TABLE requests (
    request_id  INTEGER PRIMARY KEY,
    sent_at     INTEGER NOT NULL,                     -- UTC seconds
    run_id      TEXT,
    purpose     TEXT NOT NULL,                        -- accounts, captions, discovery, refresh, …
    endpoint    TEXT NOT NULL,
    attempt     INTEGER NOT NULL,                     -- 1 is the first try of a request
    http_status INTEGER,                              -- none: no answer came
    kind        TEXT NOT NULL,                        -- coordlib's reading of the answer
    code        TEXT,
    message     TEXT,
    log_id      TEXT,                                 -- what TikTok's support asks for
    rows        INTEGER,
    ms          INTEGER NOT NULL,
    window_id   INTEGER
) STRICT;
CREATE INDEX requests_by_run ON requests (run_id, sent_at);

-- Requests spent per UTC day; counted before each attempt, so that a crash never overspends.
CREATE TABLE budget (
    day       TEXT NOT NULL,                          -- YYYY-MM-DD, UTC
    pool      TEXT NOT NULL CHECK (pool IN ('research', 'follow')),
    used      INTEGER NOT NULL DEFAULT 0,
    exhausted INTEGER NOT NULL DEFAULT 0 CHECK (exhausted IN (0, 1)),  -- the service said so
    PRIMARY KEY (day, pool)
) STRICT, WITHOUT ROWID;

-- The phases of a run: planned once, then worked off, however often the process is started.
CREATE TABLE phases (
    run_id     TEXT NOT NULL,
    phase      TEXT NOT NULL,
    planned_at INTEGER NOT NULL,
    facts      TEXT NOT NULL CHECK (json_valid(facts)),  -- expected cost and yield, what did not fit
    PRIMARY KEY (run_id, phase)
) STRICT, WITHOUT ROWID;

-- Units of collection work: one query over one period.
CREATE TABLE windows (
    window_id  INTEGER PRIMARY KEY,
    run_id     TEXT NOT NULL,
    phase      TEXT NOT NULL,
    query_hash TEXT NOT NULL,
    query      TEXT CHECK (query IS NULL OR json_valid(query)),  -- none: removed with the posts it quoted
    fields     TEXT NOT NULL CHECK (json_valid(fields)),
    start_date TEXT NOT NULL,                         -- YYYY-MM-DD, UTC, both ends included
    end_date   TEXT NOT NULL,
    state      TEXT NOT NULL CHECK (state IN ('pending', 'running', 'done', 'failed', 'quota', 'split', 'carried')),
    upper_date TEXT NOT NULL,                         -- everything newer has been fetched
    cursor     INTEGER NOT NULL DEFAULT 0,
    search_id  TEXT,
    pages      INTEGER NOT NULL DEFAULT 0,
    empty_pages INTEGER NOT NULL DEFAULT 0,           -- in a row
    restarts   INTEGER NOT NULL DEFAULT 0,
    rows       INTEGER NOT NULL DEFAULT 0,            -- distinct videos
    max_pages  INTEGER,
    root_id    INTEGER,                               -- the planned window this one was cut from
    subjects   TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(subjects)),  -- coverage keys
    reason     TEXT,
    log_id     TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE (run_id, phase, query_hash, start_date, end_date)
) STRICT;
CREATE INDEX windows_by_state ON windows (state);
CREATE INDEX windows_by_root ON windows (root_id);
CREATE INDEX windows_by_query ON windows (query_hash, start_date);

-- Which query brought which video.
CREATE TABLE window_videos (
    window_id INTEGER NOT NULL REFERENCES windows ON DELETE CASCADE,
    video_id  TEXT NOT NULL REFERENCES videos ON DELETE CASCADE,
    PRIMARY KEY (window_id, video_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX window_videos_by_video ON window_videos (video_id);

-- Counts of a video at each fetch.
CREATE TABLE video_counts (
    video_id        TEXT NOT NULL REFERENCES videos ON DELETE CASCADE,
    fetched_at      INTEGER NOT NULL,                 -- UTC seconds
    view_count      INTEGER,
    like_count      INTEGER,
    comment_count   INTEGER,
    share_count     INTEGER,
    favorites_count INTEGER,
    PRIMARY KEY (video_id, fetched_at)
) STRICT, WITHOUT ROWID;

-- Days already asked for, per account and per caption.
CREATE TABLE coverage (
    kind      TEXT NOT NULL CHECK (kind IN ('account', 'caption')),
    subject   TEXT NOT NULL,                          -- a username, or the SHA-256 of a caption
    first_day TEXT NOT NULL,                          -- YYYY-MM-DD, UTC, both ends included
    last_day  TEXT NOT NULL,
    asked_at  INTEGER NOT NULL,
    missing   INTEGER NOT NULL DEFAULT 0,             -- not used: what failed is in windows
    problem   TEXT,                                   -- why the service refuses the account
    PRIMARY KEY (kind, subject)
) STRICT, WITHOUT ROWID;

-- What was deleted because the service no longer returns it; never its content.
CREATE TABLE tombstones (
    digest     TEXT PRIMARY KEY,                      -- SHA-256 of the video id with the workspace's salt
    deleted_at INTEGER NOT NULL,
    reason     TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- When a video was last confirmed to be still returned.
CREATE TABLE checks (
    video_id   TEXT PRIMARY KEY REFERENCES videos ON DELETE CASCADE,
    checked_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE settings (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
