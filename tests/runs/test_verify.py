"""A report can be checked by who has nothing else: its files, and the way from its posts to its networks."""

from __future__ import annotations

import functools
import http.server
import json
import random
import re
import shutil
import threading
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import duckdb
import pandas as pd
import pytest

import coordlib as cl
from coordlib.errors import FileFormatError, InputError, UnreachableError
from coordlib.files import staging_of
from coordlib.report.checksums import SUMS, write_sums
from coordlib.report.notebook_page import page_notebook, write_notebook
from coordlib.report.package import install, seal
from coordlib.runs.verify import verify
from coordlib.significance.classes import WORDS
from coordlib.site.build import render_site


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a version on a rendered site."""
    root = tmp_path_factory.mktemp("published")
    (root / "site.yml").write_text("address: https://example.org/m\n")
    data = cl.load_table(None, root)
    pairs = cl.detect_groups(
        cl.prep_data(data.posts, object_id="text", timestamp_share="posted_at"), time_window=120
    )
    edges = cl.coordinated_edges(pairs, edge_weight=0.5)
    graph = cl.generate_coordinated_network(pairs, edge_weight=0.5, subgraph=1, objects=True)
    folder = root / "reports" / "analyses" / data.name
    cl.make_report(
        data, pairs, edges, graph, {"object_id": "text", "evidence": {"q": 0.05, "classes": []}}
    ).save(staging_of(folder))
    for name in ("index.ipynb", "notebook.ipynb"):
        write_notebook(staging_of(folder) / name, page_notebook({"title": "x"}, ["<p>x</p>"]))
    seal(staging_of(folder), 1_735_970_400)
    install(staging_of(folder), folder)
    return render_site(root, engine="smalldocs") / "reports" / "analyses" / data.name / "v1"


@pytest.fixture
def folder(published: Path, tmp_path: Path) -> Path:
    """A copy of it to damage."""
    return Path(shutil.copytree(published, tmp_path / "v1"))


def the_zip(folder: Path) -> Path:
    return next(folder.glob("coordlib-*.zip"))


def test_a_report_as_it_was_published_is_identical(published: Path) -> None:
    for source in (published, published.parent, the_zip(published)):
        done = verify(source)
        assert done.wrong == [], source
        told = "\n".join(done.checked)
        for words in (
            "the SHA-256 of",
            "detected again within 120 seconds",
            "edges from the pairs",
            "are over it",
            "networks from the edges",
        ):
            assert words in told


def test_a_report_is_checked_at_its_address(published: Path, tmp_path: Path) -> None:
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(published.parent))
    handler.log_message = lambda *a: None  # type: ignore[attr-defined]
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        base = f"http://127.0.0.1:{server.server_port}"
        for place in ("", "index.html", "v1/", "v1/index.html", f"v1/{the_zip(published).name}"):
            address = f"{base}/{place}"
            assert verify(address).wrong == []
        with pytest.raises(FileFormatError, match="no report"):
            verify(f"{base}/nothing/")
        server.shutdown()
    with pytest.raises(UnreachableError, match=r"the report: .* cannot be reached"):
        verify(f"{base}/")


def test_a_hiccup_of_the_site_is_no_finding(published: Path) -> None:
    asked = Counter[str]()

    class Flaky(http.server.SimpleHTTPRequestHandler):
        def do_GET(self) -> None:
            asked[self.path] += 1
            if self.path.endswith("pairs.csv.gz") and asked[self.path] == 1:
                self.send_error(503)
            else:
                super().do_GET()

        def log_message(self, format: str, *args: object) -> None:
            """Nothing."""

    handler = functools.partial(Flaky, directory=str(published.parent))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        assert verify(f"http://127.0.0.1:{server.server_port}/").wrong == []
        server.shutdown()
    assert {count for path, count in asked.items() if path.endswith("pairs.csv.gz")} == {2}


def test_every_flipped_byte_of_a_zip_is_told(published: Path, tmp_path: Path) -> None:
    data = the_zip(published).read_bytes()
    copy, draw = tmp_path / "report.zip", random.Random(1)
    for place in [*draw.sample(range(len(data)), 40), *range(len(data) - 30, len(data))]:
        copy.write_bytes(data[:place] + bytes([data[place] ^ (1 << draw.randrange(8))]) + data[place + 1 :])
        assert not verify(copy).identical, place


def test_every_flipped_byte_of_a_folder_is_told_with_its_file(folder: Path) -> None:
    draw = random.Random(2)
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and path.suffix != ".html"]
    assert any(path.parent.name == "evidence" for path in files)
    for file in files:
        data, name = file.read_bytes(), file.relative_to(folder).as_posix()
        for place in draw.sample(range(len(data)), 3):
            file.write_bytes(
                data[:place] + bytes([data[place] ^ (1 << draw.randrange(8))]) + data[place + 1 :]
            )
            assert any(line.startswith(name) for line in verify(folder).wrong), (name, place)
        file.write_bytes(data)
    (folder / ".DS_Store").write_bytes(b"made by a computer")
    found = verify(folder)
    assert found.identical and any(".DS_Store" in line for line in found.left_out)
    (folder / ".DS_Store").unlink()


def change(folder: Path, name: str, edit: Callable[[pd.DataFrame], pd.DataFrame]) -> list[str]:
    """What is said of a report whose table was changed by somebody who also wrote the hashes anew."""
    table = pd.read_csv(folder / f"{name}.gz", dtype=str, keep_default_na=False)
    edit(table).to_csv(folder / f"{name}.gz", index=False, lineterminator="\n")
    the_zip(folder).unlink()
    write_sums(folder, "index.html", "network.html")
    return [line for line in verify(folder).wrong if "that run.json names" not in line]


def test_numbers_that_do_not_follow_are_told_with_their_line(folder: Path) -> None:
    heavier = change(
        folder, "edges.csv", lambda t: t.assign(weight=[*t["weight"][:2], "999", *t["weight"][3:]])
    )
    assert heavier[0] == "edges.csv, line 4: weight is not what pairs.csv adds up to"


@pytest.mark.parametrize(
    ("name", "edit", "told"),
    [
        (
            "pairs.csv",
            lambda t: t.iloc[1:],
            "pairs.csv: of those that follow from posts.csv 1 pair cannot be found",
        ),
        (
            "pairs.csv",
            lambda t: t.assign(time_delta=["0", *t["time_delta"][1:]]),
            "pairs.csv, line 2: time_delta is not",
        ),
        ("posts.csv", lambda t: t.assign(account_id=["other", *t["account_id"][1:]]), "account_id"),
        (
            "edges.csv",
            lambda t: t.iloc[1:],
            "edges.csv: of those that follow from pairs.csv 1 edge cannot be found",
        ),
        ("edges.csv", lambda t: t.drop(columns="weight"), "edges.csv: has no column weight"),
        ("pairs.csv", lambda t: t.drop(columns="posted_at_y"), "pairs.csv: has no column posted_at_y"),
        (
            "edges.csv",
            lambda t: t.assign(weight=[t["weight"][0], "many", *t["weight"][2:]]),
            "edges.csv, line 3: weight is no number",
        ),
        ("posts.csv", lambda t: pd.DataFrame(), "one is no table"),
        ("accounts.csv", lambda t: t.assign(network=["99", *t["network"][1:]]), "not in one network"),
    ],
)
def test_each_step_is_checked(
    folder: Path, name: str, edit: Callable[[pd.DataFrame], pd.DataFrame], told: str
) -> None:
    said = change(folder, name, edit)
    assert any(told in line for line in said)
    assert not any(word in line for word in ("Error", "Index", "'") for line in said)


def test_what_is_no_report_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("x")
    for source in (tmp_path, tmp_path / "a.txt", tmp_path / "nothing.zip"):
        with pytest.raises(FileFormatError):
            verify(source)
    for blank in ("", " ", "https://", "http:", "https:/"):
        with pytest.raises(FileFormatError, match=f"^'{blank}': is no folder, no zip and no address"):
            verify(blank)
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("x/y.txt", "x")
    assert not verify(tmp_path / "a.zip").identical


def test_a_second_implementation_in_sql_agrees(published: Path, tmp_path: Path) -> None:
    """What docs/citing.md tells a reader to type; no line of ours runs in it."""
    page = (Path(__file__).parents[2] / "docs" / "citing.md").read_text(encoding="utf-8")
    pairs_again, edges_again = (part.split("```")[0] for part in page.split("```sql\n")[1:3])
    with zipfile.ZipFile(the_zip(published)) as archive:
        archive.extractall(tmp_path)
    (unpacked,) = tmp_path.iterdir()
    for folder, ending in ((unpacked, ".csv'"), (published, ".csv.gz'")):
        base = duckdb.connect()
        base.execute(f"SET file_search_path = '{folder}'")
        for query in (pairs_again, edges_again):
            assert base.execute(query.replace(".csv'", ending)).fetchall() == []
        (count,) = base.execute(f"SELECT count(*) FROM read_csv('pairs{ending})").fetchall()
        assert count[0] > 100


@pytest.mark.slow
def test_in_its_workspace_the_notebook_of_a_day_is_run_again(replayed_copy: Path) -> None:
    folder = max((replayed_copy / "reports" / "days").iterdir())
    done = verify(folder)
    assert done.wrong == [] and any("run again on the stored posts" in line for line in done.checked)
    text = (folder / "posts.csv").read_text()
    (folder / "posts.csv").write_text(text + "\n")
    (folder / SUMS).unlink()
    assert any(line.startswith("posts.csv, line") and "run again" in line for line in verify(folder).wrong)


def edited(root: Path, *, cut: Callable[[pd.DataFrame], pd.DataFrame] | None = None, drop: str = "") -> Path:
    """A draft of the simulated posts by a notebook that filters pairs, or takes something from its network."""
    data = cl.load_table(None, root)
    posts = (
        data.posts[data.posts["account_id"] != data.posts["account_id"].iloc[0]]
        if drop == "posts"
        else data.posts
    )
    shares = cl.prep_data(posts, object_id="text", timestamp_share="posted_at")
    shares = shares.iloc[5:] if drop == "shares" else shares
    pairs = cl.detect_groups(shares, time_window=120)
    tested = cl.edge_significance(shares, 120)
    pairs = cut(pairs) if cut else pairs
    edges = cl.coordinated_edges(pairs, edge_weight=0.5, significance=tested)
    edges = edges[edges["weight"] > 1] if drop == "edges" else edges
    graph = cl.generate_coordinated_network(
        pairs, edge_weight=0.5, significance=tested, subgraph=1, objects=True
    )
    if drop == "edge":
        graph.remove_edge(*next(iter(graph.edges)))
    elif drop == "account":
        graph.remove_node(next(iter(graph)))
    elif drop == "all but one edge":
        graph.remove_edges_from(list(graph.edges)[1:])
    cl.make_report(data, pairs, edges, graph, {"object_id": "text"}, significance=tested).save(root / "made")
    write_sums(root / "made")
    return root / "made"


@pytest.mark.parametrize(
    ("cut", "drop", "told"),
    [
        (
            lambda t: t[t["time_delta"] <= 30],
            "",
            r"kept [\d,]+ of the [\d,]+ pairs found within 120 seconds, at most 30 s",
        ),
        (lambda t: t.iloc[::2], "", "the notebook left out pairs itself, so files alone cannot show which"),
        (None, "posts", r"kept [\d,]+ of the [\d,]+ posts read"),
        (None, "shares", r"kept [\d,]+ of the [\d,]+ shares made of the posts"),
        (None, "edges", r"kept [\d,]+ of the [\d,]+ edges that the pairs add up to"),
        (None, "edge", r"kept [\d,]+ of the [\d,]+ edges over the threshold"),
        (None, "account", r"kept [\d,]+ of the [\d,]+ edges over the threshold"),
        (None, "all but one edge", r"kept 1 of the [\d,]+ edges over the threshold"),
    ],
)
def test_what_a_notebook_left_out_itself_is_told_and_not_taken_for_tampering(
    tmp_path: Path, cut: Callable[[pd.DataFrame], pd.DataFrame] | None, drop: str, told: str
) -> None:
    folder = edited(tmp_path, cut=cut, drop=drop)
    done = verify(folder)
    assert done.wrong == [] and re.search(told, "\n".join(done.left_out))
    sentence = json.loads((folder / "run.json").read_text())["kept"]
    assert sentence and "The notebook kept" in (folder / "README.md").read_text()


def test_pairs_filtered_after_they_were_added_up_are_refused(tmp_path: Path) -> None:
    data = cl.load_table(None, tmp_path)
    pairs = cl.detect_groups(cl.prep_data(data.posts, object_id="text", timestamp_share="posted_at"))
    edges, graph = cl.coordinated_edges(pairs), cl.generate_coordinated_network(pairs, subgraph=1)
    with pytest.raises(InputError, match=r"without any pair of posts|filter pairs before they are added up"):
        cl.make_report(data, pairs[pairs["time_delta"] <= 20], edges, graph)
    with pytest.raises(InputError, match="table of edges has weight 0"):
        cl.make_report(data, pairs, edges.iloc[:0], graph)


@pytest.mark.parametrize(
    "name", ["discovered.csv", "edges.csv", "networks.csv", "accounts.csv", "network.graphml"]
)
def test_a_class_changed_in_one_file_is_told_though_its_hash_is_written_anew(
    tmp_path: Path, name: str
) -> None:
    folder = edited(tmp_path)
    text = (folder / name).read_text()
    found = next(one for one in WORDS if one in text)
    (folder / name).write_text(text.replace(found, next(one for one in WORDS if one != found), 1))
    write_sums(folder)
    assert [line for line in verify(folder).wrong if "that run.json names" not in line]


def test_weights_of_the_network_and_labels_are_held_against_the_tables(tmp_path: Path) -> None:
    folder = edited(tmp_path)
    labels, graph = folder / "networks.csv", folder / "network.graphml"
    label = pd.read_csv(labels)["label"].dropna().iloc[0]
    labels.write_text(labels.read_text().replace(label, "another", 1))
    weight = pd.read_csv(folder / "edges.csv")["weight"].iloc[0]
    graph.write_text(graph.read_text().replace(f">{weight}<", ">999<"))
    wrong = "\n".join(verify(folder).wrong)
    assert "label is another than in run.json" in wrong and "network.graphml has another weight" in wrong


def test_a_report_of_a_table_says_what_was_not_checked(published: Path) -> None:
    assert any("those posts are not in the report" in line for line in verify(published).left_out)


def test_of_a_damaged_zip_each_thing_is_told_once(published: Path, tmp_path: Path) -> None:
    data = bytearray(the_zip(published).read_bytes())
    data[data.index(b"posts.csv") + 60] ^= 1
    (tmp_path / "x.zip").write_bytes(data)
    done = verify(tmp_path / "x.zip")
    assert not any("as it was published" in line for line in done.checked)
    of_posts = [line for line in done.wrong if "posts.csv" in line]
    assert len(of_posts) == 1 and "posts.csv is damaged" in of_posts[0]
    assert "the way from posts to networks: without posts.csv" in done.left_out
    (tmp_path / "y.zip").write_bytes(data[:5000])
    assert len(verify(tmp_path / "y.zip").wrong) == 1


def test_an_entry_of_the_record_of_another_type_is_named(tmp_path: Path) -> None:
    folder = edited(tmp_path)
    record = json.loads((folder / "run.json").read_text())
    record["counts"]["n_pairs"] = "many"
    (folder / "run.json").write_text(json.dumps(record))
    write_sums(folder)
    assert any("run.json: is no record of a run (counts.n_pairs: " in line for line in verify(folder).wrong)
