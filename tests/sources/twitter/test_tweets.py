"""Tweets of the API v2: from JSON files to tables to shares."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import coordlib as cl
from coordlib.errors import EmptyInputError, FileFormatError, InputError, MissingColumnError, ParameterError


def tweet(number: int, author: str, text: str, second: int = 0, **more: Any) -> dict[str, Any]:
    return {
        "id": str(number),
        "author_id": author,
        "text": text,
        "created_at": f"2021-03-04T10:00:{second:02d}.000Z",
        "conversation_id": str(number),
        **more,
    }


def link(url: str) -> dict[str, Any]:
    return {
        "urls": [
            {"start": 0, "end": 23, "url": "https://t.co/x", "expanded_url": url, "display_url": url[8:]}
        ]
    }


TWEETS = [
    tweet(
        1366000000000000001,
        "11",
        "Vote NOW #Election https://t.co/x",
        0,
        entities={
            **link("https://www.example.org/a?b=1"),
            "hashtags": [{"start": 9, "end": 18, "tag": "Election"}],
        },
        public_metrics={"retweet_count": 2, "reply_count": 0, "like_count": 5, "quote_count": 1},
    ),
    tweet(
        1366000000000000002,
        "12",
        "RT @eleven: Vote NOW #Election",
        5,
        entities={"mentions": [{"start": 3, "end": 10, "username": "eleven", "id": "11"}]},
        referenced_tweets=[{"type": "retweeted", "id": "1366000000000000001"}],
    ),
    tweet(
        1366000000000000003,
        "13",
        "RT @eleven: Vote NOW #Election",
        9,
        referenced_tweets=[{"type": "retweeted", "id": "1366000000000000001"}],
    ),
    tweet(
        1366000000000000004,
        "14",
        "@eleven vote now #election2",
        12,
        referenced_tweets=[{"type": "replied_to", "id": "1366000000000000001"}],
    ),
    tweet(
        1366000000000000005,
        "15",
        "@friend vote now ",
        15,
        entities=link("https://twitter.com/i/web/status/1"),
    ),
    tweet(1366000000000000006, "16", "Vote now", 20, entities=link("http://example.org/b")),
    tweet(1366000000000000007, "17", "@only @mentions", 21),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder as academictwitteR leaves it."""
    (tmp_path / "data_1.json").write_text(json.dumps(TWEETS[:4]), encoding="utf-8")
    (tmp_path / "data_2.json").write_text(json.dumps(TWEETS[3:]), encoding="utf-8")
    users = [
        {
            "id": "11",
            "username": "eleven",
            "name": "Eleven",
            "public_metrics": {"followers_count": 7},
            "entities": {
                "url": {
                    "urls": [{"expanded_url": "https://eleven.example/me", "display_url": "eleven.example"}]
                }
            },
        },
        {"id": "12", "username": "twelve", "name": "=1+1"},
    ]
    (tmp_path / "users_1.json").write_text(json.dumps({"users": users}), encoding="utf-8")
    (tmp_path / "users_2.json").write_text(json.dumps({"users": users[:1]}), encoding="utf-8")
    return tmp_path


@pytest.fixture
def tables(folder: Path) -> dict[str, Any]:
    return cl.sources.preprocess_tweets(cl.sources.load_tweets_json(folder))


def shares(tables: dict[str, Any], intent: str, **options: bool) -> list[tuple[str, str, str, int]]:
    table = cl.sources.reshape_tweets(tables, intent, **options)  # type: ignore[arg-type]
    return [(o, a, c[-1], t - 1614852000) for o, a, c, t in table.itertuples(index=False, name=None)]


def test_tweets_are_loaded_once_with_their_ids_in_full(folder: Path) -> None:
    loaded = cl.sources.load_tweets_json(folder)
    assert loaded["tweet_id"].tolist() == [t["id"] for t in TWEETS]
    assert loaded["referenced_tweets"][1] == TWEETS[1]["referenced_tweets"]


@pytest.mark.parametrize("shape", ["list", "answer", "lines", "answers per line", "gzipped lines"])
def test_every_shape_of_file_gives_the_same_tweets(tmp_path: Path, shape: str) -> None:
    lines = "\n".join(map(json.dumps, TWEETS))
    text = {
        "list": json.dumps(TWEETS, indent=1),
        "answer": json.dumps({"data": TWEETS, "meta": {}}),
        "lines": lines,
        "answers per line": "\n".join(json.dumps({"data": [t]}) for t in TWEETS),
        "gzipped lines": lines,
    }[shape]
    file = tmp_path / "tweets.json"
    file.write_bytes(gzip.compress(text.encode()) if shape.startswith("gzip") else text.encode())
    assert cl.sources.load_tweets_json(file)["tweet_id"].tolist() == [t["id"] for t in TWEETS]


def test_only_needed_and_chosen_columns_are_kept_of_many_tweets(folder: Path) -> None:
    few = cl.sources.load_many_tweets_json(folder, keep_cols=None)
    assert "text" not in few
    assert {"tweet_id", "author_id", "entities"} <= set(few)
    assert "text" in cl.sources.load_many_tweets_json(folder)


