"""What people reported to tools of this kind, as small inputs: each would have been read wrongly or not at all."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from coordlib.errors import FileFormatError
from coordlib.sources.exports import read_export, to_shares
from coordlib.urls import links_in

HEAD = "id,username,date,text\n"


def shares_of(tmp_path: Path, texts: list[str]) -> pd.DataFrame:
    rows = "".join(f'{n},user{n},2026-01-02 10:00:{n:02d},"{text}"\n' for n, text in enumerate(texts))
    (tmp_path / "posts.csv").write_text(HEAD + rows, encoding="utf-8")
    return to_shares(read_export(tmp_path / "posts.csv"), object="link")


def test_marks_after_an_address_are_not_its_part(tmp_path: Path) -> None:
    """kevva/url-regex#42, zeit/hyperlinks#19."""
    link = "https://news.example/a"
    texts = [link, f"看 {link}。", f"«{link}»", f"“{link}”", f"{link}\u200f", f"{link}，好", f"{link}）", f"**{link}**", f"_{link}_",
             f"{link}😀", "HTTPS://NEWS.EXAMPLE/a", f"{link}&nbsp;x", f"({link})", f"({link}).", f"{link}?!"]  # fmt: skip
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
        ("https://пример.рф/a http://10.0.0.1:8080/a", ["https://пример.рф/a", "http://10.0.0.1:8080/a"]),
    ],
)
def test_what_belongs_to_an_address_stays(text: str, links: list[str]) -> None:
    assert links_in(text) == links


def test_lists_written_as_python_text_are_lists_and_an_empty_one_is_nothing(tmp_path: Path) -> None:
    """QUT-Digital-Observatory/coordination-network-toolkit#42: '[]' was the most shared address."""
    head = "message_id,user_id,username,repost_id,reply_id,message,timestamp,urls\n"
    rows = ["""1,1,a,,,w,1767348000.5,"['https://n.example/0', 'https://n.example/1']"\n""", "2,2,b,,,w,1767348001.5,[]\n",
            "3,3,c,,,w,1767348002.5,https://n.example/0 https://n.example/2\n"]  # fmt: skip
    (tmp_path / "m.csv").write_text(head + "".join(rows), encoding="utf-8")
    found = to_shares(read_export(tmp_path / "m.csv"))
    assert found["object_id"].tolist() == [f"https://n.example/{n}" for n in (0, 1, 0, 2)]


def tweet(number: int) -> str:
    return json.dumps({
        "id": str(10**17 + number), "author_id": str(number % 3), "created_at": "2026-01-02T10:00:00.000Z", "text": f"tea {number}",
        "conversation_id": "1",
    })  # fmt: skip


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
