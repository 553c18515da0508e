"""Detection in partitions: the bytes of the whole for any number of parts, killed on the way, on one machine or several."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from coordlib.cli import main
from coordlib.detect import kernel
from coordlib.errors import (
    DuplicateContentError,
    EmptyInputError,
    FileFormatError,
    MissingColumnError,
    ParameterError,
    TimeFormatError,
)
from coordlib.files import runs_still
from coordlib.parameters import DetectionParameters
from coordlib.runs import dataset, dataset_steps, detect_dataset, share_files
from coordlib.runs.edge_list import detect_file
from coordlib.runs.share_files import Reading


def packed(text: str) -> bytes:
    return bytes(pa.Codec("zstd").compress(text.encode(), asbytes=True))


def shares(n: int, seed: int = 3) -> pd.DataFrame:
    """Shares of which one object has a tenth, with posts of several objects, ties in time and missing cells."""
    random = np.random.default_rng(seed)
    objects = random.integers(0, n // 8, n)
    objects[: n // 10] = 0
    contents = np.arange(n)
    contents[random.random(n) < 0.1] = random.integers(0, n, 1)[0]
    contents[1::5] = contents[::5][: len(contents[1::5])]
    accounts = random.integers(0, 40, n)
    accounts[1::5] = accounts[::5][: len(accounts[1::5])]
    times = 1735689600 + random.integers(0, 6 * n, n)
    times[1::5] = times[::5][: len(times[1::5])]
    times[: n // 10] = 1735689600 + random.integers(0, 6 * n, n // 10)
    table = pd.DataFrame(
        {
            "object_id": [f"o{number}" for number in objects],
            "account_id": [f"=é{number}" for number in accounts],
            "content_id": [f"c{number}" for number in contents],
        },
        dtype="str",
    )
    table["timestamp_share"] = pd.Series(times, dtype="Int64")
    for name in table:
        table.loc[random.random(n) < 0.02, name] = None
    return table.sample(frac=1, random_state=seed, ignore_index=True)


PARAMETERS = DetectionParameters(time_window=300, min_participation=2)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("shares") / "shares.parquet"
    shares(4_000).to_parquet(file, row_group_size=900)
    return file


@pytest.fixture(scope="module")
def whole(source: Path) -> Path:
    file = source.parent / "whole.parquet"
    found = detect_file(source, file, PARAMETERS, Reading({}, "keep", PARAMETERS.time_window), subgraph=0)
    assert found.n_edges > 300 and found.n_pairs > 2 * found.n_edges
    return file


@pytest.mark.parametrize("ending", ["parquet", "csv", "graphml"])
@pytest.mark.parametrize("partitions", [1, 7, pytest.param(64, marks=pytest.mark.slow)])
def test_any_number_of_partitions_gives_the_bytes_of_the_whole(
    ending: str, partitions: int, source: Path, tmp_path: Path
) -> None:
    for subgraph, duplicates in ((0, "keep"), (1, "drop")):
        one, two = tmp_path / f"one.{ending}", tmp_path / f"two.{ending}"
        options: dict[str, Any] = {"parameters": PARAMETERS, "subgraph": subgraph, "duplicates": duplicates}
        how = Reading({}, duplicates, PARAMETERS.time_window)
        at_once = detect_file(source, one, PARAMETERS, how, subgraph=subgraph)
        parts = detect_dataset(source, two, partitions=partitions, **options)
        assert one.read_bytes() == two.read_bytes()
        at_once = replace(at_once, output=two)
        assert at_once == parts and at_once.summary() == parts.summary()
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"one.{ending}", f"two.{ending}"]


@pytest.mark.parametrize("compiled_from", [0, 10**9], ids=["compiled", "plain"])
def test_pairs_are_formed_and_summed_a_few_at_a_time(
    compiled_from: int, source: Path, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kernel, "COMPILED_FROM", compiled_from)
    monkeypatch.setattr(kernel, "CHUNK", 100)
    monkeypatch.setattr(dataset, "_A_PAIR", 680_000_000 // 100)
    detect_dataset(
        source, tmp_path / "e.parquet", parameters=PARAMETERS, subgraph=0, duplicates="keep", partitions=5
    )
    assert (tmp_path / "e.parquet").read_bytes() == whole.read_bytes()


def test_the_number_of_partitions_follows_the_memory(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dataset, "_A_SHARE", 10**6)
    plans: list[int] = []
    original = dataset._found

    def watched(plan: dataset_steps.Plan, *rest: Any) -> Any:
        plans.append(plan.partitions)
        return original(plan, *rest)

    monkeypatch.setattr(dataset, "_found", watched)
    for memory in ("1GB", "2000 MB"):
        detect_dataset(source, tmp_path / "e.csv", parameters=PARAMETERS, duplicates="keep", memory=memory)
    assert plans == [6, 3]
    for wrong in ("much", "5MB", "-1GB"):
        with pytest.raises(ParameterError, match="memory = "):
            detect_dataset(source, tmp_path / "e.csv", memory=wrong)


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("shares.csv", lambda table, file: table.to_csv(file, index=False)),
        ("shares.csv.gz", lambda table, file: table.to_csv(file, index=False)),
        ("shares.csv.zst", lambda table, file: file.write_bytes(packed(table.to_csv(index=False)))),
        ("shares.jsonl", lambda table, file: table.to_json(file, orient="records", lines=True)),
        (
            "shares.jsonl.zst",
            lambda table, file: file.write_bytes(packed(table.to_json(orient="records", lines=True))),
        ),
        ("shares.json", lambda table, file: table.to_json(file, orient="records")),
        (
            "folder",
            lambda table, file: (
                file.mkdir(),
                table[:9].to_parquet(file / "a.parquet"),
                table[9:].to_csv(file / "b.csv", index=False),
            ),
        ),
        (
            "ms.parquet",
            lambda table, file: table.assign(timestamp_share=table["timestamp_share"] * 1000).to_parquet(
                file, row_group_size=300
            ),
        ),
        (
            "numbers.parquet",
            lambda table, file: table.assign(account_id=pd.factorize(table["account_id"])[0]).to_parquet(
                file
            ),
        ),
    ],
)
def test_every_table_of_shares_is_read_as_at_once(
    name: str, write: Callable[[pd.DataFrame, Path], object], tmp_path: Path
) -> None:
    file = tmp_path / name
    write(shares(600), file)
    how = Reading({}, "keep", PARAMETERS.time_window)
    detect_file(file, tmp_path / "one.csv", PARAMETERS, how, subgraph=0)
    detect_dataset(file, tmp_path / "two.csv", parameters=PARAMETERS, subgraph=0, duplicates="keep")
    assert (tmp_path / "one.csv").read_bytes() == (tmp_path / "two.csv").read_bytes()
    assert (tmp_path / "one.csv").stat().st_size > 5_000


def test_records_are_read_by_other_names_and_say_what_is_wrong(tmp_path: Path) -> None:
    table, file = shares(600).rename(columns={"account_id": "user"}), tmp_path / "shares.jsonl"
    lines = table.to_json(orient="records", lines=True).splitlines()
    names, how = {"account_id": "user"}, Reading({"account_id": "user"}, "keep", PARAMETERS.time_window)
    file.write_text("\n".join([*lines[:300], lines[300][:25], *lines[301:]]), encoding="utf-8")
    bounded = partial(detect_dataset, file, tmp_path / "two.csv", parameters=PARAMETERS, duplicates="keep")
    one, two = detect_file(file, tmp_path / "one.csv", PARAMETERS, how), bounded(names)
    assert (tmp_path / "one.csv").read_bytes() == (tmp_path / "two.csv").read_bytes()
    assert one.lacking == two.lacking
    file.write_text("\n".join([*lines[:300], *lines[301:]]), encoding="utf-8")
    assert one.lacking["content"] == bounded(names).lacking["content"] + 1, "a damaged line is counted"
    with pytest.raises(
        MissingColumnError, match=r"missing column 'account_id'.*: object_id, user, content_id"
    ):
        bounded()
    file.write_text("\n".join([lines[0], lines[1].replace(":17", ":1e9", 1)]), encoding="utf-8")
    with pytest.raises(TimeFormatError, match=r"shares\.jsonl, record 2: "):
        bounded(names)


def test_records_may_leave_out_a_key_for_long_and_hold_lists(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What one piece of a file lacks is not lacking in the file."""
    monkeypatch.setattr(share_files, "BATCH_ROWS", 32 * 100)
    table = shares(600)
    table.loc[:149, "object_id"] = table.loc[450:, "object_id"] = None
    table["object_id"] = [
        name and [name, "all", None] for name in table["object_id"].where(table["object_id"].notna(), None)
    ]
    lines = [*table.to_json(orient="records", lines=True).splitlines(), '{"object_id":["o1"],"acc']
    (file := tmp_path / "shares.jsonl").write_text("\n".join(lines), encoding="utf-8")
    table.to_parquet(whole := tmp_path / "shares.parquet")
    how = Reading({}, "keep", PARAMETERS.time_window)
    one = detect_file(file, tmp_path / "one.csv", PARAMETERS, how, subgraph=0)
    two = detect_dataset(file, tmp_path / "two.csv", parameters=PARAMETERS, subgraph=0, duplicates="keep")
    detect_file(whole, tmp_path / "three.csv", PARAMETERS, how, subgraph=0)
    wanted = (tmp_path / "three.csv").read_bytes()
    assert (tmp_path / "one.csv").read_bytes() == (tmp_path / "two.csv").read_bytes() == wanted
    assert one.lacking == two.lacking and len(wanted) > 5_000
    assert b"None" not in wanted, "nothing in a list is no object"
    file.write_text("[]", encoding="utf-8")
    for run in (partial(detect_file, file), partial(detect_dataset, file)):
        with pytest.raises(EmptyInputError, match=r"shares\.jsonl: holds no records"):
            run(tmp_path / "one.csv", parameters=PARAMETERS)


