"""The evidence of a report: every pair of posts behind every edge, in small files beside the page."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd

from coordlib.report import EvidenceView

HOSTILE = "</script><script>window.pwned=1</script>\u2028 __proto__"


def tables(n_networks: int = 3, size: int = 4) -> dict[str, pd.DataFrame]:
    """Networks in which everybody posts two captions, a few seconds after everybody before."""
    pairs = []
    for network in range(1, n_networks + 1):
        for first in range(size):
            for second in range(first + 1, size):
                for place, caption in enumerate((f"caption {network}", HOSTILE)):
                    start = 1_700_000_000 + place * 86_400
                    ends = [f"n{network}_{who}" for who in (first, second)]
                    pairs.append(
                        {
                            "object_id": caption,
                            "account_id": ends[0],
                            "account_id_y": ends[1],
                            "content_id": f"{ends[0]}-{place}",
                            "content_id_y": f"{ends[1]}-{place}",
                            "time_delta": 4 * (second - first),
                            "network": network,
                            "posted_at": start + 4 * first,
                            "posted_at_y": start + 4 * second,
                            "url": f"https://x.example/{ends[0]}-{place}",
                            "url_y": "javascript:window.pwned=1",
                        }
                    )
    frame = pd.DataFrame(pairs)
    edges = frame.groupby(["account_id", "account_id_y", "network"]).size().rename("weight").reset_index()
    edges["edge_symmetry_score"] = 0.5
    names = sorted(set(frame["account_id"]) | set(frame["account_id_y"]))
    accounts = pd.DataFrame({"account_id": names, "url": [f"https://x.example/@{name}" for name in names]})
    posts = pd.DataFrame({"content_id": frame["content_id"].unique()}).assign(text="a text of its own")
    return {"accounts": accounts, "posts": posts, "pairs": frame, "edges": edges}


def view_of(given: dict[str, pd.DataFrame]) -> EvidenceView:
    return EvidenceView(
        given["accounts"], given["posts"], given["pairs"], given["edges"], word="caption", time_window=60
    )


def networks(folder: Path) -> list[dict]:
    """What the files of a folder hand over."""
    found = []
    for path in sorted((folder / "evidence").iterdir()):
        text = path.read_text(encoding="utf-8").strip()
        assert text.startswith("coordlibEvidence(") and text.endswith(");")
        found += json.loads(text.removeprefix("coordlibEvidence(").removesuffix(");"))
    return sorted(found, key=lambda network: network["network"])


def test_every_pair_of_every_edge_is_in_the_files(tmp_path: Path) -> None:
    given = tables()
    view_of(given).write(tmp_path)
    read = set()
    for network in networks(tmp_path):
        for a, b, _, rows in network["edges"]:
            for place in range(0, len(rows), 4):
                thing, first, second, apart = rows[place : place + 4]
                posts = [network["posts"][post] for post in (first, second)]
                assert {posts[0][0], posts[1][0]} == {a, b}
                assert posts[1][1] - posts[0][1] == apart
                names = [network["accounts"][post[0]][0] for post in posts]
                read.add((network["network"], network["objects"][thing], *names, posts[0][2], posts[1][2]))
    columns = ["network", "object_id", "account_id", "account_id_y", "content_id", "content_id_y"]
    assert read == set(given["pairs"][columns].itertuples(index=False, name=None))


def test_the_files_are_the_same_whatever_the_order_of_the_rows(tmp_path: Path) -> None:
    given = tables()
    turned = {name: table.iloc[::-1].reset_index(drop=True) for name, table in given.items()}
    assert view_of(given).files == view_of(turned).files
    assert view_of(given).page == view_of(turned).page


def test_what_accounts_wrote_cannot_leave_the_file_or_the_page(tmp_path: Path) -> None:
    view = view_of(tables())
    view.write(tmp_path)
    assert all("<" not in text and "\u2028" not in text for text in view.files.values())
    assert "<script" not in view.html and "&lt;script&gt;" in view.html
    assert "javascript:" not in "".join(view.files.values()) + view.html


def test_small_networks_share_a_file_and_a_large_one_has_its_own() -> None:
    assert list(view_of(tables(3)).files) == ["1.js"]
    assert len(view_of(tables(2, size=45)).files) == 2


def test_the_page_has_one_line_a_network_that_names_its_file() -> None:
    page = view_of(tables()).page or ""
    assert page.count("<details") == 3
    assert (
        'id="network-2" data-file="evidence/1.js"><summary>Network 2 · 4 accounts · 2 captions · 8 posts · median 6 s'
        in page
    )
    assert 'data-window="60"' in page and 'href="pairs.csv"' in page


def test_in_a_notebook_the_first_networks_are_there_whole_and_the_rest_is_counted() -> None:
    html = view_of(tables(30)).html
    assert html.count("<details") == 25
    assert "n1_0 ↔ n1_1: 2 pairs" in html
    assert "2023-11-14 22:13:24</a> (+4 s)" in html
    assert "(+86,4" not in html, "seconds count from the first post of a burst, not of another day"
    assert "Showing 25 of 30 networks" in html and "pairs.csv" in html


def test_what_is_known_about_an_edge_stands_beside_it(tmp_path: Path) -> None:
    given = tables(1)
    given["edges"] = given["edges"].assign(q_value=0.0123456, evidence="beyond the crowd")
    view_of(given).write(tmp_path)
    facts = networks(tmp_path)[0]["edges"][0][2]
    assert facts == [["evidence", "beyond the crowd"], ["q-value", "0.012"], ["symmetry", "0.5"]]


def test_without_a_network_there_is_a_sentence_and_no_folder(tmp_path: Path) -> None:
    given = {name: table.head(0) for name, table in tables().items()}
    view = view_of(given)
    view.write(tmp_path)
    assert "There is no network" in view.html
    assert not (tmp_path / "evidence").exists()


def test_pairs_outside_the_networks_come_after_them_with_their_class_and_their_own_file(
    tmp_path: Path,
) -> None:
    given, other = tables(1), tables(1)
    outside = other["pairs"].replace({"n1_0": HOSTILE}).rename(columns={"network": "group"})
    found = (
        other["edges"]
        .replace({"n1_0": HOSTILE})
        .rename(columns={"network": "group"})
        .assign(evidence="closed circle")
    )
    some = [given[name] for name in ("accounts", "posts", "pairs", "edges")]
    view = EvidenceView(*some, outside=outside, discovered=found)
    page = view.page or ""
    assert page.index('id="network-1"') < page.index('id="outside-1"')
    line = "Outside the networks · closed circle · 4 accounts · 2 captions · 8 posts · median 6 s"
    assert line in page and line in view.html
    assert 'href="discovered_pairs.csv" download>discovered_pairs.csv' in page
    assert "<script" not in page and "<" not in "".join(view.files.values())
    inside = EvidenceView(*some, outside=outside.assign(network=2), discovered=found).page or ""
    assert "<summary>In network 2, but none of its edges · closed circle · 4 accounts" in inside
    none = [table.head(0) for table in some]
    alone = EvidenceView(*none, outside=outside, discovered=found)
    assert list(alone.files) == ["outside-1.js"] and "There is no network" not in (alone.page or "")
    assert "no pairs of posts are here" not in page + inside


def test_groups_whose_accounts_post_too_little_for_pairs_are_counted() -> None:
    given = tables(1)
    some = [given[name] for name in ("accounts", "posts", "pairs", "edges")]
    found = given["edges"].rename(columns={"network": "group"}).assign(evidence="closed circle")
    outside = given["pairs"].rename(columns={"network": "group"}).head(0)
    view = EvidenceView(*some, outside=outside, discovered=found)
    said = "1 group of pairs that stand out: no pairs of posts are here, since their accounts have fewer posts than min_participation"
    assert said in view.html and said in (view.page or "")


def test_a_sample_says_of_how_many_pairs_it_is() -> None:
    given = tables()
    view = EvidenceView(*(given[name] for name in ("accounts", "posts", "pairs", "edges")), of_pairs=460_000)
    assert view.html.count("36 of 460,000 pairs of posts, of every edge its closest first") == 1
    assert "of 460,000" not in view_of(given).html
