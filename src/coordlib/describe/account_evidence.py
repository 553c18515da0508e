"""What the pairs of accounts are evidence of, for each account, each network, and the day as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import networkx as nx
import pandas as pd

from coordlib.describe.engagement import empty_table
from coordlib.describe.posts import joined, network_numbers
from coordlib.significance.classes import SIGNIFICANT, UNDECIDED, WORDS, evidence_table

#: What accounts and networks say of the edges of theirs that are kept.
EVIDENCE_COUNTS = {"evidence": "str", "n_significant": "Int64", "n_undecided": "Int64"}
_DISCOVERED = {
    "network": "Int64",
    "account_id": "str",
    "account_id_y": "str",
    "evidence": "str",
    "q_value": "float64",
    "added": "bool",
    "kept": "bool",
    "weight": "int64",
    "n_objects": "int64",
    "occasions": "int64",
    "episodes": "int64",
    "closed_share": "float64",
    "others_present": "int64",
}


def account_evidence(graph: nx.Graph[str]) -> pd.DataFrame:
    """Return the strongest class among each account's edges, and how many are significant and undecided.

    Examples
    --------
    >>> graph = nx.Graph()
    >>> graph.add_edge("a", "b", evidence="open", q_value=1.0)
    >>> account_evidence(graph).loc["a"].astype(str).tolist()
    ['open', '0', '1']
    """
    ends = [(end, *_tested(data)) for a, b, data in graph.edges(data=True) for end in (a, b)]
    return _summed(ends, "account_id")[list(EVIDENCE_COUNTS)]


def network_evidence(graph: nx.Graph[str]) -> pd.DataFrame:
    """Return the same for each network, by its number, with the smallest q of its edges of the first pass."""
    numbers = network_numbers(graph)
    return _summed([(numbers[a], *_tested(data)) for a, _, data in graph.edges(data=True)], "network")


def strongest_class(significance: pd.DataFrame) -> pd.Series:
    """Return the strongest class among all pairs of each account, kept by a weight or not, by account.

    Examples
    --------
    >>> edges = pd.DataFrame({"account_id": ["a", "a"], "account_id_y": ["b", "c"], "evidence": ["open", "single episode"]})
    >>> strongest_class(edges).tolist()
    ['open', 'open', 'single episode']
    """
    ranks = significance["evidence"].map(list(WORDS).index).astype("int64")
    ends = [significance[name].reset_index(drop=True) for name in ("account_id", "account_id_y")]
    both = pd.concat([ranks, ranks], ignore_index=True).groupby(pd.concat(ends, ignore_index=True), sort=True)
    return both.min().map(list(WORDS).__getitem__).astype("str")


def discovered_pairs(significance: pd.DataFrame | None, graph: nx.Graph[str]) -> pd.DataFrame:
    """Return the significant and undecided pairs, strongest class first, with ``network`` (Int64) and ``kept`` (bool: an edge of `graph`)."""
    if significance is None:
        return empty_table(_DISCOVERED)
    found = significance[significance["evidence"].isin([*SIGNIFICANT, *UNDECIDED])].copy()
    if found.empty:
        return empty_table(_DISCOVERED)
    numbers = network_numbers(graph)
    both = found["account_id"].map(numbers), found["account_id_y"].map(numbers)
    found["network"] = both[0].where(both[0] == both[1]).astype("Int64")
    found["kept"] = joined(found, graph)
    found["rank"] = found["evidence"].map(list(WORDS).index)
    found = found.sort_values(["rank", "q_value", "account_id", "account_id_y"], ignore_index=True)
    return found[list(_DISCOVERED)].astype(_DISCOVERED)


def evidence_totals(significance: pd.DataFrame | None) -> dict[str, int]:
    """Count significant and undecided pairs, kept or not (nothing where there was no test)."""
    if significance is None:
        return {}
    classes = {"n_significant": SIGNIFICANT, "n_undecided": UNDECIDED}
    return {name: int(significance["evidence"].isin(some).sum()) for name, some in classes.items()}


def evidence_counts(significance: pd.DataFrame, graph: nx.Graph[str]) -> dict[str, Any]:
    """Count the pairs of each class, all and kept ones, in whole numbers, and keep what the tests were made with."""
    table = evidence_table(significance).drop(columns="significant").set_index("evidence")
    classes: Mapping[Any, Any] = table[table["edges"] > 0].to_dict("index")
    of_kept = [data.get("evidence") for _, _, data in graph.edges(data=True)]
    kept = {name: of_kept.count(name) for name in WORDS if name in of_kept}
    return {
        **{str(name): value for name, value in significance.attrs.items()},
        "pairs": len(significance),
        "significant_accounts": int(strongest_class(significance).isin(SIGNIFICANT).sum()),
        "classes": {str(name): dict(row) for name, row in classes.items()},
        "kept": kept,
        "untested": of_kept.count(None),
    }


def _tested(data: Mapping[str, Any]) -> tuple[str | None, float | None]:
    q = None if data.get("added") else data.get("q_value")
    return data.get("evidence"), q


def _summed(rows: list[tuple[Any, str | None, float | None]], by: str) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=[by, "evidence", "q_value"])
    known = table.dropna(subset="evidence")
    rank = known["evidence"].map(list(WORDS).index)
    groups = known.groupby(by, sort=True)
    best = rank.groupby(known[by], sort=True).min()
    found = pd.DataFrame({"evidence": best.map(list(WORDS).__getitem__), "q_value": groups["q_value"].min()})
    for name, classes in (("n_significant", SIGNIFICANT), ("n_undecided", UNDECIDED)):
        found[name] = known["evidence"].isin(classes).groupby(known[by]).sum()
    return found.astype({**EVIDENCE_COUNTS, "q_value": "float64"})
