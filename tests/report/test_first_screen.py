"""The first screen tells the finding: every sentence is made from numbers, and they are those of the files."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import coordlib as cl
from coordlib.report import PostSet, Report, RunRecord
from coordlib.report.first_screen import day_banner, first_lines, more_lines, summary_facts
from coordlib.sources import read_day


def reported(
    posts: pd.DataFrame, truth: dict[str, str] | None = None, *, object_id: str = "text", **rule: Any
) -> Report:
    """What the daily notebook does."""
    shares = cl.prep_data(posts, object_id, timestamp_share="posted_at")
    pairs = cl.detect_groups(shares, 120, 2)
    rule["significance"] = cl.edge_significance(shares, pairs.attrs["time_window"])
    edges = cl.coordinated_edges(pairs, **rule)
    graph = cl.generate_coordinated_network(pairs, **rule, subgraph=1, objects=True)
    whole = cl.network_significance(shares, pairs, draws=19)
    day = PostSet("2025-10-30", "day", "d", "2025-10-30", posts, Path(), truth=truth or {})
    return cl.make_report(day, pairs, edges, graph, significance=rule["significance"], whole=whole)


@pytest.fixture(scope="module")
def days(shared: Path) -> dict[str, Report]:
    found = {}
    for name in ("2025-10-30", "2025-01-04"):
        posts = read_day(shared / "data" / "csbn" / name).posts
        assert posts is not None
        found[name] = reported(posts)
    return found


def test_a_day_whose_posts_have_no_such_object_is_no_result() -> None:
    run = {"outcome": "no-coordination", "object": "link", "counts": {"n_posts": 40, "n_without_object": 40}}
    said = day_banner(RunRecord(**run))
    assert "Nothing to compare." in said and "None of the 40 posts has any link." in said
    assert "a result, not a gap" not in said and "Only 0" not in said
    assert "a result, not a gap" in day_banner(
        RunRecord(**{**run, "counts": {"n_posts": 40, "n_without_object": 4}})
    )


def test_a_quiet_day_whose_collection_has_gaps_is_not_called_a_result() -> None:
    health = {"source": "api", "accounts": {"active": 9, "asked": 4, "left_over": 5}}
    run = {"outcome": "no-coordination", "counts": {"n_posts": 40}, "facts": {"health": health}}
    said = day_banner(RunRecord(**run))
    assert "The collection has gaps" in said and "analysed in full" in said
    assert "a result, not a gap" not in said


def test_the_way_to_how_it_was_counted_stands_in_the_first_line() -> None:
    said = day_banner(RunRecord(outcome="no-coordination", counts={"n_posts": 40}), "<a>how</a>")
    assert "<p><strong>No coordination found.</strong><a>how</a></p>" in said


def test_classes_are_counted_in_words_with_an_and_and_all_of_them_as_all() -> None:
    run = {"kind": "component", "outcome": "network", "counts": {"n_accounts": 8, "n_edges": 21}}
    run["evidence"] = {"kept": {"closed circle": 21}}
    assert "All 21 belong to a closed circle." in first_lines(RunRecord(**run))
    run["evidence"] = {"kept": {"closed circle": 18, "open": 1, "single episode": 2}}
    assert "18 belong to a closed circle, 1 is open and 2 met once." in first_lines(RunRecord(**run))


@pytest.mark.parametrize(
    ("new", "said"),
    [
        (0, "All accounts in networks were watched before."),
        (1, "1 of 3 accounts in networks was not watched before."),
    ],
)
def test_new_accounts_are_told_of_how_many(new: int, said: str) -> None:
    counts = {"n_accounts": 3, "n_networks": 1, "n_new_accounts": new}
    assert said in first_lines(RunRecord(outcome="network", counts=counts))


def test_other_settings_that_all_find_the_same_are_no_range() -> None:
    counts = {"n_accounts": 5, "n_networks": 1, "n_edges": 10, "n_edges_all": 10}
    others = {"least": 5, "most": 5, "tied": 14, "settings": 15, "narrowest": 30}
    run = {
        "outcome": "network",
        "counts": counts,
        "parameters": {"time_window": 120},
        "other_settings": others,
    }
    assert "Other settings: 5 accounts in networks too, with windows from 30 to 120 seconds" in day_banner(
        RunRecord(**run)
    )
    fewer = {**run, "other_settings": {**others, "least": 4, "most": 4}}
    assert "Other settings: 4 accounts in networks instead of 5, with" in day_banner(RunRecord(**fewer))


@pytest.mark.reference
def test_a_day_without_significant_pairs_says_so_and_on_what_the_heavy_ones_rest(
    days: dict[str, Report],
) -> None:
    first, second, third, subjects, weak, kept, *rest = first_lines(days["2025-10-30"].run)
    whole, *_ = more_lines(days["2025-10-30"].run)
    assert first == (
        "Nothing is beyond the crowd and there is no closed circle: of 2,717 pairs of accounts that posted the same "
        "captions within 120 seconds, none did so clearly more often than their own activity and the others around them explain."
    )
    assert second == (
        "19 pairs remain undecided: they posted the same captions together more often than their activity explains, but 8 only "
        "kept the pace of the others who posted them and 11 met too seldom, or among too few others, to tell."
    )
    assert third == (
        "The pairs that met most often join 174 of 1,306 accounts into 55 networks, 23–27 Oct 2025 (TikTok): 21 captions."
    )
    assert re.fullmatch(r"Words of the largest networks: .+ \(\d+ accounts\); .+; and \d+ more\.", subjects)
    assert weak == "Weak: each of the 180 pairs in networks rests on a single caption."
    assert kept == (
        "The weight keeps 180 of 1,946 pairs (256 of 2,717 with accounts of fewer than 2 posts): 8 kept the pace of the "
        "others, 9 are open, 3 repeat one caption too few times to decide, 133 met once and 27 are no more than activity "
        "and habits explain."
    )
    counts = days["2025-10-30"].run.counts
    assert (counts.n_significant, counts.n_undecided) == (0, 19)
    assert rest[0].startswith(
        "Other settings: 68 to 518 accounts in networks instead of 174, with windows from 30 to 120"
    )
    assert whole.startswith("As a whole the network")
    archived = days["2025-10-30"].run.model_copy(update={"facts": {"source": "archive", "n_errors": 3}})
    assert "Coverage: as the archive has it; its log names 3 errors." in first_lines(archived)


@pytest.mark.reference
def test_a_day_with_one_closed_circle_names_it_and_says_what_it_means(days: dict[str, Report]) -> None:
    report = days["2025-01-04"]
    first, meaning, undecided, _, where, *_ = first_lines(report.run)
    assert first.startswith(
        "There is one closed circle of 7 accounts (21 pairs); no pair is beyond the crowd, that is, closer together"
    )
    assert where == (
        "Of the 21 pairs in the closed circle, 18 are in network 1; the other 3 are in the table “Pairs that stand out”, their posts under Evidence."
    )
    assert (
        "An organised group and an audience that answers one source within about 120 seconds look exactly"
        in meaning
    )
    assert undecided.startswith("38 pairs remain undecided")
    circle = report.discovered[report.discovered["evidence"] == "closed circle"]
    assert len(circle) == 21 and circle["kept"].sum() == 18
    assert report.discovered["evidence"].tolist() == ["closed circle"] * 21 + ["open"] * 38
    network = report.networks.set_index("network").loc[1]
    assert network[["evidence", "n_significant", "n_undecided"]].tolist() == ["closed circle", 18, 0]
    assert set(report.accounts.loc[report.accounts["network"] == 1, "evidence"]) == {"closed circle"}
    assert int(report.accounts["n_significant"].sum()) == 2 * 18
    apart = report.discovered[~report.discovered["kept"]]
    ends = [frozenset(row) for row in report.discovered_pairs[["account_id", "account_id_y"]].to_numpy()]
    assert set(ends) == {frozenset(row) for row in apart[["account_id", "account_id_y"]].to_numpy()}
    assert len(ends) >= apart["weight"].sum(), "every pair of posts behind every pair that is no edge"
    assert (
        apart["group"].notna().all()
        and report.discovered.loc[report.discovered["kept"], "group"].isna().all()
    )
    assert (
        apart.loc[apart["evidence"] == "closed circle", "group"].max()
        < apart.loc[apart["evidence"] == "open", "group"].min()
    )
    alone = report.only(1)
    assert first_lines(alone.run)[0].startswith("There is one closed circle of 7 accounts (21 pairs)")
    assert "rule of" not in str(alone.classes) and "(18 pairs)" not in str(alone.classes)
    assert "closed circle (21 pairs)" in str(alone.classes)


@pytest.mark.reference
def test_the_first_screen_holds_no_verdict_no_p_value_and_no_markup_of_an_account(
    days: dict[str, Report],
) -> None:
    for report in days.values():
        text = day_banner(report.run)
        for word in ("not coordinated", "inauthentic", "p =", "p <", "p-value", "a group of"):
            assert word not in text
        assert re.sub(r"</?(div|p|strong|details|summary)\b[^<>]*>", "", text).count("<") == 0


@pytest.mark.reference
def test_the_class_rule_makes_the_network_and_its_words(shared: Path) -> None:
    posts = read_day(shared / "data" / "csbn" / "2025-01-04").posts
    assert posts is not None
    report = reported(posts, classes=["beyond the crowd", "closed circle"])
    assert (len(report.accounts), len(report.edges)) == (7, 21)
    lines = first_lines(report.run)
    kept = "The pairs of the classes kept (beyond the crowd, closed circle) join 7 of 1,811 accounts into 1 network"
    assert any(kept in line for line in lines)
    assert "kept (of the classes beyond the crowd, closed circle)" in str(report.summary)
    assert report.run.weight_threshold is None


def ring(accounts: int, captions: int) -> pd.DataFrame:
    from coordlib.posts import as_posts

    rows = [
        (f"{c}-{a}", f"ring{a}", 1_740_787_200 + 90_000 * c + 5 * a, f"caption {c}")
        for c in range(captions)
        for a in range(accounts)
    ]
    rows += [(f"x{n}", f"single{n}", 1_740_787_200 + 4_000 * n, f"own {n // 2}") for n in range(200)]
    return as_posts(pd.DataFrame(rows, columns=["content_id", "account_id", "posted_at", "text"]), "tiktok")


def test_where_the_heaviest_edges_tie_the_evidence_is_said_all_the_same() -> None:
    report = reported(ring(6, 8))
    assert report.run.outcome == "tied"
    banner = str(report.headline)
    assert "The threshold keeps no edge." in banner
    assert "There is one closed circle of 6 accounts (15 pairs)" in banner
    assert (
        "None of the 15 pairs in the closed circle is heavy enough for a network; look in the table" in banner
    )
    page = report.evidence().page or ""
    significant = report.discovered[report.discovered["evidence"] == "closed circle"]
    assert significant["group"].unique().tolist() == [1] and not significant["kept"].any()
    assert (
        'id="outside-1" data-file="evidence/outside-1.js"><summary>Outside the networks · closed circle · '
        in page
    )
    shown = report.discovered_pairs[report.discovered_pairs["group"] == 1]
    assert len(shown) == significant["weight"].sum() and shown["posted_at"].notna().all()
    first = significant.iloc[0]
    assert f'href="#outside-1/{first["account_id"]}/{first["account_id_y"]}"' in str(
        report.table("discovered").html
    )
    assert "Outside the networks" in report.evidence().html, "a notebook shows them too"


def test_on_a_simulated_day_the_page_says_what_is_planted() -> None:
    truth = {f"ring{a}": "planted-1" if a < 5 else "planted-2" for a in range(6)}
    report = reported(ring(6, 8), truth, min_weight=2)
    assert report.run.truth == {"significant": (10, 15), "undecided": (0, 0), "kept": (10, 15)}
    assert "10 of 15 significant pairs and 10 of 15 kept pairs join two accounts of one" in (
        str(report.headline)
    )


def test_a_record_without_tests_has_its_sentences_all_the_same() -> None:
    counts = {"n_accounts": 3, "n_post_accounts": 9, "n_networks": 1, "n_edges": 2}
    run = {"date": "2025-01-01", "outcome": "network", "counts": counts, "parameters": {"time_window": 60}}
    assert "The pairs that met most often join 3 of 9 accounts into 1 network" in day_banner(RunRecord(**run))


def test_what_is_not_plainly_the_same_is_explained_and_posts_without_it_are_counted() -> None:
    posts = ring(6, 8)
    posts["text"] = posts["text"].str.replace(
        r"^caption ([0-3])$", r"a caption of more than twenty letters", regex=True
    )
    run = reported(posts, object_id="near_text", min_weight=2).run
    same = first_lines(run)[1]
    assert same.startswith("The same near-copied caption is the same caption but for case")
    assert same.endswith("Only 24 of 248 posts take part: the others have no near-copied caption.")
    assert summary_facts(run)["Posts looked at"].endswith("; 224 have no near-copied caption")


def test_what_the_notebook_took_from_pairs_and_network_is_counted_in_words() -> None:
    posts = ring(4, 6)
    shares = cl.prep_data(posts, "text", timestamp_share="posted_at")
    pairs = cl.detect_groups(shares, 120, 1)
    cut = pairs[pairs["time_delta"] <= pairs["time_delta"].median()]
    edges = cl.coordinated_edges(cut, min_weight=1)
    graph = cl.generate_coordinated_network(cut, min_weight=1, subgraph=1, objects=True)
    graph.remove_edge(*next(iter(graph.edges)))
    day = PostSet("2025-10-30", "day", "d", "2025-10-30", posts, Path())
    run = cl.make_report(day, cut, edges, graph).run
    seconds, (n, m) = int(cut["time_delta"].max()), (len(edges), len(edges) - 1)
    said = (
        f"The notebook kept {len(cut)} of the {len(pairs)} pairs found within 120 seconds, at most {seconds} seconds apart.",
        f"The notebook kept {m} of the {n} edges over the threshold.",
    )
    told = summary_facts(run)
    assert told["Left out by the notebook"] == " ".join(said) and set(said) <= set(first_lines(run))
    assert told["Edges"].startswith(f"{n} of {n} edges") and f"within {seconds} seconds" in told["Pairs"]
    assert run.other_settings is None and run.parameters["time_window"] == 120
