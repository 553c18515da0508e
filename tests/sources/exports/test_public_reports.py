"""What people reported to tools of this kind, as small inputs: each would have been read wrongly or not at all."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from coordlib import prep_data, read_export
from coordlib.errors import EmptyInputError, FileFormatError, InputError
from coordlib.sources import to_shares
from coordlib.urls import links_in

HEAD = "id,username,date,text\n"


def shares_of(tmp_path: Path, texts: list[str]) -> pd.DataFrame:
    rows = "".join(f'{n},user{n},2026-01-02 10:00:{n:02d},"{text}"\n' for n, text in enumerate(texts))
    (tmp_path / "posts.csv").write_text(HEAD + rows, encoding="utf-8")
    return to_shares(read_export(tmp_path / "posts.csv"), object_id="link")


def test_marks_after_an_address_are_not_its_part(tmp_path: Path) -> None:
    """kevva/url-regex#42, zeit/hyperlinks#19."""
    link = "https://news.example/a"
    texts = [
        link,
        f"看 {link}。",
        f"«{link}»",
        f"“{link}”",
        f"{link}\u200f",
        f"{link}，好",
        f"{link}）",
        f"**{link}**",
        f"_{link}_",
        f"{link}😀",
        "HTTPS://NEWS.EXAMPLE/a",
        f"{link}&nbsp;x",
        f"({link})",
        f"({link}).",
        f"{link}?!",
    ]
    assert set(shares_of(tmp_path, texts)["object_id"]) == {link}


def test_an_address_the_text_cuts_is_none(tmp_path: Path) -> None:
    """gwu-libraries/social-feed-manager#311, DocNow/twarc#452: everybody who quotes anything was tied to everybody."""
    texts = [
        "RT @desk: words https://t…",
        "RT @other: words https://t…",
        "x https://news.example/first-part…",
        "see https://n.example/a",
    ]
    assert shares_of(tmp_path, texts)["object_id"].tolist() == ["https://n.example/a"]
    assert links_in("https://n.example/first... and https:// and https://n.example/first⋯") == []


@pytest.mark.parametrize(
    "text",
    [
        "https://t",
        "https://t.c",
        "https://t.co",
        "https://t.co/AbC",
        "https://news",
        "www.news.example/a",
        "news.example/a",
    ],
)
def test_a_beginning_of_an_address_and_a_name_without_a_scheme_are_none(text: str) -> None:
    """DocNow/twarc#452: a text cut at 140 characters keeps no ellipsis."""
    assert links_in(f"RT @desk: words {text}") == []
    assert links_in(f"{text} https://t.co/AbCdEf1234") == ["https://t.co/AbCdEf1234"]


@pytest.mark.parametrize(
    "mark",
    "؟،؛۔।॥。．、，！？；：”’»›“„」』】）〉》〕］｝·•—–→™®✅👉🏽️‼՞։׃״፡።។၊။༎¿¡",
)
def test_a_mark_of_any_script_ends_an_address(mark: str) -> None:
    """zeit/hyperlinks#19."""
    assert links_in(f"x https://news.example/a{mark} y") == ["https://news.example/a"]
    assert links_in(f"x https://news.example/a.{mark}") == ["https://news.example/a"]


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("https://e.example/wiki/Tea_(drink)", ["https://e.example/wiki/Tea_(drink)"]),
        ("(see https://e.example/wiki/Tea_(drink))", ["https://e.example/wiki/Tea_(drink)"]),
        ("https://e.example/?a=1&amp;b=2", ["https://e.example/?a=1&b=2"]),
        ("https://e.example/茶/a", ["https://e.example/茶/a"]),
        ("a https://e.example/a b https://e.example/a", ["https://e.example/a"]),
        ("https://e.example/?a=1&copy=2&reg=3", ["https://e.example/?a=1&copy=2&reg=3"]),
        ("https://ca.example/Col·lecció", ["https://ca.example/Col·lecció"]),
        (
            "https://web.archive.org/web/2020/https://e.example/a",
            ["https://web.archive.org/web/2020/https://e.example/a"],
        ),
        (
            "https://e.example/ahttps://e.example/b,https://e.example/c",
            ["https://e.example/a", "https://e.example/b", "https://e.example/c"],
        ),
        ("[text](https://e.example/a)", ["https://e.example/a"]),
        ("'https://e.example/a', 'https://e.example/b'", ["https://e.example/a", "https://e.example/b"]),
        ("https://fr.example/wiki/L'Eau", ["https://fr.example/wiki/L'Eau"]),
        ("‘https://fr.example/wiki/L’Eau’ y", ["https://fr.example/wiki/L’Eau"]),
        (
            "https://e.example/?x[]=1&y[k]=2 http://https://e.example/a",
            ["https://e.example/?x[]=1&y[k]=2", "https://e.example/a"],
        ),
        ("https://пример.рф/a http://10.0.0.1:8080/a", ["https://пример.рф/a", "http://10.0.0.1:8080/a"]),
    ],
)
def test_what_belongs_to_an_address_stays(text: str, links: list[str]) -> None:
    assert links_in(text) == links


