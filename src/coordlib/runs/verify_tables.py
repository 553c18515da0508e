"""The tables of a published report: followed again from its posts to its networks, and held against each other."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from xml.etree import ElementTree

import networkx as nx
import numpy as np
import pandas as pd

from coordlib.describe.networks import EVIDENCE_COUNTS
from coordlib.detect.edges import coordinated_edges
from coordlib.detect.pairs import detect_groups
from coordlib.detect.threshold import over_threshold
from coordlib.report.notebook_steps import kept_words
from coordlib.report.record import RunRecord
from coordlib.report.words import clean_text, plural, restore
from coordlib.significance import SIGNIFICANT, UNDECIDED
from coordlib.significance.classes import WORDS

_CSV = ("accounts", "edges", "pairs", "posts")
_ENDS, _SUMS = ["account_id", "account_id_y"], ["weight", "n_objects", "avg_time_delta"]
#: Columns that are followed.
_POST = ["content_id", "posted_at"]
_COLUMNS = {
    "accounts": ["account_id", "network"],
    "edges": [*_ENDS, *_SUMS],
    "pairs": [*_ENDS, *_POST, *(f"{name}_y" for name in _POST), "time_delta"],
    "posts": ["account_id", *_POST],
}
#: What the network says of an edge as edges.csv does.
_NUMBERS = (
    *_SUMS,
    "n_content_id",
    "n_content_id_y",
    "edge_symmetry_score",
    "occasions",
    "episodes",
    "q_value",
)


@dataclass
class Verification:
    """What was checked, what could not be, and everything that is not as it should be."""

    checked: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    #: Files of the zip that cannot be read, and why.
    damaged: dict[str, str] = field(default_factory=dict)

    @property
    def identical(self) -> bool:
        """Whether nothing differs."""
        return not self.wrong

    def lines(self) -> list[str]:
        """Say it in lines."""
        told = {"checked": self.checked, "not checked": self.left_out, "wrong": self.wrong}
        head = "identical" if self.identical else f"differs in {plural(len(self.wrong), 'place')}"
        return [*(f"{what}: {words}" for what, many in told.items() for words in many), head]


@dataclass
class Numbers:
    """The way from the posts of a report to its pairs, edges and networks, followed again."""

    files: Mapping[str, bytes]
    record: RunRecord
    done: Verification

    def follow(self) -> None:
        """Follow it, or say why that is not possible."""
        if not {f"{name}.csv" for name in _CSV} <= set(self.files):
            gone = [name for name in self.record.outputs if name[:-4] in _CSV and name not in self.files]
            why = f"without {' and '.join(gone)}" if gone else "this kind of report has other tables"
            self.done.left_out.append(f"the way from posts to networks: {why}")
            return
        try:
            before = len(self.done.wrong)
            self.accounts, self.edges, self.pairs, self.posts = map(self._table, _CSV)
            if len(self.done.wrong) > before:
                return
            self.kept, self.window = self.record.kept, self.record.window
            self.sampled = "Pairs in pairs.csv" in (self.record.facts.get("about") or {})
            for step in (self._pairs, self._pairs_again, self._edges, self._threshold, self._networks):
                step()
            self._classes()
            self._graph()
            if words := " ".join(kept_words(self.record)):
                self.done.left_out.append(f"what the notebook itself left out, as the record says: {words}")
        except (KeyError, ValueError, TypeError):
            self.done.wrong.append(
                "the tables cannot be read as those of a report: one is no table, or what run.json says of them is missing"
            )

    def _table(self, name: str) -> pd.DataFrame:
        """Read a table; a column that is missing and a cell that is no number are told."""
        data = self.files.get(f"{name}.csv", b"network")
        table = pd.read_csv(io.BytesIO(data), dtype=str, keep_default_na=False).map(restore)
        for column in sorted({*_COLUMNS.get(name, ())} - {*table}):
            self.done.wrong.append(f"{name}.csv: has no column {column}")
        for column in (*_NUMBERS, "network", "time_delta", "posted_at", "posted_at_y"):
            if column in table:
                cells, table[column] = table[column], pd.to_numeric(table[column], errors="coerce")
                self._tell(name, table[column].isna() & (cells != ""), f"{column} is no number")
        return table

    def _tell(self, name: str, rows: Any, words: str) -> None:
        """Name the first of the rows that are wrong, by the line it begins on, and how many there are."""
        places = np.flatnonzero(np.asarray(rows))
        if len(places):
            text = self.files[f"{name}.csv"].decode("utf-8", errors="replace")
            reader = csv.reader(io.StringIO(text, newline=""))
            for _ in range(int(places[0]) + 1):
                next(reader, None)
            more = f" (and {len(places) - 1:,} more)" if len(places) > 1 else ""
            self.done.wrong.append(f"{name}.csv, line {reader.line_num + 1}: {words}{more}")

    def _pairs(self) -> None:
        pairs, window = self.pairs, self.window
        apart = (pairs["posted_at_y"] - pairs["posted_at"]).abs()
        self._tell("pairs", pairs["time_delta"] != apart, "time_delta is not the time between its two posts")
        late = pairs["time_delta"] > window
        self._tell("pairs", late, f"the posts lie more than {window} seconds apart")
        posts = self.posts.drop_duplicates("content_id").set_index("content_id")
        for end in ("", "_y"):
            ids = pairs[f"content_id{end}"]
            known = ids.map(posts["posted_at"]).notna()
            self._tell("pairs", ~known, f"the post content_id{end} is not in posts.csv")
            for name in ("posted_at", "account_id"):
                there = ids.map(posts[name])
                another = there.notna() & (there != pairs[f"{name}{end}"])
                self._tell("pairs", another, f"{name}{end} is another than in posts.csv")
        self.done.checked.append(f"pairs.csv: {len(pairs):,} pairs from {len(self.posts):,} posts")

    def _pairs_again(self) -> None:
        posts, parameters = self.posts, self.record.parameters
        if parameters.get("object_id", "text") != "text" or posts["content_id"].duplicated().any():
            return
        ids, window = ["content_id", "content_id_y"], self.window
        shares = posts[["object_id", "account_id", "content_id"]]
        shares = shares.assign(timestamp_share=posts["posted_at"].astype("int64"))
        low = parameters.get("time_window_low", 0)
        made = detect_groups(shares, time_window=window, min_participation=1, time_window_low=low)
        edges = set(map(frozenset, self.edges[_ENDS].to_numpy()))
        made = made[np.array([frozenset(end) in edges for end in made[_ENDS].to_numpy()], dtype=bool)]
        ours, again = ([frozenset(row) for row in table[ids].to_numpy()] for table in (self.pairs, made))
        known = set(again)
        self._tell("pairs", [row not in known for row in ours], "no such pair follows from posts.csv")
        absent = known - set(ours)
        if absent and "pairs" in self.kept:
            self.done.left_out.append(
                "whether pairs are missing: the notebook left out pairs itself, so files alone cannot show which"
            )
        elif absent and self.sampled:
            self.done.left_out.append(
                "whether pairs are missing, and the weights: pairs.csv holds a sample, as run.json says"
            )
        elif absent:
            first = " and ".join(sorted(min(map(sorted, absent))))
            self.done.wrong.append(
                f"pairs.csv: of those that follow from posts.csv {plural(len(absent), 'pair')} cannot be found, such as {first}"
            )
        self.done.checked.append(
            f"posts.csv: detected again within {window} seconds, {len(made):,} pairs behind the edges"
        )

    def _edges(self) -> None:
        edges = self.edges
        made = coordinated_edges(self.pairs.astype({"time_delta": "int64"}))
        both = edges[[*_ENDS, *_SUMS]].merge(made, on=_ENDS, how="left", suffixes=("", "_again"))
        known = both["weight_again"].notna()
        self._tell("edges", ~known, "no pair in pairs.csv is behind this edge")
        for name in _SUMS if not self.sampled else ():
            off = known & ~np.isclose(both[name], both[f"{name}_again"].fillna(0), rtol=1e-9)
            self._tell("edges", off, f"{name} is not what pairs.csv adds up to")
        if len(made) > len(edges):
            absent = plural(len(made) - len(edges), "edge")
            self.done.wrong.append(f"edges.csv: of those that follow from pairs.csv {absent} cannot be found")
        self.done.checked.append(f"edges.csv: {plural(len(edges), 'edge')} from the pairs")

    def _threshold(self) -> None:
        histogram, parameters = self.record.weights, self.record.parameters
        classes, found = (parameters.get("evidence") or {}).get("classes"), self.edges["weight"]
        own = self.kept.get("network")
        if not histogram or "edges" in self.kept or (own and own.others):
            self.done.left_out.append(
                "the threshold: the record does not hold the weights of all edges, or the notebook chose edges itself"
            )
        elif classes:
            self._tell("edges", ~self.edges["evidence"].isin(classes), "its class is none of those kept")
            self.done.checked.append(f"edges.csv: all of the classes kept ({', '.join(classes)})")
        else:
            weights = np.repeat(np.array([int(w) for w in histogram]), [int(n) for n in histogram.values()])
            over = over_threshold(weights, parameters["edge_weight"], parameters.get("min_weight"))
            kept = weights[over.astype(bool)]
            by_hand = own is not None and (own.n, own.of) == (len(found), len(kept))
            as_found = by_hand or sorted(kept) == sorted(found)
            if self.record.kind == "day" and not as_found:
                self.done.wrong.append(
                    f"edges.csv: {len(found):,} edges, and the threshold keeps {len(kept):,} of the weights in run.json"
                )
            self._tell("edges", found < min(kept, default=np.inf), "the edge is not over the threshold")
            self.done.checked.append(f"the threshold: {len(kept):,} of {len(weights):,} edges are over it")

    def _networks(self) -> None:
        accounts, edges = self.accounts, self.edges
        graph: nx.Graph[str] = nx.from_pandas_edgelist(edges, "account_id", "account_id_y")
        alone = ~accounts["account_id"].isin(set(graph))
        self._tell("accounts", alone, "no edge leads to this account")
        number = dict(zip(accounts["account_id"], accounts["network"], strict=True))
        one, other = (edges[end].map(number) for end in _ENDS)
        # What is not known equals nothing, not even itself.
        self._tell("edges", one != other, "its two accounts are not in one network of accounts.csv")
        parts, networks = nx.number_connected_components(graph), accounts["network"].nunique()
        if parts != networks:
            self.done.wrong.append(f"accounts.csv: {networks:,} networks, and the edges make {parts:,}")
        for name, n in {"n_accounts": len(accounts), "n_edges": len(edges), "n_networks": parts}.items():
            if (said := getattr(self.record.counts, name)) != n:
                self.done.wrong.append(f"run.json: {name} is {said}, and the tables have {n:,}")
        found = f"{plural(len(accounts), 'account')} in {plural(parts, 'network')}"
        self.done.checked.append(f"accounts.csv: {found} from the edges")

    def _classes(self) -> None:
        """Hold the classes of the tables against each other: those of the edges, of pairs that stand out, of accounts and networks."""
        edges, tested, labels = self.edges, self.record.evidence, self.record.labels
        found, networks = (self._table(name) for name in ("discovered", "networks"))
        if "label" in networks and labels:
            said = [clean_text((labels.get(str(n)) or {}).get("text") or "") for n in networks["network"]]
            self._tell("networks", networks["label"] != said, "label is another than in run.json")
        if not tested or not all("evidence" in table for table in (edges, found, networks, self.accounts)):
            self.done.left_out.append("the classes of evidence: not every table has them")
            return
        sides = pd.concat([edges.assign(account_id=edges[end]) for end in _ENDS])
        ranks, counted = dict(zip(WORDS, range(len(WORDS)), strict=True)), (SIGNIFICANT, UNDECIDED)
        for name, by, rows, table in (
            ("accounts", "account_id", sides, self.accounts),
            ("networks", "network", edges, networks),
        ):
            best = rows["evidence"].map(ranks).groupby(rows[by]).min().map(dict(enumerate(WORDS)))
            off = table[by].map(best).fillna("") != table["evidence"]
            self._tell(name, off, "evidence is not the strongest class of its edges")
            for column, classes in zip(list(EVIDENCE_COUNTS)[1:], counted, strict=True):
                count = table[by].map(rows["evidence"].isin(classes).groupby(rows[by]).sum())
                off = count != pd.to_numeric(table[column]).fillna(0)
                self._tell(name, off, f"{column} is not the number of its edges")
        of_edge = dict(zip(map(frozenset, edges[_ENDS].to_numpy()), edges["evidence"], strict=True))
        ends = list(map(frozenset, found[_ENDS].to_numpy()))
        there = [end in of_edge for end in ends]
        self._tell(
            "discovered",
            (found["kept"] == "true") != there,
            "kept does not say whether edges.csv has the pair",
        )
        other = [of_edge.get(end, name) != name for end, name in zip(ends, found["evidence"], strict=True)]
        self._tell("discovered", other, "evidence is another than in edges.csv")
        stands_out, known = edges["evidence"].isin([*SIGNIFICANT, *UNDECIDED]), set(ends)
        self._tell(
            "edges",
            stands_out & np.array([end not in known for end in of_edge], dtype=bool),
            "discovered.csv lacks this pair",
        )
        all_pairs = {
            name: n["edges"] for name, n in tested.classes.items() if name in (*SIGNIFICANT, *UNDECIDED)
        }
        for name, of, says in (("edges", edges, tested.kept), ("discovered", found, all_pairs)):
            if (counts := of.loc[of["evidence"] != "", "evidence"].value_counts().to_dict()) != says:
                self.done.wrong.append(
                    f"run.json: the classes of {name}.csv are {counts}, and it says {says}"
                )
        self.done.checked.append(
            "the classes of evidence: the same in edges.csv, discovered.csv, accounts.csv, networks.csv and run.json"
        )

    def _graph(self) -> None:
        """Hold the network in GraphML against the edges."""
        edges = self.edges
        if "network.graphml" not in self.files:
            self.done.left_out.append("network.graphml: it is not there")
            return
        try:
            graph = nx.read_graphml(io.BytesIO(self.files["network.graphml"]))
        except (KeyError, ValueError, ElementTree.ParseError, nx.NetworkXError) as error:
            self.done.wrong.append(f"network.graphml: cannot be read ({type(error).__name__})")
            return
        found = {frozenset(ends): data for *ends, data in graph.edges(data=True)}
        ends = [frozenset(map(clean_text, row)) for row in edges[_ENDS].to_numpy()]
        if set(ends) != set(found) or set(graph) != set(map(clean_text, self.accounts["account_id"])):
            self.done.wrong.append("network.graphml: has other accounts or edges than the tables")
            return
        nodes = [graph.nodes[clean_text(name)] for name in self.accounts["account_id"]]
        sides = {"edges": (edges, [found[end] for end in ends]), "accounts": (self.accounts, nodes)}
        for table, (rows, said) in sides.items():
            told = pd.DataFrame(said, index=rows.index)
            # Earlier files have no attributes of accounts, and no network of an edge.
            later = {"network"} if table == "edges" else {*rows}
            names = [name for name in (*_NUMBERS, "network", "evidence") if name in rows]
            for name in (name for name in names if name in told or name not in later):
                theirs = told.get(name, pd.Series(None, rows.index, dtype="object"))
                if name == "evidence":
                    off = theirs.fillna("") != rows[name]
                else:
                    numbers = pd.to_numeric(theirs, errors="coerce").to_numpy("float64")
                    off = ~np.isclose(rows[name].to_numpy("float64"), numbers, rtol=1e-9, equal_nan=True)
                self._tell(table, off, f"network.graphml has another {name}")
        self.done.checked.append("network.graphml: the accounts and edges of the tables")