@pytest.mark.parametrize(
    ("text", "error", "words"),
    [
        ("o,a,1,1735689600\no,a,1,1735689601\n", DuplicateContentError, "shares.csv: content '1'"),
        ("o,a,1,1735689600\no,a,2,soon\n", Exception, "line 3"),
        ("o,a,1,1735689600\no,a\no,b,2,1735689601\n", FileFormatError, "line 3: has 2 cells"),
        ("", EmptyInputError, "no rows"),
    ],
)
def test_a_mistake_is_one_line_and_leaves_nothing(
    text: str, error: type[Exception], words: str, tmp_path: Path
) -> None:
    file = tmp_path / "shares.csv"
    file.write_text("object_id,account_id,content_id,timestamp_share\n" + text, encoding="utf-8")
    with pytest.raises(error, match=words):
        detect_dataset(file, tmp_path / "e.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["shares.csv"]


def test_a_parquet_file_without_any_group_of_rows_is_one_line(tmp_path: Path) -> None:
    file = tmp_path / "shares.parquet"
    names = ["object_id", "account_id", "content_id", "timestamp_share"]
    with pq.ParquetWriter(file, pa.schema([(name, pa.string()) for name in names])):
        pass
    with pytest.raises(EmptyInputError, match="holds no rows"):
        detect_dataset(file, tmp_path / "e.csv")


def test_a_column_that_is_not_there_is_named(source: Path, tmp_path: Path) -> None:
    with pytest.raises(MissingColumnError, match="did you mean 'object_id'"):
        detect_dataset(source, tmp_path / "e.csv", {"object_id": "objectid"})


def test_from_the_command_line_with_an_amount_of_memory(
    source: Path,
    whole: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    output = tmp_path / "e.parquet"
    words = ["--memory", "1GB", "--time-window", "300", "--subgraph", "0", "--duplicates", "keep"]
    monkeypatch.setattr(sys, "argv", ["coordlib", "detect", str(source), "-o", str(output), *words])
    with pytest.raises(SystemExit) as stop:
        main()
        raise SystemExit(0)
    out, err = capsys.readouterr()
    assert (stop.value.code or 0, err, out.count("\n")) == (0, "", 1)
    assert output.read_bytes() == whole.read_bytes()
    monkeypatch.setattr(
        sys, "argv", ["coordlib", "detect", str(source), "-o", str(output), "--memory", "tiny"]
    )
    with pytest.raises(SystemExit) as stop:
        main()
    assert (stop.value.code, capsys.readouterr().err.count("\n")) == (2, 1)


def test_a_step_that_failed_is_the_one_that_is_done_again(
    source: Path, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[tuple[str, int]] = []
    for name, (words, step) in dataset_steps.STEPS.items():

        def watched(
            plan: Any, work: Path, number: int, into: Path, name: str = name, step: Any = step
        ) -> None:
            step(plan, work, number, into)
            if (name, number) == ("pair", 2) and (name, number) not in done:
                done.append((name, number))
                raise KeyboardInterrupt
            done.append((name, number))

        monkeypatch.setitem(dataset_steps.STEPS, name, (words, watched))
    options: dict[str, Any] = {"parameters": PARAMETERS, "subgraph": 0, "duplicates": "keep", "partitions": 4}
    with pytest.raises(KeyboardInterrupt):
        detect_dataset(source, tmp_path / "e.parquet", **options)
    assert [path.name for path in tmp_path.iterdir()] == [".e.parquet.work"]
    before = len(done)
    detect_dataset(source, tmp_path / "e.parquet", **options)
    assert done[before : before + 2] == [("pair", 2), ("pair", 3)]
    assert {name for name, _ in done[before:]} == {"pair", "sum"}
    assert (tmp_path / "e.parquet").read_bytes() == whole.read_bytes()
    assert [path.name for path in tmp_path.iterdir()] == ["e.parquet"]


def test_what_other_work_left_is_not_used(source: Path, whole: Path, tmp_path: Path) -> None:
    work = tmp_path / ".e.parquet.work"
    for number in range(9):
        (work / f"sum-{number:05d}").mkdir(parents=True)
    (work / "plan.json").write_text("{}", encoding="utf-8")
    detect_dataset(source, tmp_path / "e.parquet", parameters=PARAMETERS, subgraph=0, duplicates="keep")
    assert (tmp_path / "e.parquet").read_bytes() == whole.read_bytes()


@pytest.mark.slow
def test_killed_at_any_moment_it_goes_on(source: Path, whole: Path, tmp_path: Path) -> None:
    output = tmp_path / "e.parquet"
    code = (
        "from coordlib.parameters import DetectionParameters\nfrom coordlib.runs.dataset import detect_dataset\n"
        f"detect_dataset({str(source)!r}, {str(output)!r}, parameters=DetectionParameters(time_window=300), "
        "subgraph=0, duplicates='keep', partitions=7)"
    )
    work, kills = tmp_path / ".e.parquet.work", 0
    for wanted in ("read-00002", "number-00003", "code-00001", "search-00005", "pair-00002", "pair-00006"):
        with subprocess.Popen([sys.executable, "-c", code]) as process:
            while process.poll() is None and not (work / wanted).exists():
                time.sleep(0.001)
            if process.poll() is None:
                os.kill(process.pid, signal.SIGKILL)
                kills += 1
    assert kills >= 4
    subprocess.run([sys.executable, "-c", code], check=True)
    assert output.read_bytes() == whole.read_bytes()
    assert [path.name for path in tmp_path.iterdir()] == ["e.parquet"]


def test_any_pool_of_workers_will_do(source: Path, whole: Path, tmp_path: Path) -> None:
    """Public page: docs/cluster.md, other schedulers."""
    options: dict[str, Any] = {"parameters": PARAMETERS, "subgraph": 0, "duplicates": "keep", "partitions": 3}
    with ThreadPoolExecutor(2) as pool:
        detect_dataset(source, tmp_path / "e.parquet", client=pool, **options)
        with pytest.raises(DuplicateContentError):
            detect_dataset(source, tmp_path / "f.parquet", client=pool, **options | {"duplicates": "error"})
    assert (tmp_path / "e.parquet").read_bytes() == whole.read_bytes()
    assert [path.name for path in tmp_path.iterdir()] == ["e.parquet"]


@pytest.fixture(scope="module", params=[1, 3], ids=["one worker", "three workers"])
def client(request: pytest.FixtureRequest) -> Iterator[Any]:
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(
            n_workers=request.param, threads_per_worker=1, dashboard_address=None, silence_logs=60
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("partitions", [1, 7, 64])
def test_workers_give_the_bytes_of_the_whole(
    partitions: int, client: Any, source: Path, whole: Path, tmp_path: Path
) -> None:
    options: dict[str, Any] = {"parameters": PARAMETERS, "subgraph": 0, "duplicates": "keep"}
    detect_dataset(source, tmp_path / "e.parquet", partitions=partitions, client=client, **options)
    assert (tmp_path / "e.parquet").read_bytes() == whole.read_bytes()
    assert [path.name for path in tmp_path.iterdir()] == ["e.parquet"]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_worker_that_is_killed_costs_nothing_but_time(
    client: Any, source: Path, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original, killed = dataset._run, set()

    def watched(work: Path, step: str, count: int, client: Any) -> None:
        if step in ("search", "pair"):
            worker = sorted(client.scheduler_info(n_workers=-1)["workers"])[0]
            killed.update(client.run(_end_soon, workers=[worker]).values())
        original(work, step, count, client)

    monkeypatch.setattr(dataset, "_run", watched)
    options: dict[str, Any] = {"parameters": PARAMETERS, "subgraph": 0, "duplicates": "keep"}
    detect_dataset(source, tmp_path / "e.parquet", partitions=20, client=client, **options)
    assert len(killed) == 2 and not any(map(runs_still, killed))
    assert (tmp_path / "e.parquet").read_bytes() == whole.read_bytes()


def _end_soon() -> int:
    """Let this process end, as by a kill, while it is working; return its number."""
    import threading

    threading.Timer(0.05, os._exit, [9]).start()
    return os.getpid()


def test_an_amount_of_memory_is_said_in_words_or_bytes() -> None:
    assert [dataset.bytes_of(said) for said in ("1GB", "500 MB", 2_000_000_000)] == [
        10**9,
        5 * 10**8,
        2 * 10**9,
    ]


@pytest.mark.parametrize(
    "run", [partial(detect_file, parameters=PARAMETERS), partial(detect_dataset, parameters=PARAMETERS)]
)
def test_parquet_that_lacks_a_column_or_is_cut_is_named_and_leaves_nothing(run: Any, tmp_path: Path) -> None:
    file, output = tmp_path / "shares.parquet", tmp_path / "edges.csv"
    for name in ("object_id", "account_id", "content_id", "timestamp_share"):
        shares(100).drop(columns=name).to_parquet(file)
        with pytest.raises(MissingColumnError, match=rf"shares\.parquet: missing column '{name}'"):
            run(file, output)
    shares(100).to_parquet(file)
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(FileFormatError, match=r"shares\.parquet: is not a readable Parquet file"):
        run(file, output)
    assert [path.name for path in tmp_path.iterdir()] == ["shares.parquet"]


def test_a_removal_that_was_killed_promises_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, output = tmp_path / "shares.parquet", tmp_path / "edges.csv"
    shares(600).to_parquet(file)
    detect_dataset(file, output, parameters=PARAMETERS, duplicates="keep")
    wanted, removed = output.read_bytes(), shutil.rmtree

    def killed(folder: Path, **how: Any) -> None:
        if folder.name.endswith(".work"):
            removed(next(folder.glob("search-*")))
            raise KeyboardInterrupt
        removed(folder, **how)

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr("coordlib.runs.dataset.shutil.rmtree", killed)
        detect_dataset(file, output, parameters=PARAMETERS, duplicates="keep")
    detect_dataset(file, output, parameters=PARAMETERS, duplicates="keep")
    assert output.read_bytes() == wanted
    assert {path.name for path in tmp_path.iterdir()} == {"shares.parquet", "edges.csv"}
