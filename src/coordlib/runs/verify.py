"""Checking a published report: are its files those published, and do its numbers follow from its posts, also when run again?"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import networkx as nx
import numpy as np
import pandas as pd

from coordlib.detect.edges import coordinated_edges
from coordlib.detect.pairs import detect_groups
from coordlib.detect.threshold import over_threshold
from coordlib.errors import FileFormatError, RunError
from coordlib.places import Workspace
from coordlib.report.checksums import SUMS, wrong_files
from coordlib.report.record import RunRecord
from coordlib.report.words import plural, restore
from coordlib.runs.notebooks import MODELS, run_notebook, template_facts
from coordlib.site.publish import VIEWS, as_made, zip_is_whole
from coordlib.sources.published import report_files

_CSV = ("accounts", "edges", "pairs", "posts")
_ENDS, _SUMS = ["account_id", "account_id_y"], ["weight", "n_objects", "avg_time_delta"]
#: What a computer puts into a folder by itself.
_OF_THE_MACHINE = re.compile(r"(^|/)(\.DS_Store|Thumbs\.db|desktop\.ini|\.ipynb_checkpoints/.*)$")


@dataclass
class Verification:
    """What was checked, what could not be, and everything that is not as it should be."""

    checked: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    @property
    def identical(self) -> bool:
        """Whether nothing differs."""
        return not self.wrong

    def lines(self) -> list[str]:
        """Say it in lines."""
        told = {"checked": self.checked, "not checked": self.left_out, "wrong": self.wrong}
        head = "identical" if self.identical else f"differs in {plural(len(self.wrong), 'place')}"
        return [*(f"{what}: {words}" for what, many in told.items() for words in many), head]


def verify(source: Path | str, *, again: bool = True) -> Verification:
    """Check a published report: a zip or folder of it, or the address of one; of a folder of versions the newest.

    In the workspace of the report its notebook is run `again` and every table compared; the result names file and line of what
    differs. What has neither ``run.json`` nor ``SHA256SUMS`` is no report (FileFormatError).
    """
    done = Verification()
    files, folder = report_files(source)
    if strays := sorted(filter(_OF_THE_MACHINE.search, files)):
        files = {name: data for name, data in files.items() if name not in strays}
        done.left_out.append(f"what the computer put there ({', '.join(strays[:3])})")
    for name in [name for name in files if name.endswith(".zip") and "/" not in name]:
        inside = _unpacked(name, files.pop(name), done)
        files = files if "run.json" in files or SUMS in files else inside
    # What a reader sees is made of the files, and changes when a neighbour is published; versions have folders of their own.
    listed = files.get(SUMS, b"").decode("utf-8", errors="replace")
    shown = {name for name in files if VIEWS.fullmatch(name) and f"  {name}\n" not in listed}
    views = sorted(name for name in files if name in shown or re.match(r"v\d+/", name))
    files = {name: data for name, data in files.items() if name not in views}
    if not {"run.json", SUMS} & set(files):
        if done.wrong:
            return done
        raise FileFormatError(f"{source}: is no report of coordlib (neither run.json nor {SUMS} is in it)")
    _hashes(files, done)
    files = {name.removesuffix(".gz"): as_made(name, data) for name, data in files.items()}
    if views:
        done.left_out.append(f"the page as it looks ({', '.join(views[:3])}): it is made from the files")
    if record := _record(files, done):
        _Numbers(files, record, done).follow()
        above = folder.resolve().parents if folder else ()
        workspace = Workspace(above[2]) if len(above) > 2 else None
        if again and workspace is not None and workspace.database.is_file():
            _again(workspace, files, record, done)
        elif not again or record.get("kind", "day") in ("day", "component"):
            done.left_out.append(
                "whether the posts of the day lead to the same network and the same classes of evidence: they are not in the report"
            )
    return done


def _unpacked(name: str, data: bytes, done: Verification) -> dict[str, bytes]:
    if not zip_is_whole(data):
        done.wrong.append(f"{name}: is not the zip that was published (its hash differs)")
    found: dict[str, bytes] = {}
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for item in archive.infolist():
                try:
                    found[item.filename.split("/", 1)[-1]] = archive.read(item)
                except Exception as error:  # zlib's and zipfile's own, all of them damage
                    done.wrong.append(f"{item.filename.split('/', 1)[-1]}: is damaged ({error})")
    except (zipfile.BadZipFile, ValueError, NotImplementedError, UnicodeDecodeError) as error:
        done.wrong.append(f"{name}: is damaged ({error})")
    done.checked.append(f"{name}: the zip as it was published")
    return found


def _hashes(files: Mapping[str, bytes], done: Verification) -> None:
    found = {name: hashlib.sha256(data).hexdigest() for name, data in files.items() if name != SUMS}
    if SUMS in files:
        done.wrong += wrong_files(found, files[SUMS])
        done.checked.append(f"the SHA-256 of {len(found):,} files")
    else:
        done.left_out.append(f"hashes: there is no {SUMS}")


def _record(files: Mapping[str, bytes], done: Verification) -> RunRecord:
    try:
        record = json.loads(files.get("run.json", b"{}"))
    except ValueError:
        return {}
    if not isinstance(record, dict):
        return {}
    for name, value in (record.get("outputs") or {}).items():
        if name in files and hashlib.sha256(files[name]).hexdigest() != value:
            done.wrong.append(f"{name}: is not the file that run.json names")
    if made := record.get("notebook"):
        edited = "edited by those who ran it" if made.get("edited") else "that of coordlib"
        done.checked.append(f"made by {made['name']}, {edited}, with coordlib {record.get('code_version')}")
    return cast(RunRecord, record)


def _table(data: bytes) -> pd.DataFrame:
    table = pd.read_csv(io.BytesIO(data), dtype=str, keep_default_na=False).map(restore)
    numbers = ("network", "weight", "n_objects", "time_delta", "avg_time_delta", "posted_at", "posted_at_y")
    return table.assign(**{name: pd.to_numeric(table[name]) for name in numbers if name in table})


@dataclass
class _Numbers:
    """The way from the posts of a report to its pairs, edges and networks, followed again."""

    files: Mapping[str, bytes]
    record: RunRecord
    done: Verification

    def follow(self) -> None:
        """Follow it, or say why that is not possible."""
        if not {f"{name}.csv" for name in _CSV} <= set(self.files):
            self.done.left_out.append("the way from posts to networks: this kind of report has other tables")
            return
        try:
            tables = (_table(self.files[f"{name}.csv"]) for name in _CSV)
            self.accounts, self.edges, self.pairs, self.posts = tables
            for step in (self._pairs, self._pairs_again, self._edges, self._threshold, self._networks):
                step()
        except (KeyError, ValueError, TypeError) as error:
            said = f"{type(error).__name__}: {error}"
            self.done.wrong.append(f"the tables cannot be read as those of a report ({said})")

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
        pairs, window = self.pairs, self.record["parameters"]["time_window"]
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
        posts, parameters = self.posts, self.record["parameters"]
        if parameters.get("object_id", "text") != "text" or posts["content_id"].duplicated().any():
            return
        window, ids = parameters["time_window"], ["content_id", "content_id_y"]
        shares = posts[["object_id", "account_id", "content_id"]]
        shares = shares.assign(timestamp_share=posts["posted_at"].astype("int64"))
        made = detect_groups(shares, time_window=window, min_participation=1)
        edges = set(map(frozenset, self.edges[_ENDS].to_numpy()))
        made = made[np.array([frozenset(end) in edges for end in made[_ENDS].to_numpy()], dtype=bool)]
        ours, again = ([frozenset(row) for row in table[ids].to_numpy()] for table in (self.pairs, made))
        known = set(again)
        self._tell("pairs", [row not in known for row in ours], "no such pair follows from posts.csv")
        if absent := known - set(ours):
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
        for name in _SUMS:
            off = known & ~np.isclose(both[name], both[f"{name}_again"].fillna(0), rtol=1e-9)
            self._tell("edges", off, f"{name} is not what pairs.csv adds up to")
        if len(made) > len(edges):
            absent = plural(len(made) - len(edges), "edge")
            self.done.wrong.append(f"edges.csv: of those that follow from pairs.csv {absent} cannot be found")
        self.done.checked.append(f"edges.csv: {plural(len(edges), 'edge')} from the pairs")

    def _threshold(self) -> None:
        histogram, parameters = self.record.get("weights"), self.record["parameters"]
        if not histogram or (parameters.get("evidence") or {}).get("classes"):
            self.done.left_out.append(
                "the threshold: the record does not hold the weights of all edges, or another rule chose them"
            )
            return
        weights = np.repeat(np.array([int(w) for w in histogram]), [int(n) for n in histogram.values()])
        over = over_threshold(weights, parameters["edge_weight"], parameters.get("min_weight"))
        kept = weights[over.astype(bool)]
        found = self.edges["weight"]
        if self.record.get("kind", "day") == "day" and sorted(kept) != sorted(found):
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
        counts = self.record.get("counts") or {}
        for name, n in {"n_accounts": len(accounts), "n_edges": len(edges), "n_networks": parts}.items():
            if counts.get(name) != n:
                self.done.wrong.append(f"run.json: {name} is {counts.get(name)}, and the tables have {n:,}")
        found = f"{plural(len(accounts), 'account')} in {plural(parts, 'network')}"
        self.done.checked.append(f"accounts.csv: {found} from the edges")


def _again(workspace: Workspace, files: Mapping[str, bytes], record: RunRecord, done: Verification) -> None:
    """Run the notebook of a report again, and compare every table."""
    notebook = record.get("notebook") or {}
    if record.get("kind", "day") != "day" or notebook.get("name") not in MODELS:
        done.left_out.append("the notebook again: it is run again for days only")
        return
    template = workspace.notebook(notebook["name"])
    if template_facts(template)["sha256"] != notebook["sha256"]:
        done.left_out.append(f"the notebook again: {template.name} has been changed since")
        return
    known = MODELS[template.name].model_fields
    values = {name: value for name, value in record["parameters"].items() if name in known}
    with tempfile.TemporaryDirectory() as place:
        made = Path(place) / "again"
        given = {**values, "workspace": str(workspace.root.resolve()), "output_dir": str(made)}
        try:
            run_notebook(template, Path(place) / "notebook.ipynb", given)
        except RunError as error:
            done.wrong.append(f"the notebook: fails now ({error})")
            return
        for path in sorted(made.glob("*.csv")):
            was, now = (data.splitlines() for data in (files.get(path.name, b""), path.read_bytes()))
            if files.get(path.name, b"") != path.read_bytes():
                differs = (n for n, (one, two) in enumerate(zip(was, now, strict=False)) if one != two)
                line = next(differs, min(len(was), len(now))) + 1
                done.wrong.append(
                    f"{path.name}, line {line}: is another when the notebook is run again ({len(was):,} lines, {len(now):,} now)"
                )
    done.checked.append(f"{template.name}: run again on the stored posts")
