"""One address for one page: where our rules differ from CooRnet's, and why."""

from __future__ import annotations

import socket

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coordlib.errors import MissingColumnError, ParameterError
from coordlib.urls import clean_url, clean_url_coornet, clean_urls, full_domain, parent_domain

#: address, what we make of it, what CooRnet makes of it
DIFFERENT = {
    "a parameter whose name only begins like a tracking one": (
        "https://a.com/x?reference=5",
        "https://a.com/x?reference=5",
        "https://a.com/x",
    ),
    "brackets belong to the address": ("https://a.com/x_(y)", "https://a.com/x_(y)", "https://a.com/x_(y"),
    "names of parameters have no case": (
        "https://a.com/x?UTM_source=1",
        "https://a.com/x",
        "https://a.com/x?UTM_source=1",
    ),
    "a parameter after a tracking one is kept": (
        "https://a.com/x?ref=b&id=5",
        "https://a.com/x?id=5",
        "https://a.com/x",
    ),
    "the order of parameters says nothing": (
        "https://a.com/x?b=1&a=2",
        "https://a.com/x?a=2&b=1",
        "https://a.com/x?b=1&a=2",
    ),
    "a host has no case": ("https://A.com/X", "https://a.com/X", "https://A.com/X"),
    "the usual port says nothing": ("https://a.com:443/x", "https://a.com/x", "https://a.com:443/x"),
    "a fragment is a place on the same page": (
        "https://a.com/p#part",
        "https://a.com/p",
        "https://a.com/p#part",
    ),
    "a forum's thread is a page of its own": (
        "https://a.com/t?tid=77",
        "https://a.com/t?tid=77",
        "https://a.com/t",
    ),
    "an address inside a parameter is not the page": (
        "https://a.com/x?via=http://b.com",
        "https://a.com/x?via=http%3A%2F%2Fb.com",
        "http://b.com",
    ),
    "the result is an address that works": (
        "https://a.com/a%20b",
        "https://a.com/a%20b",
        "https://a.com/a b",
    ),
    "YouTube's forms are one video": (
        "https://www.youtube.com/shorts/abc123def45",
        "https://www.youtube.com/watch?v=abc123def45",
        "https://www.youtube.com/shorts/abc123def45",
    ),
    "a link page gives way to what it links to": (
        "https://l.facebook.com/l.php?u=https%3A%2F%2Fa.com%2Fx%3Ffbclid%3D1&h=z",
        "https://a.com/x",
        "https://a.com/x?fbclid=1&h=z",
    ),
    "a search result is its target": (
        "https://www.google.com/url?sa=t&source=web&url=https://a.com/x",
        "https://a.com/x",
        None,
    ),
    "a front page is no article": ("https://www.youtube.com/", None, "https://www.youtube.com"),
    "a truncated address may end in one character": ("https://a.com/long…", None, "https://a.com/long…"),
}
SAME = {
    "https://a.com/x?utm_source=1": "https://a.com/x",
    "https://a.com/x?a=1&fbclid=2": "https://a.com/x?a=1",
    "https://a.com/x/": "https://a.com/x",
    "foo https://b.com/y": "https://b.com/y",
    "https://youtu.be/abc123": "https://www.youtube.com/watch?v=abc123",
    "https://m.youtube.com/watch?v=abc&t=5": "https://www.youtube.com/watch?v=abc",
    "http://web.archive.org/web/2020/https://c.com/z": "https://c.com/z",
    "https://t.me/joinchat": None,
    "https://a.com/x...": None,
    "ftp://x.com": None,
    "no address": None,
}


@pytest.mark.parametrize("why", DIFFERENT)
def test_our_rules_and_the_original_s_differ(why: str):
    url, ours, theirs = DIFFERENT[why]
    assert clean_url(url) == ours
    assert clean_url_coornet(url) == theirs


@pytest.mark.parametrize("url", SAME)
def test_our_rules_and_the_original_s_agree(url: str):
    assert clean_url(url) == clean_url_coornet(url) == SAME[url]


@given(st.text(alphabet=st.sampled_from("ab/?#&=%.:[]@é \u202e\x00httpswu1_"), max_size=40))
@settings(max_examples=300, deadline=None)
def test_cleaning_a_clean_address_changes_nothing_and_no_text_breaks_it(text: str):
    cleaned = clean_url("https://a.com/" + text)
    assert cleaned is None or clean_url(cleaned) == cleaned


@pytest.mark.parametrize(
    "url", ["http://[bad/x", "https://a.com:port/", "https://", "https:///x", "https://a b.com/x"]
)
def test_what_only_looks_like_an_address_is_dropped(url: str):
    assert clean_url(url) is None


def test_rows_keep_their_order_and_index_and_those_without_a_page_go():
    table = pd.DataFrame(
        {"link": ["https://b.com/x/", None, "https://t.me/joinchat", "https://a.com/y?fbclid=1"]}
    )
    cleaned = clean_urls(table, "link")
    assert cleaned["link"].to_dict() == {0: "https://b.com/x", 3: "https://a.com/y"}


def test_a_wrong_column_or_mode_is_refused():
    with pytest.raises(MissingColumnError, match="expanded"):
        clean_urls(pd.DataFrame({"url": []}))
    with pytest.raises(ParameterError, match="compat = 'R'"):
        clean_urls(pd.DataFrame({"expanded": ["u"]}), compat="R")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("url", "full", "parent"),
    [
        ("https://www.news.co.uk/a", "www.news.co.uk", "news.co.uk"),
        ("https://one.blogspot.com/a", "one.blogspot.com", "one.blogspot.com"),
        ("https://User:pw@Video.News.de:8080?x", "video.news.de", "news.de"),
        ("https://www.news.example/a", "www.news.example", "news.example"),
        ("http://10.0.0.1/a", "10.0.0.1", "10.0.0.1"),
        ("http://localhost/a", "localhost", "localhost"),
    ],
)
def test_full_and_parent_domains(url: str, full: str, parent: str):
    assert full_domain(url) == full
    assert parent_domain(full) == parent


def test_a_host_without_a_suffix_is_named_as_the_original_names_it():
    assert parent_domain("localhost", compat="coornet") == "NA.NA"


def test_domains_need_no_network(monkeypatch: pytest.MonkeyPatch):
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", refuse)
    parent_domain.cache_clear()
    assert parent_domain("a.b.gov.au") == "b.gov.au"
