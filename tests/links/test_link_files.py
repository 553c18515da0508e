"""Link sharing from files to files: history files, exports, the command, the written tables."""

from __future__ import annotations

import gzip
import sys
from collections.abc import Callable
from pathlib import Path

import networkx as nx
import pandas as pd
import pytest

from coordlib.cli import main
from coordlib.collect.ct_histdata import get_urls_from_ct_histdata
from coordlib.detect.link_shares import CoordShares, get_coord_shares
from coordlib.errors import InputError, ParameterError, PublishError, TimeFormatError, UnknownFormatError
from coordlib.publish import link_outputs
from coordlib.publish.link_charts import draw_url_timeline_chart, url_timeline
from coordlib.publish.link_outputs import LINK_FILES, get_outputs, write_link_outputs
from coordlib.simulate.links import simulate_link_shares
from coordlib.workflow.links import load_link_shares


@pytest.fixture(scope="module")
def found() -> CoordShares:
    return get_coord_shares(simulate_link_shares(60, 1, days=4).shares, 60, gtimestamps=True)


@pytest.fixture
def command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str]]:
    """Run ``coordlib links`` and return its exit code and what it printed."""

    def run(*arguments: object) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["coordlib", "links", *map(str, arguments)])
        with pytest.raises(SystemExit) as stopped:
            main()
        printed = capsys.readouterr()
        return int(stopped.value.code or 0), printed.out + printed.err

    return run


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


OLD = "Type,Link Text,Message,Description,Post Created,Link,Final Link\n"
NEW = "type,title,message,description,date,expandedLinks.original,expandedLinks.expanded\n"
ROWS = (
    "Link,News,,,2021-03-02 10:00:00,https://short.com/1,https://a.com/1?fbclid=x\n"
    "Link,News,,,2021-03-01 23:30:00,https://a.com/1,\n"
    "Link,This is a re-share of a post,,,2021-03-04 10:00:00,https://a.com/orig,https://b.com/x\n"
    "Photo,T,see :=:https://a.com/3,,2021-03-05 10:00:00,,\n"
    'Status,T,go (https://a.com/4).,"read https://a.com/5, now",2021-03-06 10:00:00,,\n'
    "YouTube,T,,,2021-03-07 10:00:00,https://youtu.be/abcdefg,https://x.com/y\n"
)


@pytest.mark.parametrize("header", [OLD, NEW], ids=["older columns", "newer columns"])
def test_both_generations_of_the_history_file_give_the_same_urls(tmp_path: Path, header: str):
    urls = get_urls_from_ct_histdata(write(tmp_path / "h.csv", header + ROWS))
    assert urls.astype(str).values.tolist() == [
        ["https://a.com/1", "2021-03-01"],
        ["https://a.com/3", "2021-03-05"],
        ["https://a.com/5", "2021-03-06"],
        ["https://a.com/orig", "2021-03-04"],
        ["https://www.youtube.com/watch?v=abcdefg", "2021-03-07"],
    ]


def test_days_are_utc_and_the_original_takes_them_as_written(tmp_path: Path):
    file = write(tmp_path / "h.csv", OLD + "Link,T,,,2021-03-01 23:30:00 EST,https://a.com/1,\n")
    assert str(get_urls_from_ct_histdata(file)["date"][0].date()) == "2021-03-02"
    assert str(get_urls_from_ct_histdata(file, compat="coornet")["date"][0].date()) == "2021-03-01"


def test_a_link_without_a_title_is_kept_and_the_original_loses_it(tmp_path: Path):
    file = write(tmp_path / "h.csv", OLD + "Link,,,,2021-03-01 10:00:00,https://a.com/1,\n")
    assert len(get_urls_from_ct_histdata(file)) == 1
    assert get_urls_from_ct_histdata(file, compat="coornet").empty