def test_lists_written_as_python_text_are_lists_and_an_empty_one_is_nothing(tmp_path: Path) -> None:
    """QUT-Digital-Observatory/coordination-network-toolkit#42: '[]' was the most shared address."""
    head = "message_id,user_id,username,repost_id,reply_id,message,timestamp,urls\n"
    rows = [
        """1,1,a,,,w,1767348000.5,"['https://n.example/0', 'https://n.example/1']"\n""",
        "2,2,b,,,w,1767348001.5,[]\n",
        "3,3,c,,,w,1767348002.5,https://n.example/0 https://n.example/2\n",
    ]
    (tmp_path / "m.csv").write_text(head + "".join(rows), encoding="utf-8")
    found = to_shares(read_export(tmp_path / "m.csv"))
    assert found["object_id"].tolist() == [f"https://n.example/{n}" for n in (0, 1, 0, 2)]


@pytest.mark.parametrize(
    ("cell", "links"),
    [
        ('["https:\\/\\/n.example\\/a", null]', "a"),
        ("https://n.example/a|https://n.example/b", "a b"),
        ("https://n.example/a;https://n.example/b, ", "a b"),
        ("https://n.example/a, https://n.example/b", "a b"),
        ("{'https://n.example/a', 'https://n.example/b'}", "a b"),
        ("('https://n.example/a',)", "a"),
        ("{https://n.example/a,https://n.example/b}", "a b"),
        ('c("https://n.example/a", "https://n.example/b")', "a b"),
        ("[{'url': 'https://t.co/abcdefghij', 'expanded_url': 'https://n.example/a'}]", "a"),
        ("https://n.example/a,b;c=1", "a,b;c=1"),
        ("https://n.example/a_(b)", "a_(b)"),
        *((nothing, "") for nothing in ("set()", "character(0)", "\\N", "[None]", "{}")),
    ],
)
def test_a_list_of_addresses_is_read_whoever_wrote_it(cell: str, links: str, tmp_path: Path) -> None:
    """QUT-Digital-Observatory/coordination-network-toolkit#42, and how JSON, R, databases and people write the same."""
    table = pd.DataFrame(
        {
            "message_id": ["1", "2"],
            "user_id": "1",
            "timestamp": "1767348000",
            "message": "w",
            "urls": [cell, "https://n.example/z"],
        }
    )
    table.to_csv(tmp_path / "m.csv", index=False)
    found = to_shares(read_export(tmp_path / "m.csv"))
    assert found["object_id"].tolist() == [f"https://n.example/{page}" for page in [*links.split(), "z"]]


def test_the_last_cell_of_a_broken_row_is_half_a_caption(tmp_path: Path) -> None:
    rows = "1,ann,2026-01-02 10:00:00,tea and\ncake\nand more\n2,bob,2026-01-02 10:00:05,tea\n3,cid\n"
    (tmp_path / "posts.csv").write_text(HEAD + rows + "4,dan,2026-01-02 10:00:05,tea\n", encoding="utf-8")
    export = read_export(tmp_path / "posts.csv")
    assert export.frame["account_id"].tolist() == ["bob", "dan"]
    assert export.report.dropped == {"a damaged line, such as line 2": 3, "no time": 1}


def test_two_tables_glued_with_their_columns_in_another_order_are_refused(tmp_path: Path) -> None:
    """CodeCabin/wp-google-maps#394: the account would be the post."""
    rows = "1,ann,2026-01-02 10:00:00,tea\nusername,id,date,text\nbob,2,2026-01-02 10:00:05,tea\n"
    (tmp_path / "posts.csv").write_text(HEAD + rows, encoding="utf-8")
    with pytest.raises(FileFormatError, match=r"row 2: another header begins here"):
        read_export(tmp_path / "posts.csv")


def test_a_comma_without_quotes_is_no_row_name(tmp_path: Path) -> None:
    rows = "1,ann,2026-01-02 10:00:00,tea, cake\n2,bob,2026-01-02 10:00:05,tea\n"
    (tmp_path / "posts.csv").write_text(HEAD + rows, encoding="utf-8")
    with pytest.raises(FileFormatError, match=r"line 2: has 5 cells, the header has 4; a cell with a comma"):
        read_export(tmp_path / "posts.csv")


