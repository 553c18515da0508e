# ruff: noqa: SIM905 - a header is easier to compare with a file when it stays one line of text
"""Each format is recognised by its columns and read into the same neutral table."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from coordlib import read_export
from coordlib.sources import Export, to_shares

CT_FACEBOOK = (
    "Page Name,User Name,Facebook Id,Page Category,Page Admin Top Country,Page Description,Page Created,"
    "Likes at Posting,Followers at Posting,Post Created,Post Created Date,Post Created Time,Type,Total Interactions,"
    "Likes,Comments,Shares,Love,Wow,Haha,Sad,Angry,Care,Video Share Status,Is Video Owner?,Post Views,Total Views,"
    "Total Views For All Crossposts,Video Length,URL,Message,Link,Final Link,Image Text,Link Text,Description,"
    "Sponsor Id,Sponsor Name,Sponsor Category,Overperforming Score (weighted  —  Likes 1x Shares 1x )"
).split(",")
CT_2020 = (
    "Page Name,User Name,Facebook Id,Likes at Posting,Created,Type,Likes,Comments,Shares,Love,Wow,Haha,Sad,Angry,Care,"
    "Video Share Status,Post Views,Total Views,Total Views For All Crossposts,Video Length,URL,Message,Link,Final Link,"
    "Image Text,Link Text,Description,Sponsor Id,Sponsor Name,Total Interactions,"
    "Total Interactions (weighted  —  Likes 1x )"
).split(",")
CT_INSTAGRAM = (
    "Account,User Name,Followers at Posting,Post Created,Post Created Date,Post Created Time,Type,Total Interactions,"
    "Likes,Comments,Views,URL,Link,Photo,Title,Description,Image Text,Sponsor Id,Sponsor Name,"
    "Overperforming Score (weighted  —  Likes 1x Comments 1x )"
).split(",")
MCL_FACEBOOK = (
    "activities,content_type,creation_time,id,is_branded_content,lang,link_attachment.caption,"
    "link_attachment.description,link_attachment.link,link_attachment.name,match_type,mcl_url,modified_time,multimedia,"
    "post_owner.type,post_owner.id,post_owner.name,post_owner.username,shared_post_id,statistics.angry_count,"
    "statistics.care_count,statistics.comment_count,statistics.haha_count,statistics.like_count,statistics.love_count,"
    "statistics.reaction_count,statistics.sad_count,statistics.share_count,statistics.views,"
    "statistics.views_date_last_refreshed,statistics.wow_count,surface.type,surface.id,surface.name,surface.username,text"
).split(",")
MCL_INSTAGRAM = (
    "content_type,creation_time,hashtags,id,is_branded_content,lang,match_type,mcl_url,modified_time,multimedia,"
    "post_owner.type,post_owner.id,post_owner.name,post_owner.username,statistics.comment_count,statistics.like_count,"
    "statistics.views,statistics.views_date_last_refreshed,text"
).split(",")
YOUTUBE = (
    "position,channelId,channelTitle,videoId,publishedAt,publishedAtSQL,videoTitle,videoDescription,tags,"
    "videoCategoryId,videoCategoryLabel,topicCategories,duration,durationSec,dimension,definition,caption,"
    "defaultLanguage,defaultLAudioLanguage,thumbnail_maxres,licensedContent,locationDescription,latitude,longitude,"
    "viewCount,likeCount,dislikeCount,favoriteCount,commentCount"
).split(",")

#: format, columns, one row, and what the neutral row has to hold.
CASES: list[tuple[str, list[str], dict[str, str], dict[str, Any]]] = [
    (
        "crowdtangle-facebook",
        CT_FACEBOOK,
        {
            "Page Name": "Tea News",
            "Facebook Id": "100064537612345678",
            "Post Created": "2021-07-06 16:45:20 EDT",
            "Type": "Link",
            "Total Interactions": "1,972,048",
            "Likes": "10",
            "Love": "5",
            "Comments": "2",
            "URL": "https://www.facebook.com/100064537612345678/posts/77",
            "Link": "https://short.example/x",
            "Final Link": "https://news.example/a",
        },
        {
            "account_id": "100064537612345678",
            "account_name": "Tea News",
            "posted_at": 1625604320,
            "links": ["https://news.example/a"],
            "likes": 10,
            "reactions": 15,
            "interactions": 1972048,
        },
    ),
    (
        "crowdtangle-facebook",
        ["Group Name", *CT_2020[1:]],
        {
            "Group Name": "Tea lovers",
            "Facebook Id": "55",
            "Created": "2020-04-16 09:48:29 EDT",
            "URL": "https://www.facebook.com/groups/55/permalink/1",
            "Link": "https://news.example/b",
        },
        {
            "account_name": "Tea lovers",
            "posted_at": 1587044909,
            "links": ["https://news.example/b"],
        },
    ),
    (
        "crowdtangle-instagram",
        ["\ufeffAccount", *CT_INSTAGRAM[1:]],
        {
            "\ufeffAccount": "Tea",
            "User Name": "tea.time",
            "Post Created": "2022-01-01 00:00:00 EST",
            "URL": "https://www.instagram.com/p/abc/",
            "Description": "Tea, again",
            "Views": "0",
        },
        {"account_id": "tea.time", "posted_at": 1641013200, "text": "Tea, again", "views": 0},
    ),
    (
        "mcl-facebook",
        MCL_FACEBOOK,
        {
            "creation_time": "2024-05-03T10:15:22+0000",
            "id": "9007199254740993123",
            "post_owner.id": "1",
            "surface.id": "2",
            "link_attachment.link": "https://news.example/c",
            "statistics.views": "",
            "statistics.reaction_count": "7",
        },
        {
            "account_id": "1",
            "content_id": "9007199254740993123",
            "posted_at": 1714731322,
            "reactions": 7,
        },
    ),
    (
        "mcl-instagram",
        MCL_INSTAGRAM,
        {
            "creation_time": "2024-05-03 10:15:22",
            "id": "8",
            "hashtags": "tea,coffee",
            "post_owner.id": "1",
            "text": "hi",
        },
        {"account_id": "1", "posted_at": 1714731322, "text": "hi"},
    ),
    (
        "mediacloud",
        ["id", "indexed_date", "language", "media_name", "media_url", "publish_date", "title", "url"],
        {
            "id": "abc",
            "media_name": "news.example",
            "media_url": "news.example",
            "publish_date": "2024-05-03",
            "title": "Tea is back",
            "url": "https://news.example/tea",
        },
        {
            "account_id": "news.example",
            "content_id": "abc",
            "title": "Tea is back",
            "posted_at": 1714694400,
        },
    ),
    (
        "gdelt",
        ["url", "url_mobile", "title", "seendate", "socialimage", "domain", "language", "sourcecountry"],
        {
            "url": "https://news.example/tea",
            "title": "Tea",
            "seendate": "20240503T101500Z",
            "domain": "news.example",
        },
        {
            "account_id": "news.example",
            "content_id": "https://news.example/tea",
            "posted_at": 1714731300,
        },
    ),
    (
        "gdelt",
        ["URL", "MobileURL", "Date", "Title"],
        {"URL": "https://www.news.example/tea", "Date": "2024-05-03 10:15:00", "Title": "Tea"},
        {"account_id": "www.news.example", "title": "Tea", "posted_at": 1714731300},
    ),
    (
        "youtube-data-tools",
        YOUTUBE,
        {
            "channelId": "UC1",
            "channelTitle": "Tea TV",
            "videoId": "v1",
            "publishedAt": "2024-05-03T10:15:22Z",
            "videoTitle": "Tea",
            "tags": "tea,green tea",
            "viewCount": "12",
        },
        {"account_id": "UC1", "account_name": "Tea TV", "views": 12, "posted_at": 1714731322},
    ),
    (
        "4cat",
        ["id", "thread_id", "timestamp", "unix_timestamp", "author", "body", "hashtags", "urls", "plays"],
        {
            "id": "5",
            "thread_id": "5",
            "timestamp": "2024-05-03 10:15:22",
            "unix_timestamp": "1714731322",
            "author": "tea.time",
            "body": "tea https://news.example/a.",
            "plays": "3",
        },
        {
            "account_id": "tea.time",
            "posted_at": 1714731322,
            "views": 3,
            "text_link": ["https://news.example/a"],
        },
    ),
    (
        "communalytic",
        ["id", "username", "date", "text"],
        {"id": "at://x/1", "username": "tea.bsky.example", "date": "2024-05-03 10:15:22", "text": "hello"},
        {"account_id": "tea.bsky.example", "text": "hello", "posted_at": 1714731322},
    ),
    (
        "traktok",
        "video_id,author_name,view_count,comment_count,share_count,like_count,region_code,create_time,effect_ids,"
        "music_id,video_description,hashtag_names,voice_to_text".split(","),
        {
            "video_id": "7583486171670498590",
            "author_name": "tea.time",
            "create_time": "2024-05-03T10:15:22Z",
            "video_description": " tea ",
            "comment_count": "NA",
            "view_count": "4",
        },
        {
            "content_id": "7583486171670498590",
            "text": " tea ",
            "views": 4,
            "posted_at": 1714731322,
        },
    ),
    (
        "telegram",
        ["channel_name", "channel_id", "message_id", "date", "sender_id", "post_author", "message_text"],
        {"channel_id": "-100", "message_id": "3", "date": "2024-05-03 10:15:22", "message_text": "x"},
        {"content_id": "-100:3", "account_id": "-100"},
    ),
    (
        "shares",
        ["object_id", "account_id", "content_id", "timestamp_share"],
        {"object_id": "o", "account_id": "a", "content_id": "c", "timestamp_share": "1714731322"},
        {"object": "o", "posted_at": 1714731322},
    ),
]


def read(folder: Path, columns: list[str], *rows: dict[str, str]) -> Export:
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="")
    writer.writeheader()
    writer.writerows(rows)
    file = folder / "export.csv"
    file.write_text(text.getvalue(), encoding="utf-8")
    return read_export(file)


@pytest.mark.parametrize(
    ("name", "columns", "row", "expected"), CASES, ids=lambda v: v if isinstance(v, str) else ""
)
def test_a_format_is_recognised_and_read(
    tmp_path: Path, name: str, columns: list[str], row: dict[str, str], expected: dict[str, Any]
) -> None:
    export = read(tmp_path, columns, row)
    assert export.format.name == name
    assert {key: export.frame[key].iloc[0] for key in expected} == expected
    assert export.report.posts == 1
    assert export.frame["posted_at"].dtype == "int64"


def test_the_order_of_the_columns_says_nothing(tmp_path: Path) -> None:
    for name, columns, row, expected in CASES:
        export = read(tmp_path, columns[::-1], row)
        assert export.format.name == name
        assert {key: export.frame[key].iloc[0] for key in expected} == expected


def test_unknown_engagement_is_missing_and_never_zero(tmp_path: Path) -> None:
    export = read(tmp_path, CASES[3][1], CASES[3][2])
    assert export.frame["views"].isna().all()
    assert export.frame["likes"].isna().all()


def test_columns_of_the_file_are_kept_and_a_taken_name_is_marked(tmp_path: Path) -> None:
    export = read(tmp_path, CASES[9][1] + ["likes"], CASES[9][2] | {"likes": "many"})
    assert export.frame["original.likes"].to_list() == ["many"]
    assert export.frame["body"].to_list() == ["tea https://news.example/a."]


JSON_CASES: list[tuple[str, Any, dict[str, Any], str, list[str]]] = [
    (
        "twitter-v2",
        {
            "data": [
                {
                    "id": "1790000000000000001",
                    "author_id": "9",
                    "created_at": "2024-05-03T10:15:22.000Z",
                    "text": "RT",
                    "referenced_tweets": [{"type": "retweeted", "id": "1780000000000000001"}],
                    "entities": {
                        "hashtags": [{"tag": "Tea"}],
                        "urls": [{"expanded_url": "https://news.example/a"}],
                    },
                    "public_metrics": {"retweet_count": 4},
                }
            ]
        },
        {"retweet": ["1780000000000000001"], "shares": 4},
        "hashtag",
        ["tea"],
    ),
    (
        "tiktok-api",
        {
            "data": {
                "videos": [
                    {
                        "id": 7583486171670498590,
                        "username": "t",
                        "create_time": 1714731322,
                        "video_description": "d",
                        "hashtag_names": ["a", "b"],
                        "effect_ids": ["0"],
                    }
                ]
            }
        },
        {"content_id": "7583486171670498590"},
        "hashtag",
        ["a", "b"],
    ),
    (
        "mastodon",
        [
            {
                "uri": "https://m.example/1",
                "created_at": "2024-05-03T10:15:22.000Z",
                "reblogs_count": 1,
                "account": {"url": "https://m.example/@t", "acct": "t"},
                "content": "<p>caf&eacute;</p>",
                "tags": [{"name": "tea"}],
                "card": {"url": "https://news.example/a"},
                "reblog": None,
            }
        ],
        {"account_id": "https://m.example/@t", "text": "café"},
        "link",
        ["https://news.example/a"],
    ),
    (
        "gdelt",
        {
            "articles": [
                {
                    "url": "https://news.example/t",
                    "title": "Tea",
                    "seendate": "20240503T101500Z",
                    "domain": "news.example",
                }
            ]
        },
        {"account_id": "news.example"},
        "title",
        ["Tea"],
    ),
]


@pytest.mark.parametrize(
    ("name", "records", "expected", "object_name", "objects"),
    JSON_CASES,
    ids=[case[0] for case in JSON_CASES],
)
def test_json_records_are_read_like_tables(
    tmp_path: Path, name: str, records: Any, expected: dict[str, Any], object_name: str, objects: list[str]
) -> None:
    file = tmp_path / "export.json"
    file.write_text(json.dumps(records, indent=1), encoding="utf-8")
    export = read_export(file)
    assert export.format.name == name
    assert {key: export.frame[key].iloc[0] for key in expected} == expected
    assert to_shares(export, object_id=object_name)["object_id"].to_list() == objects


def jetstream(rkey: str, operation: str = "create", created: str = "2025-11-08T00:00:12.000Z") -> str:
    commit: dict[str, Any] = {"operation": operation, "collection": "app.bsky.feed.post", "rkey": rkey}
    if operation != "delete":
        commit["record"] = {
            "createdAt": created,
            "text": "see",
            "facets": [
                {"features": [{"$type": "app.bsky.richtext.facet#link", "uri": "https://news.example/a"}]}
            ],
            "embed": {"$type": "app.bsky.embed.external", "external": {"uri": "https://news.example/a"}},
        }
    return json.dumps({"did": "did:plc:x", "time_us": 1762560012123456, "kind": "commit", "commit": commit})


def test_a_deleted_bluesky_post_is_not_read_and_a_lying_clock_is_corrected(tmp_path: Path) -> None:
    file = tmp_path / "stream.jsonl"
    lines = [
        jetstream("1"),
        jetstream("2"),
        jetstream("3", created="1999-01-01T00:00:00Z"),
        jetstream("2", "delete"),
    ]
    file.write_text("\n".join(lines), encoding="utf-8")
    export = read_export(file)
    assert export.frame["content_id"].str[-1].to_list() == ["1", "3"]
    assert export.frame["posted_at"].to_list() == [1762560012, 1762560012]
    assert to_shares(export)["object_id"].unique().tolist() == ["https://news.example/a"]
    assert sum(export.report.dropped.values()) == 2