def test_another_file_is_refused_with_the_columns_it_lacks(tmp_path: Path):
    file = write(tmp_path / "h.csv", "Type,Link\nLink,https://a.com\n")
    with pytest.raises(UnknownFormatError, match="Post Created"):
        get_urls_from_ct_histdata(file)
    with pytest.raises(UnknownFormatError, match=r"expandedLinks\.original"):
        get_urls_from_ct_histdata(write(tmp_path / "o.csv", OLD + ROWS), newformat=True)


def test_an_unreadable_day_is_named_with_its_line(tmp_path: Path):
    with pytest.raises(TimeFormatError, match=r"h\.csv, row 2: 'soon'"):
        get_urls_from_ct_histdata(write(tmp_path / "h.csv", OLD + "Link,T,,,soon,https://a.com/1,\n"))


def test_every_table_and_the_network_are_written(tmp_path: Path, found: CoordShares):
    results = write_link_outputs(found, tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(LINK_FILES)
    entities = pd.read_csv(tmp_path / "out" / "highly_connected_coordinated_entities.csv")
    assert list(entities.columns) == list(found.entities.columns)
    assert len(entities) == len(results["highly_connected_coordinated_entities"]) > 0
    graph = nx.read_graphml(tmp_path / "out" / "highly_connected_g.graphml")
    assert set(graph.nodes) == set(found.entities["name"])
    assert sorted(weight for _, _, weight in graph.edges(data="weight")) == sorted(found.edges["weight"])


def test_the_same_results_are_the_same_bytes(tmp_path: Path, found: CoordShares):
    for name in ("a", "b"):
        write_link_outputs(found, tmp_path / name)
    for name in LINK_FILES:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_a_failure_while_writing_leaves_what_was_there(
    tmp_path: Path, found: CoordShares, monkeypatch: pytest.MonkeyPatch
):
    write(tmp_path / "edges.csv", "earlier")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(link_outputs, "write_graphml", fail)
    with pytest.raises(PublishError, match="No space left"):
        write_link_outputs(found, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["edges.csv"]
    assert (tmp_path / "edges.csv").read_text() == "earlier"


def test_outputs_are_chosen_by_name_and_top_lists_without_counts_are_empty():
    rows = pd.DataFrame({"expanded": ["u", "u"], "account.url": ["A", "B"], "date": [0, 1]})
    chosen = get_outputs(
        get_coord_shares(rows, 10), ct_shares_marked=False, highly_connected_g=False, edges=False,
        highly_connected_coordinated_entities=False, top_coord_urls=True,
    )  # fmt: skip
    assert list(chosen) == ["top_coord_urls"]
    assert chosen["top_coord_urls"].empty


def test_what_accounts_are_called_cannot_run_in_a_spreadsheet_or_break_the_graph(tmp_path: Path):
    rows = pd.DataFrame(
        {
            "expanded": ["https://a.com/=1"] * 2, "account.url": ["=A", "B"], "date": [0, 1],
            "account.name": ["=HYPERLINK(1)", "bad\x00\x0bname"],
        }
    )  # fmt: skip
    write_link_outputs(get_coord_shares(rows, 10), tmp_path)
    assert "'=HYPERLINK(1)" in (tmp_path / "highly_connected_coordinated_entities.csv").read_text()
    assert nx.read_graphml(tmp_path / "highly_connected_g.graphml").nodes["B"]["account.name"] == "badname"


def test_the_timeline_adds_up_shares_and_says_how_many_were_coordinated(found: CoordShares):
    figure = draw_url_timeline_chart(found)
    assert figure.html.count("<svg") == 2
    assert "coordinated" in figure.title
    assert "UTC" in figure.alt
    url = found.shares.loc[found.shares["is_coordinated"], "expanded"].iloc[0]
    timeline = url_timeline(found, url)
    assert timeline["seconds"].is_monotonic_increasing
    counts = found.shares.loc[found.shares["expanded"] == url, "statistics.actual.shareCount"]
    assert timeline["total"].iloc[-1] == counts.sum()


def test_a_timeline_of_nothing_is_refused(found: CoordShares):
    with pytest.raises(ParameterError, match="top_url_id = 99"):
        draw_url_timeline_chart(found, None, 99)
    rows = pd.DataFrame({"expanded": ["u", "u"], "account.url": ["A", "B"], "date": [0, 5000]})
    with pytest.raises(InputError, match="none to draw"):
        draw_url_timeline_chart(get_coord_shares(rows, 10))


def test_without_share_counts_the_timeline_counts_posts():
    rows = pd.DataFrame({"expanded": ["u", "u"], "account.url": ["A", "B"], "date": [0, 1]})
    assert url_timeline(get_coord_shares(rows, 10), "u")["total"].tolist() == [1, 2]
    assert "running total of posts" in draw_url_timeline_chart(get_coord_shares(rows, 10)).alt


MCL = (
    "mcl_url,id,creation_time,link_attachment.link,post_owner.id,post_owner.name,surface.id,surface.name,text,"
    "statistics.like_count,statistics.share_count,statistics.comment_count\n"
    "m,1,2024-09-01T10:00:00,https://a.com/1,11,Ann,21,S,t,1,2,3\n"
    "m,2,2024-09-01T10:00:09,https://a.com/1,12,Ben,22,S,t,4,5,6\n"
)


def test_links_of_a_recognised_export_become_shares(tmp_path: Path):
    source = load_link_shares(write(tmp_path / "mcl.csv", MCL))
    output = get_coord_shares(source.shares, 60)
    assert output.edges.values.tolist() == [["11", "12", 1]]
    assert get_outputs(output, top_coord_urls=True)["top_coord_urls"]["engagement"].tolist() == [21]


def test_an_export_without_links_is_refused_with_what_it_has(tmp_path: Path):
    file = write(tmp_path / "t.csv", "object_id,account_id,content_id,timestamp_share\nHi,A,1,5\n")
    with pytest.raises(InputError, match=r"as shares, which holds no links \(only object\).*coordlib detect"):
        load_link_shares(file)


def test_the_command_writes_tables_and_says_what_it_found(
    tmp_path: Path, command: Callable[..., tuple[int, str]]
):
    shares = tmp_path / "shares.csv.gz"
    with gzip.open(shares, "wt", encoding="utf-8") as file:
        simulate_link_shares(60, 1, days=4).shares.to_csv(file, index=False)
    code, text = command(shares, "-o", tmp_path / "out", "--interval", "60", "--clean-urls", "--top", "3")
    assert code == 0, text
    assert "Coordination interval: 60 s" in text
    assert pd.read_csv(tmp_path / "out" / "top_coord_urls.csv")["rank"].max() == 3


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--interval", "0"], "coordination_interval = 0"),
        (["-p", "1"], "p = 1"),
        (["--percentile-edge-weight", "2"], "percentile_edge_weight = 2"),
        (["--compat", "coornt"], "compat = 'coornt'"),
        (["--order-by", "likes"], "order_by = 'likes'"),
    ],
)
def test_the_command_refuses_wrong_values_before_it_writes(
    tmp_path: Path, options: list[str], message: str, command: Callable[..., tuple[int, str]]
):
    shares = write(tmp_path / "s.csv", "expanded,account.url,date\nu,A,0\nu,B,1\n")
    code, text = command(shares, "-o", tmp_path / "out", *options)
    assert code == 2
    assert text.startswith("coordlib: ")
    assert text.count("\n") == 1
    assert message in text
    assert not (tmp_path / "out").exists()


def test_the_command_asks_where_results_go(tmp_path: Path, command: Callable[..., tuple[int, str]]):
    code, text = command(write(tmp_path / "s.csv", "expanded,account.url,date\nu,A,0\n"))
    assert code == 2
    assert "--output FOLDER" in text
