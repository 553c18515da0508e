"""What a report's record says of the tests: counts by class, the first lines, other settings, the planted truth."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import networkx as nx
import pandas as pd

from coordlib.describe.day import other_settings
from coordlib.describe.networks import evidence_counts, network_evidence
from coordlib.detect.threshold import over_threshold
from coordlib.report.display import Html
from coordlib.report.record import RunRecord
from coordlib.report.tables import facts
from coordlib.report.words import plural
from coordlib.significance import (
    SIGNIFICANT,
    UNDECIDED,
    evidence_headline,
    evidence_sentence,
    network_sentence,
)
from coordlib.significance.classes import WORDS


def evidence_record(
    significance: pd.DataFrame | None,
    whole: pd.DataFrame | None,
    pairs: pd.DataFrame,
    graph: nx.Graph[str],
    parameters: Mapping[str, Any],
    word: str,
    planted: Mapping[str, str],
) -> RunRecord:
    """Return ``evidence``, ``whole``, ``random_networks``, ``other_settings`` and ``truth``, as far as they are known."""
    record: RunRecord = {}
    if graph.number_of_edges() and "time_delta" in pairs:
        record["other_settings"] = other_settings(pairs, int(parameters.get("time_window") or 120))
    if whole is not None and whole["observed"].any():
        record["whole"] = network_sentence(whole)
        attrs: Mapping[Any, Any] = whole.attrs
        record["random_networks"] = {**attrs, "rows": whole.to_dict("records")}
    if significance is not None and len(significance):
        quantile, least = parameters.get("edge_weight"), parameters.get("min_weight")
        weights = significance["weight"].to_numpy()
        drawn = network_evidence(graph)["n_significant"]
        record["evidence"] = {
            **evidence_counts(significance, graph),
            "words": evidence_headline(significance, None, word),
            # Edges the threshold would keep if accounts of any participation took part.
            "kept_of_all": int(over_threshold(weights, 0.9 if quantile is None else quantile, least).sum()),
            # Number of each network with significant edges, and how many it has.
            "networks": {str(number): int(count) for number, count in drawn[drawn > 0].items()},
        }
        if planted:
            record["truth"] = _truth(significance, graph, planted)
    return record


def class_table(run: RunRecord, edges: pd.DataFrame, discovered: pd.DataFrame) -> Html:
    """Return what each class among some edges says, in a sentence, with the number of edges."""
    columns = ["account_id", "account_id_y", "evidence", "n_objects"]
    parts = [table[columns] for table in (edges, discovered) if "evidence" in table]
    every = pd.concat(parts).drop_duplicates(["account_id", "account_id_y"]) if parts else discovered
    kinds = every["n_objects"].gt(1).map({True: "objects", False: "repeats"})
    evidence, word = run.get("evidence") or {}, str(run.get("object", "caption"))
    window, least = int(evidence.get("time_window", 120)), int(evidence.get("least_repeats", 3))
    said: dict[str, tuple[str, int]] = {}
    for name in WORDS:
        for kind in ("objects", "repeats"):
            count = int(((every["evidence"] == name) & (kinds == kind)).sum())
            sentence = evidence_sentence(name, window, word, kind, least)
            if count:
                said[sentence] = (name, said.get(sentence, (name, 0))[1] + count)
    told = {f"{name} ({plural(count, 'pair')})": text for text, (name, count) in said.items()}
    return facts(told, "What the classes say", "edges", "evidence")


def subjects(networks: pd.DataFrame) -> list[tuple[str, int]]:
    """Labels and their accounts, networks of one label taken together, the largest first."""
    named = networks[networks["label"].fillna("") != ""]
    sizes = named.groupby("label", sort=True)["n_accounts"].sum().sort_values(ascending=False, kind="stable")
    return [(str(label), int(size)) for label, size in sizes.items()]


def _truth(
    significance: pd.DataFrame, graph: nx.Graph[str], planted: Mapping[str, str]
) -> dict[str, tuple[int, int]]:
    """Of each kind of pair, how many join two accounts of one planted network, and how many there are."""
    first, second = (significance[name].map(planted) for name in ("account_id", "account_id_y"))
    together = (first == second) & first.notna()
    found = {}
    for name, classes in {"significant": SIGNIFICANT, "undecided": UNDECIDED}.items():
        chosen = significance["evidence"].isin(classes)
        found[name] = (int((together & chosen).sum()), int(chosen.sum()))
    ends = [(planted.get(a), planted.get(b)) for a, b in graph.edges]
    found["kept"] = (sum(a == b and a is not None for a, b in ends), len(ends))
    return found
