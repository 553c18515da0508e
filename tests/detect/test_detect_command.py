"""coordlib detect: a table in, a whole file of edges out, or one line that says what is wrong."""

from __future__ import annotations

import csv
import gzip
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
import pytest
import tqdm

from coordlib import coordinated_edges, detect_groups, edges_to_graph, prep_data
from coordlib.cli import main
from coordlib.parameters import DetectionParameters
from coordlib.report.graphml import write_graphml
from coordlib.report.tables import write_csv
from coordlib.runs import edge_list

HEADER = "object_id,account_id,content_id,timestamp_share\n"
ROWS = (
    '"a caption, with comma\nand =line",=cmd,7583486171670498590,2025-01-01T00:00:00Z\n'
    '"a caption, with comma\nand =line",bob,7583486171670498591,2025-01-01 00:00:30\n'
    "other,=cmd,3,1735689700\nother,bob,4,1735689701\nother,carol,5,1735689702\nthird,carol,6,1735600005\n"
)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    file = tmp_path / "shares.csv"
    file.write_text(HEADER + ROWS, encoding="utf-8")
    return file


def run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: object
) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of a command."""
    monkeypatch.setattr(sys, "argv", ["coordlib", "detect", *map(str, words)])
    with pytest.raises(SystemExit) as stop:
        main()
        raise SystemExit(0)
    out, err = capsys.readouterr()
    return int(stop.value.code or 0), out, err


def test_edges_are_written_as_csv_and_one_line_says_what_was_found(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = run(monkeypatch, capsys, source, "-o", tmp_path / "edges.csv")
    assert (code, err) == (0, "")
    assert out.count("\n") == 1
    assert (
        "1 edge between 2 accounts, from 4 pairs of posts in 6 shares (threshold 1.8); 1 of all 3 edges over it"
        in out
    )
    assert len(pd.read_csv(tmp_path / "edges.csv")) == 1, (
        "the edges over the threshold, unless all are asked for"
    )
    code, out, err = run(monkeypatch, capsys, source, "-o", tmp_path / "edges.csv", "--subgraph", 0)
    assert "3 edges between 3 accounts" in out
    with (tmp_path / "edges.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["account_id"] for row in rows] == ["'=cmd", "'=cmd", "bob"]
    assert sorted(json.loads(rows[0]["object_ids"])) == ["a caption, with comma\nand =line", "other"]
    assert [row["weight_threshold"] for row in rows] == ["1", "0", "0"]


@pytest.mark.parametrize("kind", ["csv.gz", "parquet"])
def test_gzipped_and_parquet_input_give_the_same_edges(
    kind: str,
    source: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    other = tmp_path / f"other.{kind}"
    if kind == "parquet":
        pd.read_csv(source, dtype=str).to_parquet(other)
    else:
        other.write_bytes(gzip.compress(source.read_bytes()))
    for file, name in ((source, "one.csv"), (other, "two.csv")):
        assert run(monkeypatch, capsys, file, "-o", tmp_path / name)[0] == 0
    assert (tmp_path / "one.csv").read_bytes() == (tmp_path / "two.csv").read_bytes()


@pytest.mark.parametrize("ending", ["csv", "parquet", "graphml"])
def test_the_order_of_the_rows_changes_no_byte_of_the_result(
    ending: str,
    source: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    random, many = (
        np.random.default_rng(1),
        tmp_path / "many.csv",
    )  # many of one second, so that order is at stake
    columns = {"object_id": 25, "account_id": 8, "content_id": 10_000, "timestamp_share": 60}
    drawn = pd.DataFrame({name: random.integers(0, most, 400) for name, most in columns.items()})
    drawn["timestamp_share"] += 1_700_000_000
    drawn.drop_duplicates("content_id").to_csv(many, index=False)
    shuffled = tmp_path / "shuffled.csv"
    for table in (source, many):
        rows, results = pd.read_csv(table, dtype=str), []
        for seed in range(4):
            mixed = rows.sample(frac=1, random_state=seed)
            mixed.to_csv(shuffled, index=False)
            output = tmp_path / f"{seed}.{ending}"
            assert run(monkeypatch, capsys, shuffled, "-o", output, "--subgraph", 0)[0] == 0
            pairs = detect_groups(prep_data(mixed), 30) if table == many else mixed.sort_values("content_id")
            results.append((output.read_bytes(), pairs.to_csv(index=False)))
        assert len(set(results)) == 1


def test_the_same_edges_come_as_parquet_and_as_graphml(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("edges.parquet", "edges.graphml"):
        assert run(monkeypatch, capsys, source, "-o", tmp_path / name, "--subgraph", 1)[0] == 0
    table = pd.read_parquet(tmp_path / "edges.parquet")
    graph = nx.read_graphml(tmp_path / "edges.graphml")
    assert table[["account_id", "account_id_y", "weight"]].to_numpy().tolist() == [["=cmd", "bob", 2]]
    assert [(*sorted(e[:2]), e[2]["weight"]) for e in graph.edges(data=True)] == [("=cmd", "bob", 2)]


def test_columns_can_have_other_names(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    source.write_text("what,who,post,when\n" + ROWS, encoding="utf-8")
    names = [
        "--object-id",
        "what",
        "--account-id",
        "who",
        "--content-id",
        "post",
        "--timestamp-share",
        "when",
    ]
    assert run(monkeypatch, capsys, source, "-o", tmp_path / "edges.csv", *names)[0] == 0


@pytest.mark.parametrize(
    ("content", "options", "words"),
    [
        (b"", [], ["the file is empty"]),
        (HEADER.encode(), [], ["no rows"]),
        (
            b"object,account_id,content_id,timestamp_share\no,a,1,0\n",
            [],
            ["missing column 'object_id'", "'object'"],
        ),
        (
            HEADER.encode() + b'"two\nlines",a,1,0\no,b,2,soon\n',
            [],
            ["line 4", "'timestamp_share'", "'soon'"],
        ),
        (HEADER.encode() + b"o,a,1,0\no,a,1,0\no,b,2,5\n", [], ["line 3", "content '1'", "drop"]),
        (HEADER.encode() + b"o,a\x00,1,0\n", [], ["line 2", "'account_id'", "NUL"]),
        (HEADER.encode() + "o,café,1,0\n".encode("latin-1"), [], ["line 2", "'account_id'", "UTF-8"]),
        (HEADER.encode() + b"o,a,1,0,5\n", [], ["line 2", "5 cells"]),
        (HEADER.encode() + b"o,a\no,b,2,0\n", [], ["line 2", "2 cells"]),
        (
            b"object_id,account_id,content_id,timestamp_share,account_id\no,a,1,0,b\n",
            [],
            ["line 1", "'account_id'"],
        ),
        (
            HEADER.encode() + b"o,a,1,2025-01-01\no,b,2,2025-01-01\n",
            [],
            ["'timestamp_share'", "without an hour"],
        ),
        (HEADER.encode() + b"o,a,1,0\n", ["--time-windw", "5"], ["--time-windw", "--time-window"]),
        (HEADER.encode() + b"o,a,1,0\n", ["--edge-weight", "0,9"], ["--edge-weight", "number"]),
        (HEADER.encode() + b"o,a,1,0\n", ["--edge-weight", "nan"], ["edge_weight", "nan"]),
        (HEADER.encode() + b"o,a,1,0\n", ["--time-window", "-1"], ["time_window", "-1"]),
        (HEADER.encode() + b"o,a,1,0\n", ["--edge-weight", "1.5"], ["edge_weight", "1.5"]),
        (HEADER.encode() + b"o,a,1,0\n", ["--duplicates", "ignore"], ["--duplicates ignore"]),
        (HEADER.encode() + b"o,a,1,0\n", ["--subgraph", "3"], ["subgraph"]),
    ],
    ids=[
        "empty",
        "no rows",
        "column",
        "time",
        "duplicate",
        "nul",
        "encoding",
        "long row",
        "short row",
        "column twice",
        "days",
        "option",
        "no number",
        "not a number",
        "window",
        "weight",
        "duplicates",
        "subgraph",
    ],
)
def test_bad_input_is_one_line_and_nothing_is_written(
    content: bytes,
    options: list[str],
    words: list[str],
    source: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    source.write_bytes(content)
    code, out, err = run(monkeypatch, capsys, source, "-o", tmp_path / "edges.csv", *options)
    assert (code, out) == (2, "")
    assert err.startswith("coordlib: ")
    assert err.count("\n") == 1
    for word in words:
        assert word in err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["shares.csv"]


@pytest.mark.parametrize("name", ["edges.txt", "nowhere/edges.csv", "folder.csv", "shares.csv"])
def test_a_result_that_cannot_be_written_is_said_before_any_work(
    name: str,
    source: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "folder.csv").mkdir()
    code, _, err = run(monkeypatch, capsys, source, "-o", tmp_path / name)
    assert code == 2
    assert name in err
    assert err.count("\n") == 1
    assert source.read_text(encoding="utf-8") == HEADER + ROWS


def test_an_interrupted_write_leaves_the_earlier_result(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "edges.csv"
    target.write_text("earlier", encoding="utf-8")

    def fails(batches: object, path: Path) -> None:
        path.write_text("half", encoding="utf-8")
        raise OSError(28, "No space left on device")

    monkeypatch.setitem(edge_list.WRITERS, ".csv", fails)
    code, _, err = run(monkeypatch, capsys, source, "-o", target)
    assert code == 1
    assert "No space left on device" in err
    assert target.read_text(encoding="utf-8") == "earlier"
    assert len(list(tmp_path.iterdir())) == 2


def test_shares_without_coordination_are_an_edge_table_without_rows(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = run(monkeypatch, capsys, source, "-o", tmp_path / "edges.csv", "--time-window", 0)
    assert code == 0
    assert "0 edges" in out
    assert len((tmp_path / "edges.csv").read_text(encoding="utf-8").splitlines()) == 1


def test_shares_that_can_be_in_no_pair_are_counted(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    source.write_text(
        HEADER + ROWS + ",bob,8,1735600005\nother,,9,1735689700\nother,dan,10,\n", encoding="utf-8"
    )
    code, out, _ = run(monkeypatch, capsys, source, "-o", tmp_path / "edges.csv")
    assert code == 0
    assert "from 4 pairs of posts in 9 shares" in out
    assert "shares that could be in no pair: 1 without object, 1 without account, 1 without time" in out


def test_days_without_an_hour_suit_a_window_of_a_day(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    source.write_text(HEADER + "o,a,1,2025-01-01\no,b,2,2025-01-02\n", encoding="utf-8")
    words = (source, "-o", tmp_path / "edges.csv", "--min-participation", 1, "--time-window", 86_400)
    code, out, _ = run(monkeypatch, capsys, *words)
    assert (
        code,
        "from 1 pair of posts in 2 shares (threshold 1); 0 of all 1 edge over it; the only edge lies at the top weight"
        in out,
    ) == (0, True)


def test_an_export_is_recognised_as_import_recognises_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [
        f"{n},{'ann' if n % 2 else 'bob'},2026-01-02 10:{n // 2:02d}:0{n % 2},Tea {n // 2}\n"
        for n in range(8)
    ]
    (tmp_path / "posts.csv").write_text("id,username,date,text\n" + "".join(rows), encoding="utf-8")
    code, out, err = run(
        monkeypatch, capsys, tmp_path / "posts.csv", "-o", tmp_path / "e.csv", "--min-weight", 2
    )
    assert (code, err) == (0, "")
    assert "read as" in out and "1 edge between 2 accounts" in out


def test_a_ring_of_equals_is_told_from_no_coordination(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [
        f"caption {o},account{a},{o}-{a},{1_735_689_600 + 3600 * o + a}\n"
        for o in range(10)
        for a in range(8)
    ]
    (tmp_path / "ring.csv").write_text(HEADER + "".join(rows), encoding="utf-8")
    code, out, _ = run(monkeypatch, capsys, tmp_path / "ring.csv", "-o", tmp_path / "e.csv")
    assert code == 0
    assert "28 edges tie at the top weight of 10, so the 0.9 quantile keeps none: use min_weight" in out


def test_a_folder_and_a_pattern_of_tables_are_one_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Public report: issue 2 of the engine's list, shares exported in one file a day."""
    table = pd.DataFrame(
        {
            "object_id": ["o", "o", "p", "p"],
            "account_id": [7, 8, 7, 8],
            "content_id": ["1", "2", "3", "4"],
            "timestamp_share": [1735689600, 1735689610, 1735689700, 1735689705],
        }
    )
    for kind in ("parquet", "csv"):
        folder = tmp_path / kind
        folder.mkdir()
        for number, part in enumerate((table[:1], table[1:3], table[3:])):
            file = folder / f"day-{number}.{kind}"
            _ = part.to_parquet(file) if kind == "parquet" else part.to_csv(file, index=False)
        for source in (folder, folder / f"day-*.{kind}"):
            code, out, err = run(monkeypatch, capsys, source, "-o", tmp_path / "edges.csv", "--subgraph", 0)
            assert (code, err) == (0, "")
            assert "from 2 pairs of posts in 4 shares" in out
    code, _, err = run(monkeypatch, capsys, tmp_path / "none-*.csv", "-o", tmp_path / "edges.csv")
    assert (code, err.count("\n")) == (2, 1)
    assert "none-*.csv" in err


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"content_id": ["1", "2", "3", " ", "5"]},
        {"account_id": [1, 2, 1, 2, 3]},
        {"account_id": [None, "b", "a", "", "c"]},
        {"timestamp_share": [1735689600, None, 1735689700, 1735689705, 1735689706]},
        {"timestamp_share": [1735689600000, 1735689610000, 1735689700000, 1735689705000, 1735689706000]},
        {"object_id": ["o", "o", "4", "4", "4"]},
        {"account_id": ["=cmd", 'a"b', "=cmd", "c,d\n", "é"]},
    ],
    ids=["plain", "blank", "numbers", "missing", "no time", "milliseconds", "of itself", "hostile"],
)
def test_parquet_read_at_once_gives_the_bytes_the_careful_reader_gives(
    change: dict[str, list[object]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = pd.DataFrame(
        {
            "object_id": ["o", "o", "p", "p", "p"],
            "account_id": ["a", "b", "a", "b", "c"],
            "content_id": list("12345"),
            "timestamp_share": [1735689600, 1735689610, 1735689700, 1735689705, 1735689706],
        }
        | change
    )
    source = tmp_path / "shares.parquet"
    table.assign(timestamp_share=table["timestamp_share"].astype("Int64")).to_parquet(source)
    parameters = DetectionParameters(time_window=60, min_participation=1)
    for ending in ("csv", "parquet"):
        at_once, careful = tmp_path / f"one.{ending}", tmp_path / f"two.{ending}"
        one = edge_list.detect_file(source, at_once, parameters=parameters, subgraph=0)
        with monkeypatch.context() as patched:
            patched.setattr(edge_list, "plain_codes", lambda *given: None)
            two = edge_list.detect_file(source, careful, parameters=parameters, subgraph=0)
        assert at_once.read_bytes() == careful.read_bytes()
        assert replace(one, output=two.output) == two


def test_a_terminal_sees_how_far_it_is(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bars = list[dict[str, object]]()

    class Bar(tqdm.tqdm):
        def __init__(self, **how: Any) -> None:
            super().__init__(**how | {"delay": 0})

        def close(self) -> None:
            bars.append({"desc": self.desc, "n": self.n, "total": self.total})
            super().close()

    monkeypatch.setattr(tqdm, "tqdm", Bar)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    edge_list.detect_file(
        source, tmp_path / "edges.csv", DetectionParameters(min_participation=1), subgraph=0
    )
    assert {"desc": "reading", "n": 6, "total": 10} in bars, "as many rows as lines at most"
    assert {"desc": "writing edges", "n": 3, "total": 3} in bars
    capsys.readouterr()


def test_a_plain_table_loads_neither_pandas_nor_networkx(tmp_path: Path, source: Path) -> None:
    """A million shares take as long as loading those and the library of the service."""
    pd.read_csv(source, dtype={"content_id": "str"}).assign(
        timestamp_share=range(1735689600, 1735689606)
    ).to_parquet(tmp_path / "shares.parquet")
    code = (
        "import sys; from coordlib.cli.app import main; sys.argv[1:] = sys.argv[2:]\ntry: main()\nfinally: "
        "print({'pandas', 'networkx', 'scipy', 'numba', 'httpx'} & set(sys.modules))"
    )
    words = ["detect", tmp_path / "shares.parquet", "-o", tmp_path / "edges.parquet", "--min-weight", 1]
    done = subprocess.run([sys.executable, "-c", code, "-", *map(str, words)], capture_output=True, text=True)
    assert "edges.parquet: " in done.stdout and done.stdout.endswith("set()\n"), done


def test_the_file_of_edges_is_the_data_frame_of_edges(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    random = np.random.default_rng(5)
    n = 3_000
    shares = pd.DataFrame(
        {
            "object_id": random.choice(["=o", 'o"1', "ö,", "z"], n),
            "account_id": random.choice(list("abcdefgh"), n),
            "content_id": [f"c{number}" for number in range(n)],
            "timestamp_share": 1735689600 + random.integers(0, 90_000, n),
        }
    )
    shares.to_parquet(tmp_path / "shares.parquet")
    edge_list.detect_file(tmp_path / "shares.parquet", tmp_path / "edges.csv", subgraph=0)
    edge_list.detect_file(tmp_path / "shares.parquet", tmp_path / "edges.parquet", subgraph=0)
    edge_list.detect_file(tmp_path / "shares.parquet", tmp_path / "apart.csv", subgraph=0, time_window_low=7)
    apart = coordinated_edges(detect_groups(shares, time_window_low=7))
    write_csv(apart.sort_values(["account_id", "account_id_y"]), tmp_path / "wanted.csv")
    assert (tmp_path / "apart.csv").read_bytes() == (tmp_path / "wanted.csv").read_bytes()
    monkeypatch.setattr(edge_list, "_TEXT_ROWS", 5)
    for ending in ("csv", "graphml"):
        edge_list.detect_file(tmp_path / "shares.parquet", tmp_path / f"few.{ending}", subgraph=0)
    assert (tmp_path / "few.csv").read_bytes() == (tmp_path / "edges.csv").read_bytes()
    edges = coordinated_edges(detect_groups(shares))
    write_graphml(edges_to_graph(edges), tmp_path / "wanted.graphml")
    assert (tmp_path / "few.graphml").read_bytes() == (tmp_path / "wanted.graphml").read_bytes()
    edges = edges.sort_values(["account_id", "account_id_y"], ignore_index=True)
    assert len(edges) > 20
    write_csv(edges, tmp_path / "wanted.csv")
    assert (tmp_path / "edges.csv").read_bytes() == (tmp_path / "wanted.csv").read_bytes()
    table = pd.read_parquet(tmp_path / "edges.parquet")
    table["object_ids"] = table["object_ids"].map(list)
    pd.testing.assert_frame_equal(table, edges)


def test_accounts_that_only_differ_in_what_xml_cannot_hold_are_one_node(tmp_path: Path) -> None:
    rows = [("o", "a", "1", 1735689600), ("o", "a\x01", "2", 1735689601), ("o", "b", "3", 1735689602)]
    columns = ["object_id", "account_id", "content_id", "timestamp_share"]
    pd.DataFrame(rows, columns=columns).to_parquet(tmp_path / "shares.parquet")
    once = DetectionParameters(min_participation=1)
    edge_list.detect_file(tmp_path / "shares.parquet", tmp_path / "e.graphml", once, subgraph=0)
    assert sorted(nx.read_graphml(tmp_path / "e.graphml").nodes) == ["a", "b"]
    assert (tmp_path / "e.graphml").read_text().count("<node ") == 2


def test_a_lower_window_is_refused_where_the_evidence_would_not_heed_it(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = (source, "-o", tmp_path / "edges.csv", "--evidence", "significant", "--time-window-low", 5)
    code, out, err = run(monkeypatch, capsys, *words)
    assert (code, out) == (2, "") and "--time-window-low goes without --evidence" in err
    assert not (tmp_path / "edges.csv").exists()


def test_a_column_of_the_file_can_be_the_object_and_one_it_lacks_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also where the file is one of posts, and the column is called like one that posts have."""
    file, output = tmp_path / "posts.csv", tmp_path / "edges.csv"
    rows = [f"{n},u{n % 2},{1_700_000_000 + n},words {n},tea" for n in range(6)]
    file.write_text("\n".join(["content_id,account_id,posted_at,text,hashtag", *rows, ""]), encoding="utf-8")
    code, out, _ = run(monkeypatch, capsys, file, "-o", output, "--object-id", "hashtag", "--subgraph", 0)
    assert (code, len(pd.read_csv(output))) == (0, 1) and "object hashtag" in out
    for name in ("link", "nothing"):
        code, _, err = run(monkeypatch, capsys, file, "-o", output, "--object-id", name)
        assert code == 2 and f"missing column '{name}'" in err and "text, hashtag" in err
