"""Edges can be kept by what they are evidence of; the reference view stays what it was."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import get_args

import networkx as nx
import numpy as np
import pandas as pd
import pytest

import coordlib as cl
from coordlib.cli import main
from coordlib.detect.edges import EVIDENCE_COLUMNS
from coordlib.errors import MissingColumnError, ParameterError
from coordlib.parameters import ComponentAnalysis, DailyMonitoring, EvidenceClass, EvidenceRule
from coordlib.report.graphml import write_graphml
from coordlib.significance import SIGNIFICANT, UNDECIDED
from coordlib.significance.classes import WORDS


@pytest.fixture(scope="module")
def shares() -> pd.DataFrame:
    """Three accounts share six objects of their own in step; two post one object often, at one moment; others at any time."""
    random = np.random.default_rng(1)
    rows = [(f"o{n % 40}", f"a{random.integers(80)}", int(random.integers(10**6))) for n in range(600)]
    rows += [(f"p{m}", f"ring{a}", 150_000 * m + 5 * a) for m in range(6) for a in range(3)]
    rows += [("loud", f"loud{a}", 77_000 + 2 * n + a) for n in range(9) for a in range(2)]
    table = pd.DataFrame(rows, columns=["object_id", "account_id", "timestamp_share"])
    table["timestamp_share"] += 1_700_000_000
    return table.assign(content_id=[f"c{n}" for n in range(len(table))])


@pytest.fixture(scope="module")
def significance(shares: pd.DataFrame) -> pd.DataFrame:
    return cl.edge_significance(shares)


@pytest.fixture(scope="module")
def pairs(shares: pd.DataFrame) -> pd.DataFrame:
    return cl.detect_groups(shares)


def test_evidence_stands_beside_the_weight_and_changes_no_other_column(
    pairs: pd.DataFrame, significance: pd.DataFrame
) -> None:
    plain, tested = cl.coordinated_edges(pairs), cl.coordinated_edges(pairs, significance=significance)
    pd.testing.assert_frame_equal(tested[plain.columns], plain, check_column_type=False)
    assert list(tested.columns) == [*plain.columns, *EVIDENCE_COLUMNS]
    assert tested["evidence"].notna().all()
    graph = cl.generate_coordinated_network(pairs, subgraph=1, significance=significance)
    assert set(graph.edges) == set(cl.generate_coordinated_network(pairs, subgraph=1).edges)
    assert graph.edges["loud0", "loud1"]["evidence"] == "single episode"
    assert graph.edges["loud0", "loud1"]["weight"] == 81


def test_a_rule_of_classes_keeps_those_edges_whatever_their_weight(
    pairs: pd.DataFrame, significance: pd.DataFrame, tmp_path: Path
) -> None:
    rule = {"significance": significance, "classes": list(SIGNIFICANT)}
    edges = cl.coordinated_edges(pairs, **rule)
    assert (edges["weight_threshold"] == 1).tolist() == edges["evidence"].isin(SIGNIFICANT).tolist()
    graph = cl.generate_coordinated_network(pairs, subgraph=1, **rule)
    assert set(graph) == {"ring0", "ring1", "ring2"}
    assert graph.graph["evidence"] == {"q": 0.05, "classes": list(SIGNIFICANT)}
    assert "threshold" not in graph.graph
    text = write_graphml(graph, tmp_path / "n.graphml").read_text()
    for name in EVIDENCE_COLUMNS:
        assert f'attr.name="{name}"' in text


def test_what_does_not_fit_together_is_refused(pairs: pd.DataFrame, shares: pd.DataFrame) -> None:
    with pytest.raises(ParameterError, match="need significance"):
        cl.coordinated_edges(pairs, classes=["open"])
    with pytest.raises(ParameterError, match="window of 60 seconds, the pairs were found with one of 120"):
        cl.coordinated_edges(pairs, significance=cl.edge_significance(shares, 60))
    with pytest.raises(MissingColumnError, match="see edge_significance"):
        cl.coordinated_edges(pairs, significance=pd.DataFrame({"account_id": ["a"]}))
    with pytest.raises(ParameterError, match="fast_net"):
        cl.generate_coordinated_network(
            cl.flag_speed_share(shares, pairs), fast_net=True, significance=cl.edge_significance(shares)
        )


def test_an_edge_that_was_not_tested_has_no_class(pairs: pd.DataFrame, significance: pd.DataFrame) -> None:
    some = significance[significance["account_id"] != "loud0"]
    edges = cl.coordinated_edges(pairs, significance=some).set_index(["account_id", "account_id_y"])
    assert pd.isna(edges.loc[("loud0", "loud1"), "evidence"])
    graph = cl.generate_coordinated_network(pairs, significance=some)
    assert "evidence" not in graph.edges["loud0", "loud1"]


def test_zero_seconds_are_tested_like_one(shares: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(cl.edge_significance(shares, 0), cl.edge_significance(shares, 1))


@pytest.mark.parametrize(
    ("spelt", "classes"),
    [
        ("significant", SIGNIFICANT),
        ("closed circle, open", ("closed circle", "open")),
        (["undecided", "significant"], (*UNDECIDED, *SIGNIFICANT)),
        ({"q": 0.05, "classes": ["significant"]}, SIGNIFICANT),
        (None, ()),
        ("", ()),
    ],
)
def test_a_rule_can_be_spelt_plainly(spelt: object, classes: tuple[str, ...]) -> None:
    rule = DailyMonitoring.load({"evidence": spelt}).for_notebook()["evidence"]
    assert rule == {"q": 0.05, "classes": list(classes)}


def test_the_steps_take_the_words_of_the_rule_and_refuse_others(shares: pd.DataFrame) -> None:
    pairs = cl.detect_groups(shares, 120, 1)
    tested = cl.edge_significance(shares, 120)

    def kept(classes: object) -> int:
        edges = cl.coordinated_edges(pairs, significance=tested, classes=classes)  # type: ignore[arg-type]
        return int(edges["weight_threshold"].sum())

    assert kept("significant") == kept(["significant"]) == kept("closed circle") == 3
    with pytest.raises(ParameterError, match=r"classes\.0 = 'bots'"):
        kept(["bots"])


def test_a_wrong_rule_is_one_line_with_the_classes_there_are() -> None:
    with pytest.raises(ParameterError, match="'beyond the crowd', 'closed circle'"):
        DailyMonitoring.load({"evidence": "suspicious"})
    with pytest.raises(ParameterError, match="q = 2"):
        DailyMonitoring.load({"evidence": {"q": 2}})
    with pytest.raises(ParameterError, match="give 'significant'"):
        DailyMonitoring.load({"evidence": 5})


def test_the_classes_have_one_list() -> None:
    assert get_args(EvidenceClass) == tuple(WORDS)
    assert ComponentAnalysis.load({"evidence": None}).evidence is None
    assert str(EvidenceRule()) == "the weight decides; q = 0.05"


def test_the_accepted_share_of_false_edges_can_stand_beside_the_classes() -> None:
    rule = DailyMonitoring.load({"evidence": "significant, open; q = 0.01"}).evidence
    assert (rule.q, rule.classes) == (0.01, [*SIGNIFICANT, "open"])
    with pytest.raises(ParameterError, match="less than 1"):
        DailyMonitoring.load({"evidence": "q=7"})


def detect(monkeypatch: pytest.MonkeyPatch, *words: object) -> int:
    """Exit code of the command."""
    monkeypatch.setattr(sys, "argv", ["coordlib", "detect", *map(str, words)])
    with pytest.raises(SystemExit) as stop:
        main()
        raise SystemExit(0)
    return int(stop.value.code or 0)


@pytest.mark.parametrize("kind", ["csv", "parquet", "graphml"])
def test_the_command_keeps_edges_of_the_classes_asked_for(
    shares: pd.DataFrame,
    kind: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    source, output = tmp_path / "shares.csv", tmp_path / f"edges.{kind}"
    shares.rename(columns={"object_id": "text"}).to_csv(source, index=False)
    words = (source, "-o", output, "--object-id", "text", "--evidence", "significant, q=0.04")
    assert detect(monkeypatch, *words) == 0
    said = capsys.readouterr().out
    assert "3 edges between 3 accounts, of all" in said and "There is one closed circle of 3 accounts" in said
    assert "posted the same texts within" in said
    if kind == "graphml":
        found = {tuple(sorted(ends)) for ends in nx.read_graphml(output).edges}
    else:
        table = pd.read_csv(output) if kind == "csv" else pd.read_parquet(output)
        assert set(table["evidence"]) == {"closed circle"}
        found = set(zip(table["account_id"], table["account_id_y"], strict=True))
    assert found == {("ring0", "ring1"), ("ring0", "ring2"), ("ring1", "ring2")}


def test_the_command_refuses_an_unknown_class_and_writes_nothing(
    shares: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    source, output = tmp_path / "shares.csv", tmp_path / "edges.csv"
    shares.to_csv(source, index=False)
    assert detect(monkeypatch, source, "-o", output, "--evidence", "bots") == 2
    assert "'closed circle'" in capsys.readouterr().err and not output.exists()
