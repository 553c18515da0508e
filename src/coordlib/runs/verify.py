"""Checking a published report: are its files those that were published, and do its numbers follow from its posts?

What is checked needs the report alone. In the workspace it was made in, where the posts of its day are stored, its notebook is
run again too and every table compared.
"""

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
from coordlib.report.text import restore
from coordlib.report.words import plural
from coordlib.runs.notebooks import MODELS, run_notebook, template_facts
from coordlib.site.publish import VIEWS, as_made, zip_is_whole
from coordlib.sources.published import report_files

_CSV = ("accounts", "edges", "pairs", "posts")
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
        head = "identical" if self.identical else f"differs in {plural(len(self.wrong), 'place')}"
        told = [f"checked: {words}" for words in self.checked] + [
            f"not checked: {words}" for words in self.left_out
        ]
        return [*told, *(f"wrong: {words}" for words in self.wrong), head]


def verify(source: Path | str, *, again: bool = True) -> Verification:
    """Check a published report.

    Parameters
    ----------
    source
        The zip of a report, its folder on a site or in a workspace, or the address of either; of a folder of versions the newest.
    again
        In the workspace of the report, run its notebook again and compare every table.

    Returns
    -------
    Verification
        ``identical``, and lines that name file and line of what differs.

    Raises
    ------
    FileFormatError
        It is no report: there is neither ``run.json`` nor ``SHA256SUMS``.
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
    views = [
        name
        for name in files
        if re.match(r"v\d+/", name) or (VIEWS.fullmatch(name) and f"  {name}\n" not in listed)
    ]
    files = {name: data for name, data in files.items() if name not in views}
    if not {"run.json", SUMS} & set(files):
        if done.wrong:
            return done
        raise FileFormatError(f"{source}: is no report of coordlib (neither run.json nor {SUMS} is in it)")
    _hashes(files, done)
    files = {name.removesuffix(".gz"): as_made(name, data) for name, data in files.items()}
    if views:
        done.left_out.append(
            f"the page as it looks ({', '.join(sorted(views)[:3])}): it is made from the files"
        )
    record = _record(files, done)
    if record:
        _numbers(files, record, done)
        workspace = _workspace(folder)
        if again and workspace is not None:
            _again(workspace, files, record, done)
        elif not again or record.get("kind", "day") in ("day", "component"):
            done.left_out.append(
                "whether the posts of the day lead to the same network: they are not in the report"
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
    notebook = record.get("notebook") or {}
    if notebook:
        edited = "edited by those who ran it" if notebook.get("edited") else "that of coordlib"
        done.checked.append(
            f"made by {notebook['name']}, {edited}, with coordlib {record.get('code_version')}"
        )
    return cast(RunRecord, record)


def _numbers(files: Mapping[str, bytes], record: RunRecord, done: Verification) -> None:
    """Follow the numbers from the posts to the pairs, edges and networks."""
    if not {f"{name}.csv" for name in _CSV} <= set(files):
        done.left_out.append("the way from posts to networks: this kind of report has other tables")
        return
    try:
        tables = {name: _table(files[f"{name}.csv"]) for name in _CSV}
        for step in (_pairs_follow, _edges_follow, _threshold_follows, _networks_follow):
            step(tables, files, record, done)
    except (KeyError, ValueError, TypeError) as error:
        done.wrong.append(f"the tables cannot be read as those of a report ({type(error).__name__}: {error})")


def _table(data: bytes) -> pd.DataFrame:
    table = pd.read_csv(io.BytesIO(data), dtype=str, keep_default_na=False).map(restore)
    numbers = ("network", "weight", "n_objects", "time_delta", "avg_time_delta", "posted_at", "posted_at_y")
    return table.assign(**{name: pd.to_numeric(table[name]) for name in numbers if name in table})


def line_of(data: bytes, row: int) -> int:
    """Return the line of a file on which a row of its table begins; cells may hold line breaks.

    Examples
    --------
    >>> line_of(b'a\\n"x\\ny"\\nz\\n', 1)
    4
    """
    reader = csv.reader(io.StringIO(data.decode("utf-8", errors="replace"), newline=""))
    for _ in range(row + 1):
        next(reader, None)
    return reader.line_num + 1


def _tell(name: str, rows: Any, files: Mapping[str, bytes], words: str, done: Verification) -> None:
    """Name the first of the rows that are wrong, and how many there are."""
    places = np.flatnonzero(np.asarray(rows))
    if len(places):
        more = f" (and {len(places) - 1:,} more)" if len(places) > 1 else ""
        done.wrong.append(f"{name}.csv, line {line_of(files[f'{name}.csv'], int(places[0]))}: {words}{more}")


def _pairs_follow(tables: Any, files: Mapping[str, bytes], record: RunRecord, done: Verification) -> None:
    pairs, posts, window = tables["pairs"], tables["posts"], record["parameters"]["time_window"]
    _tell(
        "pairs",
        pairs["time_delta"] != (pairs["posted_at_y"] - pairs["posted_at"]).abs(),
        files,
        "time_delta is not the time between its two posts",
        done,
    )
    _tell(
        "pairs", pairs["time_delta"] > window, files, f"the posts lie more than {window} seconds apart", done
    )
    times = posts.drop_duplicates("content_id").set_index("content_id")
    for end in ("", "_y"):
        known = pairs[f"content_id{end}"].map(times["posted_at"])
        _tell("pairs", known.isna(), files, f"the post content_id{end} is not in posts.csv", done)
        _tell(
            "pairs",
            known.notna() & (known != pairs[f"posted_at{end}"]),
            files,
            f"posted_at{end} is another than in posts.csv",
            done,
        )
        owner = pairs[f"content_id{end}"].map(times["account_id"])
        _tell(
            "pairs",
            owner.notna() & (owner != pairs[f"account_id{end}"]),
            files,
            f"account_id{end} is another than in posts.csv",
            done,
        )
    done.checked.append(f"pairs.csv: {len(pairs):,} pairs from {len(posts):,} posts")
    if record["parameters"].get("object_id", "text") != "text" or posts["content_id"].duplicated().any():
        return
    shares = posts[["object_id", "account_id", "content_id"]].assign(
        timestamp_share=posts["posted_at"].astype("int64")
    )
    made = detect_groups(shares, time_window=window, min_participation=1)
    edges = set(map(frozenset, tables["edges"][["account_id", "account_id_y"]].to_numpy()))
    ends = made[["account_id", "account_id_y"]].to_numpy()
    made = made[np.fromiter((frozenset(end) in edges for end in ends), dtype=bool, count=len(made))]
    ids = ["content_id", "content_id_y"]
    ours, again = ([frozenset(row) for row in table[ids].to_numpy()] for table in (pairs, made))
    known = set(again)
    _tell("pairs", [row not in known for row in ours], files, "no such pair follows from posts.csv", done)
    if absent := known - set(ours):
        first = " and ".join(sorted(min(map(sorted, absent))))
        done.wrong.append(
            f"pairs.csv: of those that follow from posts.csv {plural(len(absent), 'pair')} cannot be found, such as {first}"
        )
    done.checked.append(f"posts.csv: detected again within {window} seconds, {len(made):,} pairs")


def _edges_follow(tables: Any, files: Mapping[str, bytes], record: RunRecord, done: Verification) -> None:
    edges, pairs = tables["edges"], tables["pairs"]
    made = coordinated_edges(pairs.assign(time_delta=pairs["time_delta"].astype("int64")))
    ends = ["account_id", "account_id_y"]
    both = edges[[*ends, "weight", "n_objects", "avg_time_delta"]].merge(
        made, on=ends, how="left", suffixes=("", "_again")
    )
    _tell("edges", both["weight_again"].isna(), files, "no pair in pairs.csv is behind this edge", done)
    for name in ("weight", "n_objects", "avg_time_delta"):
        off = both[f"{name}_again"].notna() & ~np.isclose(
            both[name], both[f"{name}_again"].fillna(0), rtol=1e-9
        )
        _tell("edges", off, files, f"{name} is not what pairs.csv adds up to", done)
    if len(made) > len(edges):
        done.wrong.append(
            f"edges.csv: of those that follow from pairs.csv {plural(len(made) - len(edges), 'edge')} cannot be found"
        )
    done.checked.append(f"edges.csv: {plural(len(edges), 'edge')} from the pairs")


def _threshold_follows(
    tables: Any, files: Mapping[str, bytes], record: RunRecord, done: Verification
) -> None:
    histogram, parameters = record.get("weights"), record["parameters"]
    if not histogram or (parameters.get("evidence") or {}).get("classes"):
        done.left_out.append(
            "the threshold: the record does not hold the weights of all edges, or another rule chose them"
        )
        return
    weights = np.repeat(np.array([int(w) for w in histogram]), [int(n) for n in histogram.values()])
    kept = weights[
        over_threshold(weights, parameters["edge_weight"], parameters.get("min_weight")).astype(bool)
    ]
    if record.get("kind", "day") == "day" and sorted(kept) != sorted(tables["edges"]["weight"]):
        done.wrong.append(
            f"edges.csv: {len(tables['edges']):,} edges, and the threshold keeps {len(kept):,} of the weights in run.json"
        )
    least = kept.min() if len(kept) else np.inf
    _tell("edges", tables["edges"]["weight"] < least, files, "the edge is not over the threshold", done)
    done.checked.append(f"the threshold: {len(kept):,} of {len(weights):,} edges are over it")


def _networks_follow(tables: Any, files: Mapping[str, bytes], record: RunRecord, done: Verification) -> None:
    accounts, edges = tables["accounts"], tables["edges"]
    number = dict(zip(accounts["account_id"], accounts["network"], strict=True))
    graph: nx.Graph[str] = nx.Graph(edges[["account_id", "account_id_y"]].to_numpy().tolist())
    _tell("accounts", ~accounts["account_id"].isin(set(graph)), files, "no edge leads to this account", done)
    ends = [[number.get(name) for name in edges[end]] for end in ("account_id", "account_id_y")]
    _tell(
        "edges",
        [a is None or a != b for a, b in zip(*ends, strict=True)],
        files,
        "its two accounts are not in one network of accounts.csv",
        done,
    )
    parts = nx.number_connected_components(graph)
    if parts != accounts["network"].nunique():
        done.wrong.append(
            f"accounts.csv: {accounts['network'].nunique():,} networks, and the edges make {parts:,}"
        )
    counts = record.get("counts") or {}
    for name, value in {"n_accounts": len(accounts), "n_edges": len(edges), "n_networks": parts}.items():
        if counts.get(name) != value:
            done.wrong.append(f"run.json: {name} is {counts.get(name)}, and the tables have {value:,}")
    done.checked.append(
        f"accounts.csv: {plural(len(accounts), 'account')} in {plural(parts, 'network')} from the edges"
    )


def _workspace(folder: Path | None) -> Workspace | None:
    """The workspace whose report a folder is, with the posts it was made from."""
    place = Workspace(folder.resolve().parents[2]) if folder and len(folder.resolve().parents) > 2 else None
    return place if place and place.database.is_file() else None


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
            _compare(path.name, files.get(path.name, b""), path.read_bytes(), done)
    done.checked.append(f"{template.name}: run again on the stored posts")


def _compare(name: str, was: bytes, now: bytes, done: Verification) -> None:
    if was == now:
        return
    lines, again = was.splitlines(), now.splitlines()
    place = next(
        (n for n, (one, two) in enumerate(zip(lines, again, strict=False)) if one != two),
        min(len(lines), len(again)),
    )
    done.wrong.append(
        f"{name}, line {place + 1}: is another when the notebook is run again ({len(lines):,} lines, {len(again):,} now)"
    )