@pytest.mark.parametrize("note", ["", "SEP=|\n"])
def test_a_table_may_be_separated_by_bars(note: str, tmp_path: Path) -> None:
    (tmp_path / "posts.csv").write_text(
        f"{note}id|username|date|text\n1|ann|2026-01-02 10:00:00|a, b\n", encoding="utf-8"
    )
    assert to_shares(read_export(tmp_path / "posts.csv"))["object_id"].tolist() == ["a, b"]


def tweet(number: int) -> str:
    return json.dumps(
        {
            "id": str(10**17 + number),
            "author_id": str(number % 3),
            "created_at": "2026-01-02T10:00:00.000Z",
            "text": f"tea {number}",
            "conversation_id": "1",
        }
    )


def test_one_damaged_line_among_many_is_left_out_and_counted(tmp_path: Path) -> None:
    """DocNow/twarc#181, computermacgyver/twitter-python#4: the stream cannot be asked again."""
    lines = [tweet(n) for n in range(300)]
    lines[150] = lines[150][:40]
    (tmp_path / "t.jsonl").write_text("\n".join(lines), encoding="utf-8")
    report = read_export(tmp_path / "t.jsonl").report
    assert (report.rows, report.posts) == (300, 299)
    assert report.dropped == {"a damaged line, such as line 151": 1}


def test_a_file_with_many_damaged_lines_is_refused(tmp_path: Path) -> None:
    lines = [tweet(n) if n % 3 else "{cut" for n in range(60)]
    (tmp_path / "t.jsonl").write_text("\n".join([tweet(1), *lines]), encoding="utf-8")
    with pytest.raises(FileFormatError, match="is not JSON"):
        read_export(tmp_path / "t.jsonl")


def test_the_csv_of_twarc_gives_the_retweets_of_its_json(tmp_path: Path) -> None:
    """DocNow/twarc-csv#33: retweets stand in a column of their own; Twitter's own links are no link sharing."""
    head = "id,author_id,created_at,text,referenced_tweets.retweeted.id,entities.urls,__twarc.version\n"
    urls = '"[{""url"": ""https://t.co/a"", ""expanded_url"": ""https://%s""}]"'
    rows = [
        f"{n},9{n},2026-01-02T10:00:0{n}.000Z,RT @d: x,1700,{urls % site},2\n"
        for n, site in enumerate(["n.example/1", "twitter.com/d/status/1", "mobile.x.com/d"])
    ]
    (tmp_path / "t.csv").write_text(head + "".join(rows), encoding="utf-8")
    export = read_export(tmp_path / "t.csv")
    assert to_shares(export)["object_id"].tolist() == ["1700"] * 3
    assert to_shares(export, object_id="link")["object_id"].tolist() == ["https://n.example/1"]
    assert to_shares(export, object_id="cotweet").empty


def test_copied_replies_are_one_object(tmp_path: Path) -> None:
    """QUT-Digital-Observatory/coordination-network-toolkit#11."""
    tweets = [json.loads(tweet(n)) | {"text": f"@user{n} the tea is ready"} for n in range(3)]
    (tmp_path / "t.json").write_text(json.dumps({"data": tweets}), encoding="utf-8")
    assert (
        to_shares(read_export(tmp_path / "t.json"), object_id="cotweet")["object_id"].tolist()
        == ["the tea is ready"] * 3
    )


def test_the_text_in_pictures_and_thankful_reactions_of_crowdtangle(tmp_path: Path) -> None:
    """fabiogiglietto/CooRnet_ImgTxt#1."""
    head = "platformId,date,imageText,account.url,link,statistics.actual.thankfulCount\n"
    (tmp_path / "m.csv").write_text(
        head + "1,2026-01-02 10:00:00,words,https://f.example/1,,4\n", encoding="utf-8"
    )
    export = read_export(tmp_path / "m.csv")
    assert to_shares(export, object_id="image_text")["object_id"].tolist() == ["words"]
    assert export.frame["reactions"].tolist() == [4]


