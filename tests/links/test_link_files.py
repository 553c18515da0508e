"""Link sharing from files to files: history files, exports, the command, the written tables."""

from __future__ import annotations

import gzip
import json
import sys
from collections.abc import Callable
from pathlib import Path

import networkx as nx
import pandas as pd
import pytest

from coordlib import get_coord_shares, load_link_shares
from coordlib.cli import main
from coordlib.describe import Label
from coordlib.errors import (
    EmptyInputError,
    InputError,
    ParameterError,
    PublishError,
    TimeFormatError,
    UnknownFormatError,
)
from coordlib.links import CoordShares, label_links
from coordlib.report import draw_url_timeline_chart, get_outputs, link_result, write_link_outputs
from coordlib.report.figures import detached_axes, figure_html
from coordlib.report.link_result import LINK_FILES, url_timeline
from coordlib.runs import link_facts
from coordlib.simulate import simulate_link_shares
from coordlib.sources import get_urls_from_ct_histdata


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

    monkeypatch.setattr(link_result, "write_graphml", fail)
    with pytest.raises(PublishError, match="No space left"):
        write_link_outputs(found, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["edges.csv"]
    assert (tmp_path / "edges.csv").read_text() == "earlier"


def test_outputs_are_chosen_by_name_and_urls_without_counts_are_ordered_by_coordinated_shares():
    urls, accounts = ["u", "u", "v", "v", "v"], ["A", "B", "A", "B", "B"]
    rows = pd.DataFrame({"expanded": urls, "account.url": accounts, "date": [0, 1, 50, 51, 52]})
    chosen = get_outputs(
        get_coord_shares(rows, 10),
        ct_shares_marked=False,
        highly_connected_g=False,
        edges=False,
        highly_connected_coordinated_entities=False,
        top_coord_urls=True,
    )
    assert list(chosen) == ["top_coord_urls"]
    top = chosen["top_coord_urls"]
    assert top[["expanded", "cooR.shares"]].values.tolist() == [["v", 3], ["u", 2]]
    assert top[["engagement", "statistics.actual.likeCount"]].isna().all(axis=None)


def test_without_counts_there_is_no_list_of_posts(tmp_path: Path):
    rows = pd.DataFrame({"expanded": ["u", "u"], "account.url": ["A", "B"], "date": [0, 1]})
    assert write_link_outputs(get_coord_shares(rows, 10), tmp_path)["top_coord_shares"].empty
    assert (
        (tmp_path / "top_coord_shares.csv").read_text(encoding="utf-8").startswith("account.url,date,title")
    )


def test_how_each_label_was_made_is_written_beside_the_tables(tmp_path: Path):
    rows = pd.DataFrame(
        {
            "expanded": ["https://a.com/1"] * 2,
            "account.url": ["A", "B"],
            "date": [0, 1],
            "message": ["Tea time"] * 2,
        }
    )
    found = get_coord_shares(rows, 10)
    made = Label(
        "Tea", "language model small", {"prompt": "p", "model": "small", "time": "t", "response": "r"}
    )
    write_link_outputs(
        found, tmp_path, labels={"component": {1: made}, "cluster": label_links(found, "cluster")}
    )
    kept = json.loads((tmp_path / "labels.json").read_text(encoding="utf-8"))
    assert kept["component"]["1"]["details"] == {
        "prompt": "p",
        "model": "small",
        "time": "t",
        "response": "r",
    }
    assert kept["cluster"]["1"]["method"] == "local words (c-TF-IDF)"
    summary = pd.read_csv(tmp_path / "component_summary.csv")
    assert summary[["label", "label.method"]].values.tolist() == [["Tea", "language model small"]]


def test_what_accounts_are_called_cannot_run_in_a_spreadsheet_or_break_the_graph(tmp_path: Path):
    rows = pd.DataFrame(
        {
            "expanded": ["https://a.com/=1"] * 2,
            "account.url": ["=A", "B"],
            "date": [0, 1],
            "account.name": ["=HYPERLINK(1)", "bad\x00\x0bname"],
        }
    )
    write_link_outputs(get_coord_shares(rows, 10), tmp_path)
    assert "'=HYPERLINK(1)" in (tmp_path / "highly_connected_coordinated_entities.csv").read_text()
    assert nx.read_graphml(tmp_path / "highly_connected_g.graphml").nodes["B"]["account.name"] == "badname"


def test_the_timeline_adds_up_shares_and_says_how_many_were_coordinated(found: CoordShares):
    axes = draw_url_timeline_chart(found, ax=detached_axes())
    html = figure_html(axes)
    assert html.count("<svg") == 2
    assert "coordinated" in axes.get_title()
    assert "https://" in axes.get_title()
    assert "UTC" in html
    url = found.shares.loc[found.shares["is_coordinated"], "expanded"].iloc[0]
    timeline = url_timeline(found, url)
    assert timeline["seconds"].is_monotonic_increasing
    counts = found.shares.loc[found.shares["expanded"] == url, "statistics.actual.shareCount"]
    assert timeline["total"].iloc[-1] == counts.sum()


def test_a_timeline_of_nothing_says_so(found: CoordShares):
    with pytest.raises(ParameterError, match="top_url_id = 99"):
        draw_url_timeline_chart(found, None, 99, detached_axes())
    rows = pd.DataFrame({"expanded": ["u", "u"], "account.url": ["A", "B"], "date": [0, 5000]})
    axes = draw_url_timeline_chart(get_coord_shares(rows, 10), ax=detached_axes())
    assert axes.get_title() == "No URL was shared in a coordinated way"


def test_without_share_counts_the_timeline_counts_posts():
    rows = pd.DataFrame({"expanded": ["u", "u"], "account.url": ["A", "B"], "date": [0, 1]})
    assert url_timeline(get_coord_shares(rows, 10), "u")["total"].tolist() == [1, 2]
    axes = draw_url_timeline_chart(get_coord_shares(rows, 10), ax=detached_axes())
    assert axes.get_ylabel() == "running total of posts"


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


def test_the_reactions_texts_and_types_of_the_content_library_count(tmp_path: Path):
    source = load_link_shares(
        write(
            tmp_path / "mcl.csv",
            "mcl_url,id,creation_time,link_attachment.link,link_attachment.name,post_owner.id,post_owner.type,"
            "surface.id,text,statistics.like_count,statistics.love_count,statistics.angry_count,statistics.care_count\n"
            "m,1,2024-09-01T10:00:00,https://a.com/1,Title,11,page,21,Said,1,2,3,100\n"
            "m,2,2024-09-01T10:00:09,https://a.com/1,Title,12,group,22,Said,10,20,30,100\n",
        )
    )
    output = get_coord_shares(source.shares, 60)
    top = get_outputs(output, top_coord_urls=True, top_coord_shares=True, component_summary=True)
    # Care is not among the kinds CooRnet adds up.
    assert top["top_coord_urls"]["engagement"].tolist() == [66]
    assert top["top_coord_shares"][["title", "message"]].values.tolist() == [["Title", "Said"]] * 2
    assert top["component_summary"][["facebook_page", "facebook_group"]].values.tolist() == [[1, 1]]


def test_links_in_the_text_are_taken_where_a_format_has_no_column_of_them(tmp_path: Path):
    source = load_link_shares(
        write(
            tmp_path / "instagram.csv",
            "mcl_url,id,creation_time,post_owner.id,hashtags,text\n"
            "m,1,2024-09-01T10:00:00,11,,see https://a.com/1 now\nm,2,2024-09-01T10:00:01,12,,https://a.com/1\n",
        )
    )
    assert source.shares["expanded"].tolist() == ["https://a.com/1"] * 2


def test_an_export_whose_posts_hold_no_link_says_so_with_its_name(tmp_path: Path):
    file = write(
        tmp_path / "t.csv", "video_id,author_name,create_time,video_description\n1,a,2024-09-01 10:00:00,Hi\n"
    )
    with pytest.raises(
        EmptyInputError, match=r"t\.csv: none of its 1 posts holds a link; it was read as traktok"
    ):
        load_link_shares(file)


def test_every_row_that_takes_no_part_is_counted_with_its_reason(tmp_path: Path):
    file = write(
        tmp_path / "pages.csv",
        "Page Name,Facebook Id,Post Created,URL,Link,Final Link,Type\n"
        "P,1,2021-07-06 16:45:20 EDT,U1,https://a.example/x,,Link\nQ,2,2021-07-06 16:45:25 EDT,U2,https://a.example/x,,Link\n"
        "Q,2,2021-07-06 16:45:25 EDT,U2,https://a.example/x,,Link\nQ,2,2021-07-06 16:45:25 XYZT,U3,https://a.example/x,,Link\n"
        "P,1,2021-07-06 17:45:20 EDT,U4,,,Status\nP,1,2021-07-06 17:45:20 EDT,U5,https://www.facebook.com/,,Link\n"
        "P,1,2021-07-06 17:45:20 EDT,U6,https://a.example/y,,Link\n",
    )
    source = load_link_shares(file)
    facts = link_facts(source, get_coord_shares(source.shares, 60, clean_urls=True))
    assert facts["Read as"].endswith("5 posts of 7 rows")
    assert facts["Period (UTC)"] == "2021-07-06 20:45:20 to 2021-07-06 21:45:20"
    assert "the same post again: 1" in facts["Left out while reading"]
    assert "post without a link: 1" in facts["Left out while reading"]
    assert facts["Shares looked at"].startswith("2 of 4")
    assert facts["Left out"] == (
        "an address of no page (front or log-in page, cut short): 1; a URL shared only once: 1"
    )


def test_a_table_is_refused_where_a_result_would_take_its_place(
    tmp_path: Path, command: Callable[..., tuple[int, str]]
):
    file = write(tmp_path / "edges.csv", "account.url,expanded,date\na,u,1735689600\nb,u,1735689605\n")
    before = file.read_bytes()
    code, text = command(file, "-o", tmp_path, "--time-window", "60")
    assert (code, file.read_bytes()) == (2, before)
    assert "edges.csv: is the input itself" in text
    assert [path.name for path in tmp_path.iterdir()] == ["edges.csv"]


def test_a_number_that_is_no_time_is_said_with_what_it_looks_like(
    tmp_path: Path, command: Callable[..., tuple[int, str]]
):
    file = write(tmp_path / "s.csv", "account.url,expanded,date\na,u,46024.1\nb,u,46024.2\n")
    code, text = command(file, "-o", tmp_path / "out", "--time-window", "60")
    assert code == 2
    assert (
        "'46024.1' is not a time, but a day number of a spreadsheet (2 such of 2 rows); write UTC seconds"
        in text
    )


def test_an_unreadable_time_in_a_file_is_named_with_its_line_before_anything_is_written(
    tmp_path: Path, command: Callable[..., tuple[int, str]]
):
    file = write(
        tmp_path / "s.csv", 'expanded,account.url,date\n"u",A,1735689600\nv,"B\nB",yesterday\nw,C,\n'
    )
    code, text = command(file, "-o", tmp_path / "out", "--time-window", "60")
    assert code == 2
    assert (
        "s.csv, line 4, column 'date': 'yesterday' is not a time, but a word that means another time every day (2 such of 3 rows)"
        in text
    )
    assert not (tmp_path / "out").exists()


def test_rows_without_account_or_url_are_counted(tmp_path: Path):
    file = write(
        tmp_path / "s.csv",
        "expanded,account.url,date\nu,A,1735689600\nu,B,1735689601\nu,,1735689602\n,C,1735689603\n",
    )
    source = load_link_shares(file)
    assert get_coord_shares(source.shares, 60).left_out == {"no URL or no account": 2}


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
    code, text = command(shares, "-o", tmp_path / "out", "--time-window", "60", "--clean-urls", "--top", "3")
    assert code == 0, text
    assert "Time window: 60 s, as given" in text
    assert pd.read_csv(tmp_path / "out" / "top_coord_urls.csv")["rank"].max() == 3


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--time-window", "0"], "time_window = 0"),
        (["-p", "1"], "p = 1"),
        (["--edge-weight", "2"], "edge_weight = 2"),
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
