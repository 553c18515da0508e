"""The kernel compiled and in plain numpy: the same tables to the last byte, and both those of two plain loops."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from coordlib.detect import coordinated_edges, detect_groups, kernel
from coordlib.detect.codes import Codes, number_texts
from coordlib.detect.engine import find_edges, window_rows
from coordlib.detect.threshold import over_threshold

pytest.importorskip("numba")

#: COORDLIB_TABLES=5000 compares that many, in a minute.
TABLES = int(os.environ.get("COORDLIB_TABLES", "500"))


def random_shares(random: np.random.Generator) -> pd.DataFrame:
    """A small table with ties in time, contents of several objects and accounts, repeated rows and missing cells."""
    n = int(random.integers(0, 60))
    frame = pd.DataFrame(
        {
            "object_id": random.choice(["o1", "o2", "o3", "c4"], n),
            "account_id": random.choice(["A", "B", "C", "D", "é", "Z"], n),
            "content_id": [f"c{number}" for number in random.integers(0, max(n, 1), n)],
        },
        dtype="str",
    )
    frame["timestamp_share"] = pd.Series(random.integers(0, 90, n), dtype="Int64")
    for name in frame:
        frame.loc[random.random(n) < 0.03, name] = None
    return frame


def definition(
    shares: pd.DataFrame, window: int, least: int, apart: int
) -> dict[tuple[str, str], list[object]]:
    """Edges by plain loops, word for word as the rules say: weight, seconds, objects, contents of each account."""
    rows = shares.astype(object).where(shares.notna(), None).to_numpy().tolist()
    accounts = [row[1] for row in rows]
    rows = [row for row in rows if accounts.count(row[1]) >= least]
    pairs = []
    for place, one in enumerate(rows):
        for two in rows[:place]:
            (o, a, c, t), (o2, a2, c2, t2) = one, two
            known = None not in (*one, *two)
            if (
                known
                and o == o2
                and apart <= abs(t - t2) <= window
                and a != a2
                and c != c2
                and o not in (c, c2)
            ):
                pairs.append((one, two))
    found = {row[2] for pair in pairs for row in pair}
    counted = [row[1] for row in rows if row[2] in found]
    passing = {row[2] for row in rows if row[2] in found and counted.count(row[1]) >= least}
    edges: dict[tuple[str, str], list[object]] = {}
    for one, two in pairs:
        if one[2] in passing or two[2] in passing or least == 0:
            low, high = sorted([one, two], key=lambda row: row[1])
            edge = edges.setdefault((low[1], high[1]), [0, 0, set(), set(), set()])
            edge[0] += 1  # type: ignore[operator]
            edge[1] += abs(one[3] - two[3])
            for number, value in ((2, one[0]), (3, low[2]), (4, high[2])):
                edge[number].add(value)  # type: ignore[attr-defined]
    return edges


@pytest.mark.slow
def test_random_tables_give_the_same_compiled_plain_and_by_definition(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One engine in two forms; public report: CooRTweet's rules, see docs/ported-functions.md."""
    random = np.random.default_rng(7)
    some = 0
    for number in range(TABLES):
        shares = random_shares(random)
        window, least = int(random.integers(0, 60)), int(random.integers(0, 4))
        apart = int(random.integers(0, window + 1)) if number % 2 else 0
        loops, compat = bool(number % 3), "coortweet" if number % 4 == 0 else None
        results = []
        for start in (0, 10**9):
            monkeypatch.setattr(kernel, "COMPILED_FROM", start)
            pairs = detect_groups(shares, window, least, loops, compat, apart)
            results.append((pairs, coordinated_edges(pairs, compat=compat)))
        for one, two in zip(*results, strict=True):
            pd.testing.assert_frame_equal(one, two)
        if loops and compat is None:
            edges = results[0][1]
            wanted = definition(shares, window, least, apart)
            got = {
                (row.account_id, row.account_id_y): [
                    row.weight,
                    round(row.avg_time_delta * row.weight),
                    row.n_objects,
                    row.n_content_id,
                    row.n_content_id_y,
                ]
                for row in edges.itertuples()
            }
            assert got == {key: [*edge[:2], *map(len, edge[2:])] for key, edge in wanted.items()}  # type: ignore[arg-type]
            assert {key: set(names) for key, names in zip(got, edges["object_ids"], strict=True)} == {
                key: edge[2] for key, edge in wanted.items()
            }
            some += bool(wanted)
    assert some > TABLES / 5, "most tables hold edges, or nothing was compared"