@pytest.mark.parametrize("tags", [["TeaTime", "#teatime", "TEATIME"], ["café", "cafe\u0301", "CAFÉ"]])
def test_a_hashtag_is_one_in_every_spelling_and_format(tmp_path: Path, tags: list[str]) -> None:
    """mastodon/mastodon#18031, mastodon/mastodon#26525."""
    rows = "".join(f"{n},{n},{1767348000 + n},u{n},x,{tag}\n" for n, tag in enumerate(tags))
    (tmp_path / "a.csv").write_text("id,thread_id,unix_timestamp,author,body,tags\n" + rows, encoding="utf-8")
    tweets = [json.loads(tweet(n)) | {"entities": {"hashtags": [{"tag": tag}]}} for n, tag in enumerate(tags)]
    (tmp_path / "b.json").write_text(json.dumps({"data": tweets}), encoding="utf-8")
    found = {
        item
        for name in ("a.csv", "b.json")
        for item in to_shares(read_export(tmp_path / name), object_id="hashtag")["object_id"]
    }
    assert len(found) == 1


def test_one_answer_a_line_and_pages_without_posts(tmp_path: Path) -> None:
    """DocNow/twarc#546."""
    lines = [
        '{"errors": [{"detail": "gone"}]}',
        f'{{"data": {tweet(1)}, "matching_rules": []}}',
        '{"meta": {"result_count": 0}}',
    ]
    (tmp_path / "t.jsonl").write_text("\n".join(lines), encoding="utf-8")
    assert read_export(tmp_path / "t.jsonl").report.posts == 1
    (tmp_path / "t.jsonl").write_text(lines[-1], encoding="utf-8")
    with pytest.raises(EmptyInputError, match="holds no records"):
        read_export(tmp_path / "t.jsonl")


def test_loose_json_of_gdelt_is_read(tmp_path: Path) -> None:
    article = (
        r'{"url": "https://n.example/1", "title": "It\'s' + "\x01" + r' tea", "seendate": "20240503T101500Z"}'
    )
    (tmp_path / "g.json").write_text('{"articles": [' + article + "]}", encoding="utf-8")
    assert read_export(tmp_path / "g.json").frame["title"].tolist() == ["It's\x01 tea"]


def test_missing_is_missing_and_a_name_is_a_name(tmp_path: Path) -> None:
    """pandas-dev/pandas#55032, #24681: an account may be called NA; where R wrote the row, NA is missing; NaN in JSON always is."""
    (tmp_path / "a.csv").write_text(
        HEAD + "1,NA,2026-01-02,tea\n2,null,2026-01-02,tea\n3,NA,2026-01-02,NA\n", encoding="utf-8"
    )
    assert read_export(tmp_path / "a.csv").frame["account_id"].tolist() == ["NA", "null"]
    record = '{"id": "%d", "username": %s, "date": "2026-01-02", "text": "x"}\n'
    (tmp_path / "b.jsonl").write_text(record % (1, "NaN") + record % (2, '"b"'), encoding="utf-8")
    assert read_export(tmp_path / "b.jsonl").frame["account_id"].tolist() == ["b"]


def test_half_a_caption_is_no_caption(tmp_path: Path) -> None:
    rows = "1,a,2026-01-02,half a\ncaption,https://u\n2,b,2026-01-02,whole,https://v\n3,c,2026-01-02,short\n4,d,2026-01-02,x,\n"
    (tmp_path / "a.csv").write_text(HEAD.strip() + ",url\n" + rows, encoding="utf-8")
    report = read_export(tmp_path / "a.csv").report
    assert (report.posts, report.dropped) == (3, {"a damaged line, such as line 2": 2})


@pytest.mark.parametrize("name", ["double.csv", "double.parquet"])
def test_a_column_that_is_there_twice_is_refused(tmp_path: Path, name: str) -> None:
    columns = ["id", "username", "username", "date", "text"]
    table = pa.table([pa.array([value]) for value in ("1", "a", "b", "2026-01-02", "x")], names=columns)
    (tmp_path / "double.csv").write_text(",".join(columns) + "\n1,a,b,2026-01-02,x\n", encoding="utf-8")
    pq.write_table(table, tmp_path / "double.parquet")
    with pytest.raises(FileFormatError, match="more than one column is named 'username'"):
        read_export(tmp_path / name)


def test_a_second_header_with_its_byte_order_mark_is_named(tmp_path: Path) -> None:
    """CodeCabin/wp-google-maps#394."""
    (tmp_path / "a.csv").write_text(
        f"\ufeff{HEAD}1,a,2026-01-02,x\n\ufeff{HEAD}2,b,2026-01-02,x\n", encoding="utf-8"
    )
    assert read_export(tmp_path / "a.csv").report.dropped == {"the header line, repeated inside the file": 1}


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("deep.json", '[{"id": "1", "text": ' + "[" * 200_000 + "]" * 200_000 + "}]", "nested too deeply"),
        ("packed.csv.gz", HEAD + "1,a,2026-01-02," + "x" * 150_000_000, "unpacks to more than 200 times"),
    ],
)
def test_a_bomb_is_refused_in_one_line(tmp_path: Path, name: str, text: str, message: str) -> None:
    data = text.encode()
    (tmp_path / name).write_bytes(gzip.compress(data, 1) if name.endswith("gz") else data)
    with pytest.raises(FileFormatError, match=message) as refused:
        read_export(tmp_path / name)
    assert "\n" not in str(refused.value) and len(str(refused.value)) < 400