def test_nested_columns_become_long_tables(tables: dict[str, Any]) -> None:
    assert tables["tweets"]["created_timestamp"].tolist()[:2] == [1614852000, 1614852005]
    assert tables["tweets"]["public_metrics_like_count"].tolist()[0] == 5
    assert tables["referenced"]["type"].tolist() == ["retweeted", "retweeted", "replied_to"]
    assert tables["hashtags"]["tag"].tolist() == ["Election"]
    assert tables["mentions"]["username"].tolist() == ["eleven"]
    assert tables["urls"]["domain"].tolist() == ["www.example.org", "twitter.com", "example.org"]


def test_retweets_share_the_retweeted_tweet_and_the_original_is_among_them(tables: dict[str, Any]) -> None:
    original = TWEETS[0]["id"]
    assert shares(tables, "retweets") == [
        (original, "12", "2", 5),
        (original, "13", "3", 9),
        (original, "11", "1", 0),
    ]
    pairs = cl.detect_groups(cl.sources.reshape_tweets(tables, "retweets"), 10, 1)
    assert pairs[["account_id", "account_id_y"]].to_numpy().tolist() == [["12", "13"]]


def test_hashtags_urls_and_domains_are_objects(tables: dict[str, Any]) -> None:
    assert shares(tables, "hashtags") == [("Election", "11", "1", 0)]
    assert shares(tables, "urls") == [
        ("https://www.example.org/a?b=1", "11", "1", 0),
        ("http://example.org/b", "16", "6", 20),
    ]
    assert shares(tables, "urls_domains") == [("example.org", "11", "1", 0), ("example.org", "16", "6", 20)]


def test_twitters_own_links_are_no_objects_whatever_their_address(tables: dict[str, Any]) -> None:
    own = [
        "https://twitter.com/a/status/1",
        "http://mobile.twitter.com/a",
        "https://x.com/a/status/1/photo/1",
    ]
    urls = pd.DataFrame(
        {"tweet_id": TWEETS[0]["id"], "expanded_url": [*own, "https://box.com/a"], "domain": "box.com"},
        dtype="str",
    )
    assert shares({**tables, "urls": urls}, "urls") == [("https://box.com/a", "11", "1", 0)]


def test_cotweets_share_the_normalised_text(tables: dict[str, Any]) -> None:
    assert shares(tables, "cotweet")[1:] == [("vote now", "15", "5", 15), ("vote now", "16", "6", 20)]
    everything = shares(tables, "cotweet", drop_retweets=False, drop_replies=False)
    assert [row[2] for row in everything] == ["1", "2", "3", "4", "5", "6"]


def test_hashtags_can_be_dropped_without_losing_the_normalisation(tables: dict[str, Any]) -> None:
    rows = shares(tables, "cotweet", drop_replies=False, drop_hashtags=True)
    assert [row[0] for row in rows if row[2] == "4"] == ["vote now"]


def test_users_are_loaded_once_and_unnested(folder: Path) -> None:
    users = cl.sources.preprocess_twitter_users(cl.sources.load_twitter_users_json(folder))
    assert users["user_id"].tolist() == ["11", "12"]
    assert users["domain"].tolist()[0] == "eleven.example"
    assert users["public_metrics_followers_count"].tolist()[0] == 7


def test_half_a_surrogate_pair_in_a_tweet_is_replaced(tmp_path: Path) -> None:
    file = tmp_path / "data.json"
    odd = tweet(1, "11", "x \ud83d", entities={"hashtags": [{"tag": "h\ud83d", "start": 0, "end": 1}]})
    file.write_text(json.dumps([odd]), encoding="utf-8")
    tables = cl.sources.preprocess_tweets(cl.sources.load_tweets_json(file))
    assert tables["tweets"]["text"].tolist() == ["x \ufffd"]
    assert tables["hashtags"]["tag"].tolist() == ["h\ufffd"]


def test_what_is_wrong_is_named(folder: Path, tmp_path: Path, tables: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="there is no such file"):
        cl.sources.load_tweets_json(tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(EmptyInputError, match="no file named data"):
        cl.sources.load_tweets_json(tmp_path / "empty")
    broken = tmp_path / "broken.jsonl"
    broken.write_text('{"id": "1"}\n{"id": \n', encoding="utf-8")
    with pytest.raises(FileFormatError, match="line 2: is not JSON"):
        cl.sources.load_tweets_json(broken)
    with pytest.raises(MissingColumnError, match="author_id"):
        cl.sources.preprocess_tweets(cl.sources.load_tweets_json(folder).drop(columns="author_id"))
    with pytest.raises(ParameterError, match="intent = 'likes'"):
        cl.sources.reshape_tweets(tables, "likes")  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match="call preprocess_tweets"):
        cl.sources.reshape_tweets({}, "urls")


def test_half_a_character_in_the_name_of_a_field_is_no_traceback(tmp_path: Path) -> None:
    (tmp_path / "data_1.json").write_text('[{"id": "1", "text": "a", "odd\\ud800": 1}]')
    assert [name for name in cl.sources.load_tweets_json(tmp_path / "data_1.json") if name.startswith("odd")]