def test_without_numba_detection_runs_in_plain_numpy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COORDLIB_PLAIN", "1")
    monkeypatch.setattr(kernel, "COMPILED_FROM", 0)
    kernel._compiled.cache_clear()
    try:
        assert kernel._compiled() is None
        frame = random_shares(np.random.default_rng(3))
        assert len(detect_groups(frame, 60, 0)) > 0
    finally:
        kernel._compiled.cache_clear()


def test_many_objects_of_one_edge_in_any_order_keep_their_first_appearance(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names = [f"o{n % 37}" for n in range(500, 0, -1)]
    pairs = pd.DataFrame(
        {
            "object_id": names,
            "account_id": "a",
            "account_id_y": "b",
            "content_id": [f"c{n % 19}" for n in range(500)],
            "content_id_y": [f"d{n % 5}" for n in range(500)],
            "time_delta": 1,
        }
    )
    for start in (0, 10**9):
        monkeypatch.setattr(kernel, "COMPILED_FROM", start)
        edge = coordinated_edges(pairs).iloc[0]
        assert edge["object_ids"] == list(dict.fromkeys(names))
        assert (edge["n_objects"], edge["n_content_id"], edge["n_content_id_y"]) == (37, 19, 5)


def test_large_keys_are_sorted_in_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernel, "COMPILED_FROM", 0)
    keys = np.random.default_rng(1).integers(0, 2**40, 1_000)
    keys[::7] = keys[0]
    assert kernel.order_by(keys).tolist() == np.argsort(keys, kind="stable").tolist()


def test_texts_have_one_number_when_they_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernel, "COMPILED_FROM", 0)
    rare = [f"t{number}" for number in range(100)]
    for texts in (
        [],
        ["b", "a", None, "bb", "a", "é", "b"],
        [*rare, None, "t7", None, "t9", "t7"],
        rare,
        [None],
    ):
        # Part of a longer array, as a batch of a table may be.
        numbers, count = number_texts(pa.array(["x", *texts], pa.large_string())[1:])
        named = dict(zip(texts, numbers.tolist(), strict=True))
        assert [named[text] for text in texts] == numbers.tolist()
        assert named.pop(None, -1) == -1
        assert sorted(named.values()) == list(range(count)) == list(range(len(named)))


def test_importing_the_library_loads_neither_numba_nor_the_compiled_kernel(tmp_path: Path) -> None:
    import subprocess
    import sys

    code = "import sys, coordlib; coordlib.detect_groups; print('numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "False\n"


def test_edges_of_an_arrow_table_are_those_of_the_data_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(11)
    for _ in range(TABLES // 4):
        shares = random_shares(random)
        window, least = int(random.integers(0, 60)), int(random.integers(0, 4))
        apart = int(random.integers(0, window + 1)) if window % 2 else 0
        wanted = coordinated_edges(detect_groups(shares, window, least, time_window_low=apart))
        wanted = wanted.sort_values(["account_id", "account_id_y"], ignore_index=True)
        repeated = shares["content_id"].notna() & shares.duplicated(["object_id", "content_id"])
        for start, chunk in ((0, 8_000_000), (10**9, 3)):
            monkeypatch.setattr(kernel, "COMPILED_FROM", start)
            monkeypatch.setattr(kernel, "CHUNK", chunk)
            codes = Codes.from_batches(pa.Table.from_pandas(shares, preserve_index=False).to_batches(7))
            assert codes.has_duplicates() == repeated.any()
            found = find_edges(window_rows(codes, least), window, apart)
            batches = found.batches(lambda weights: over_threshold(weights, 0.9))
            assert pa.Table.from_batches(list(batches)).to_pylist() == wanted.to_dict("records")


def test_blank_ids_are_missing_and_numbers_are_text() -> None:
    table = pa.table(
        {
            "object_id": ["o", "", " ", "o", "\u00a0", None],
            "account_id": [1, 2, 3, 4, 5, 6],
            "content_id": pa.array(["a", "b", "c", "\t", "d", "e"]).dictionary_encode(),
            "timestamp_share": pa.array([1, 2, None, 4, 5, 6]),
        }
    )
    codes = Codes.from_batches(table.to_batches())
    assert codes.lacking() == {"object": 4, "account": 0, "content": 1, "time": 1}
    assert codes.account_names.to_pylist() == list("123456")