def test_what_is_only_large_is_read(tmp_path: Path) -> None:
    columns = ",".join(f"c{n}" for n in range(2_000))
    rows = f"1,a,2026-01-02,{'x' * 1_000_000}{',' * 2_000}\n2,b,2026-01-02,{'[' * 50_000}{',' * 2_000}\n"
    (tmp_path / "a.csv").write_text(f"{HEAD.strip()},{columns}\n{rows}", encoding="utf-8")
    assert read_export(tmp_path / "a.csv").report.posts == 2


@pytest.mark.parametrize(
    "ids",
    [
        [f"75834861716700{n}0000" for n in range(3)],
        [f"758348617167000{n}000.0" for n in range(3)],
        ["1E+18", "2E+18", "3E+18"],
        pd.Series([1.7e7, 3e7, 5e7], dtype="float32"),
        [7.5e18, 7.6e18, 7.7e18],
    ],
)
def test_rounded_ids_are_refused_whatever_they_are_held_in(ids: list[object]) -> None:
    """twintproject/twint#355: accounts and posts, text and numbers."""
    for column, other in (("account_id", "content_id"), ("content_id", "account_id")):
        frame = pd.DataFrame(
            {column: ids, other: ["a", "b", "c"], "object_id": "x", "timestamp_share": 1767348000}
        )
        with pytest.raises(InputError, match=column):
            prep_data(frame)


def test_a_number_with_a_point_is_the_same_account(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(HEAD + "1,100.0,2026-01-02,x\n2,100,2026-01-02,x\n", encoding="utf-8")
    assert read_export(tmp_path / "a.csv").frame["account_id"].tolist() == ["100", "100"]


@pytest.mark.parametrize("key", ["posts", "messages", "tweets", "records"])
def test_a_list_under_a_key_is_read_whatever_the_key(tmp_path: Path, key: str) -> None:
    post = {"id": "1", "username": "a", "date": "2026-01-02", "text": "x"}
    (tmp_path / "a.json").write_text(json.dumps({"name": "chat", key: [post, {**post, "id": "2"}]}))
    assert read_export(tmp_path / "a.json").report.posts == 2


def test_a_list_of_pages_is_read_like_lines_of_pages(tmp_path: Path) -> None:
    tweet = {"id": "1", "author_id": "9", "text": "x", "created_at": "2026-01-02T10:00:00.000Z"}
    pages = [{"data": [tweet], "meta": {}}, {"data": {**tweet, "id": "2"}}, {"errors": [], "meta": {}}]
    (tmp_path / "a.json").write_text(json.dumps(pages))
    assert read_export(tmp_path / "a.json").report.posts == 2


@pytest.mark.parametrize("shape", ["rows", "result.data.posts", "data.tweets"])
def test_a_list_of_records_is_found_under_any_one_key(shape: str, tmp_path: Path) -> None:
    answer: object = [json.loads(tweet(n)) for n in range(3)]
    for key in reversed(shape.split(".")):
        answer = {key: answer}
    (tmp_path / "t.json").write_text(json.dumps(answer, indent=1), encoding="utf-8")
    assert len(read_export(tmp_path / "t.json").frame) == 3


def test_a_stream_may_begin_within_a_line_and_pages_without_posts_are_counted(tmp_path: Path) -> None:
    """DocNow/twarc#181, DocNow/twarc#546."""
    errors = json.dumps({"errors": [{"title": "Not Found"}], "meta": {"result_count": 0}})
    lines = [tweet(0)[20:], *map(tweet, range(1, 5)), errors]
    (tmp_path / "t.jsonl").write_text("\n".join(lines), encoding="utf-8")
    export = read_export(tmp_path / "t.jsonl")
    assert len(export.frame) == 4
    assert export.report.dropped == {
        "a damaged line, such as line 1": 1,
        "a page without posts (errors, or nothing found), such as line 6": 1,
    }


def test_an_answer_that_found_nothing_holds_no_records(tmp_path: Path) -> None:
    (tmp_path / "g.json").write_text("{}", encoding="utf-8")
    with pytest.raises(EmptyInputError, match="holds no records"):
        read_export(tmp_path / "g.json")
