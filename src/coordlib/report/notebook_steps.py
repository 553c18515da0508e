"""What the steps of a notebook left in their tables, held against what it reports: parameters, and what it left out between them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import networkx as nx
import pandas as pd

from coordlib.describe.posts import joined
from coordlib.detect.threshold import over_threshold
from coordlib.errors import InputError
from coordlib.report.post_set import METHOD, PostSet
from coordlib.report.record import Kept, RunRecord
from coordlib.report.words import plural


def as_made(pairs: pd.DataFrame, edges: pd.DataFrame, graph: nx.Graph[str]) -> dict[str, Any]:
    """What the steps themselves say they were made with."""
    said: dict[Any, Any] = {**pairs.attrs, **edges.attrs, **graph.graph}
    if "edge_weight" in graph.graph and "min_weight" not in graph.graph:
        said["min_weight"] = None
    return {name: said[name] for name in (*METHOD, "time_window_low") if name in said}


def left_out_by_hand(
    source: PostSet,
    pairs: pd.DataFrame,
    edges: pd.DataFrame,
    graph: nx.Graph[str],
    used: Mapping[str, Any],
) -> dict[str, Kept]:
    """What the notebook itself changed between the steps: how many rows there are of how many a step says that it found."""
    said = pairs.attrs
    rows = {
        "posts": (said.get("posts_used", 0), source.posts.attrs["posts_read"]),
        "shares": (said.get("shares_used", 0), said.get("shares_made", 0)),
        "pairs": (len(pairs), said.get("pairs_found")),
        "edges": (len(edges), edges.attrs.get("edges_found")),
    }
    kept = {
        name: Kept(n=n, of=of if of is not None and n < of else None)
        for name, (n, of) in rows.items()
        if n != of and (name in ("pairs", "edges") or 0 < n < of)
    }
    if "pairs" in kept and pairs["time_delta"].max() < (used.get("time_window") or 0):
        seconds = int(pairs["time_delta"].max())
        kept["pairs"] = kept["pairs"].model_copy(update={"seconds": seconds})
    if "edges" not in kept and used.get("edge_weight") is not None:
        weights, classes = edges["weight"].to_numpy(), (used.get("evidence") or {}).get("classes")
        rule = over_threshold(weights, used["edge_weight"], used.get("min_weight")).astype(bool)
        rule = edges["evidence"].isin(classes).to_numpy() if classes else rule
        n, of = int((rule & joined(edges, graph)).sum()), int(rule.sum())
        if not n == of == graph.number_of_edges():
            kept["network"] = Kept(n=n, of=of, others=graph.number_of_edges() - n)
    return kept


def check_steps(
    graph: nx.Graph[str], evidence: pd.DataFrame, kept: pd.DataFrame, significance: pd.DataFrame | None
) -> None:
    """Refuse a network that does not follow from the pairs and edges beside it: a page must not contradict itself."""
    ends = ["account_id", "account_id_y"]
    behind = evidence.groupby(ends, sort=False).size().to_dict()
    rows = {frozenset(row[:2]): row[2] for row in kept[[*ends, "weight"]].itertuples(index=False)}
    weights: Iterable[tuple[str, str, Any]] = graph.edges(data="weight")
    for first, second, weight in weights:
        tie = f"'{first}' and '{second}'"
        pairs = behind.get((first, second), 0) + behind.get((second, first), 0)
        if not pairs:
            raise InputError(
                f"the graph has an edge between {tie} without any pair of posts; make it from these pairs"
            )
        for what, other in (("graph", weight), ("table of edges", rows.get(frozenset((first, second)), 0))):
            if other is not None and other != pairs:
                raise InputError(
                    f"the {what} has weight {other:,} for {tie}, and {pairs:,} pairs of posts are behind it; filter pairs "
                    "before they are added up, and make edges and graph from the same ones"
                )
    if significance is not None and "evidence" in kept:
        tested = {
            "time_window": kept.attrs.get("time_window"),
            "q": (kept.attrs.get("evidence") or {}).get("q"),
        }
        for name, value in tested.items():
            if None not in (value, other := significance.attrs.get(name)) and value != other:
                raise InputError(
                    f"significance: has {name} = {other}, and the edges were tested with {value}; use one"
                )


def kept_words(run: RunRecord) -> list[str]:
    """Return what the notebook itself left out between the steps, a sentence each; nothing where it changed nothing."""
    kept, parameters = run.kept, run.parameters
    classes = (parameters.get("evidence") or {}).get("classes")
    window = f" within {parameters.get('time_window', '?')} seconds"
    things = {
        "posts": "posts read",
        "shares": "shares made of the posts",
        "pairs": f"pairs found{window}",
        "edges": "edges that the pairs add up to",
        "network": "edges of the classes asked for" if classes else "edges over the threshold",
    }
    said = []
    for name, thing in things.items():
        if not (found := kept.get(name)):
            continue
        n, of = found.n, found.of
        words = f"The notebook put the {plural(n, name.removesuffix('s'))} together by itself"
        if of is not None:
            words = f"The notebook kept {'all' if n == of else f'{n:,} of the {of:,}'} {thing}"
        words += f", at most {found.seconds:,} seconds apart" if found.seconds is not None else ""
        words += f", and {found.others:,} beside them" if found.others else ""
        said.append(f"{words}.")
    if "pairs" in kept and run.evidence:
        within = f" within {run.evidence.time_window or '?'} seconds"
        said.append(f"The classes of evidence rest on all meetings{within}, not on the pairs kept alone.")
    return said
