"""What is left out is counted, what cannot be used is refused, and large files come in pieces."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from coordlib import CoordError, read_export
from coordlib.errors import (
    EmptyInputError,
    FileFormatError,
    InputError,
    ParameterError,
    TimeFormatError,
    UnknownFormatError,
    UnknownParameterError,
)
from coordlib.report.tables import dates_as_text
from coordlib.sources import crowdtangle_link_shares, iter_export, load_mapping, to_shares
from coordlib.sources.exports import export_link_shares, merge_reports, recognise, without_object

TIKTOK = "video_id,author_name,create_time,video_description,hashtag_names,effect_ids\n"


@pytest.fixture
def tiktok(tmp_path: Path) -> Path:
    file = tmp_path / "videos.csv"
    file.write_text(
        TIKTOK
        + '1,a,1714731322,tea,"fyp,tea,fyp",0\n'
        + "1,a,1714731322,tea,fyp,0\n"
        + "2,b,soon,tea,fyp,0\n"
        + "3,,1714731322,tea,fyp,0\n"
        + "4,c,,tea,fyp,0\n"
        + TIKTOK
        + '5,d,1714731400,NA,"tea",0\n',
        encoding="utf-8",
    )
    return file


def test_every_row_left_out_is_counted_with_its_reason(tiktok: Path) -> None:
    report = read_export(tiktok).report
    assert report.rows == 7
    assert report.posts == 2
    assert report.dropped == {
        "the header line, repeated inside the file": 1,
        "no account": 1,
        "no time": 1,
        "a time that cannot be read, is before 2014-04-01 or after tomorrow, such as 'soon'": 1,
        "the same post again": 1,
    }
    assert (report.first, report.last, report.accounts) == (1714731322, 1714731400, 2)
    assert "2 of 7 rows kept" in report.lines()[0]


def test_a_repeated_post_can_be_kept(tiktok: Path) -> None:
    assert read_export(tiktok, duplicates="keep").report.posts == 3


def test_a_post_kept_twice_has_the_counts_of_each_time_it_was_seen(tmp_path: Path) -> None:
    file = tmp_path / "posts.csv"
    head, links = (
        "content_id,account_id,posted_at,text,links,likes",
        "https://n.example/a https://n.example/b",
    )
    rows = [f"1,{who},2026-01-02 10:00:00,tea,{links},{likes}" for who, likes in (("ann", 3), ("bo", 8))]
    file.write_text("\n".join([head, *rows, ""]), encoding="utf-8")
    shares = export_link_shares(read_export(file, duplicates="keep"))
    found = shares[["account.url", "expanded", "statistics.actual.likeCount"]].to_numpy().tolist()
    assert found == [[who, url, n] for who, n in (("ann", 3), ("bo", 8)) for url in links.split()]


def test_pieces_add_up_to_the_whole(tiktok: Path) -> None:
    pieces = list(iter_export(tiktok, 2))
    whole = read_export(tiktok)
    pd.testing.assert_frame_equal(
        pd.concat([piece.frame for piece in pieces], ignore_index=True), whole.frame
    )
    total = merge_reports([piece.report for piece in pieces])
    assert (total.rows, total.posts, total.dropped) == (
        whole.report.rows,
        whole.report.posts,
        whole.report.dropped,
    )


def test_a_list_gives_one_share_per_item_or_one_per_set(tiktok: Path) -> None:
    export = read_export(tiktok)
    for name in ("hashtag", "hashtags"):  # a table of posts has a column hashtags
        assert to_shares(export, object_id=name)["object_id"].to_list() == ["fyp", "tea", "tea"]
    assert to_shares(export, object_id="hashtag", split=False)["object_id"].to_list() == ["fyp,tea", "tea"]


def test_a_missing_object_and_a_default_effect_are_no_object(tiktok: Path) -> None:
    export = read_export(tiktok)
    assert to_shares(export)["object_id"].to_list() == ["tea"]
    assert without_object(export) == 1
    effects = to_shares(export, object_id="effect")
    assert effects.empty
    assert effects["timestamp_share"].dtype == "int64"
    assert without_object(export, object_id="effect") == 2


def test_several_objects_become_layers(tiktok: Path) -> None:
    shares = to_shares(read_export(tiktok), object_id=["text", "hashtag"])
    assert shares["layer"].to_list() == ["text", "hashtag", "hashtag", "hashtag"]


def test_an_object_the_format_lacks_is_refused_with_those_it_has(tiktok: Path) -> None:
    with pytest.raises(ParameterError, match=r"'image'.*offers text, voice, hashtag"):
        to_shares(read_export(tiktok), object_id="image")


def test_an_unknown_table_is_told_its_closest_format_and_what_it_lacks() -> None:
    with pytest.raises(
        UnknownFormatError, match=r"closest is CrowdTangle CSV of Facebook.*lacks 'Facebook Id'"
    ):
        recognise(["Page Name", "Post Created", "URL", "Link", "Final Link", "Message"], "pages.csv")


def test_a_table_without_any_known_column_gets_the_list_of_formats() -> None:
    with pytest.raises(UnknownFormatError, match=r"no column of any known format.*known formats: 4cat, "):
        recognise(["a", "b"])


def test_a_parquet_file_of_no_known_format_is_refused_before_its_rows_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pd.DataFrame({"weight": [1], "n_objects": [1]}).to_parquet(tmp_path / "edges.parquet")
    monkeypatch.setattr(
        "coordlib.sources.exports.read.iter_table", lambda *_, **__: pytest.fail("rows were read")
    )
    with pytest.raises(UnknownFormatError, match="no column of any known format"):
        read_export(tmp_path / "edges.parquet")


def test_a_given_format_whose_columns_are_not_there_is_refused(tiktok: Path) -> None:
    with pytest.raises(UnknownFormatError, match=r"not in the format gdelt.*lacks 'url' or 'URL'"):
        read_export(tiktok, format="gdelt")
    with pytest.raises(ParameterError, match="format 'gdlt' is not known"):
        read_export(tiktok, format="gdlt")


def test_ids_damaged_by_excel_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "videos.csv"
    file.write_text(TIKTOK.replace(",", ";") + "7,57123E+18;a;1714731322;tea;;\n", encoding="utf-8")
    with pytest.raises(FileFormatError, match=r"row 1, column 'video_id'.*spreadsheet"):
        read_export(file)


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        (TIKTOK, EmptyInputError, "no rows"),
        (TIKTOK + "1,a,soon,,,\n2,b,later,,,\n", TimeFormatError, "column 'create_time': no value is a time"),
        ('{"id": 1,\n "username"', FileFormatError, "line 2: is not JSON"),
        ("[]", EmptyInputError, "no records"),
        ("[1]", FileFormatError, "list of records"),
        ('{"id": "1"}\n{"id": \n', FileFormatError, "line 2: is not JSON"),
    ],
)
def test_a_file_without_usable_posts_is_refused(
    tmp_path: Path, text: str, error: type[CoordError], message: str
) -> None:
    file = tmp_path / "export"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(error, match=message):
        read_export(file)


def test_the_owner_or_the_surface_can_be_the_account(tmp_path: Path) -> None:
    file = tmp_path / "mcl.csv"
    file.write_text(
        "id,creation_time,post_owner.id,surface.id,text\n1,2024-05-03 10:15:22,7,9,x\n2,2024-05-03 10:15:22,,9,x\n",
        encoding="utf-8",
    )
    assert read_export(file).frame["account_id"].to_list() == ["7", "9"]
    assert read_export(file, account_id="surface").frame["account_id"].to_list() == ["9", "9"]
    with pytest.raises(ParameterError, match="owner, surface"):
        read_export(file, account_id="page")


def test_days_without_an_hour_are_pointed_out(tmp_path: Path) -> None:
    file = tmp_path / "stories.csv"
    file.write_text(
        "url,title,publish_date,media_name\nhttps://a.example/1,T,2024-05-03,a\n", encoding="utf-8"
    )
    assert any("no window shorter than a day" in note for note in read_export(file).report.notes)


def test_times_without_a_zone_are_said_to_be_taken_as_utc(tmp_path: Path) -> None:
    file = tmp_path / "posts.csv"
    file.write_text("id,username,date,text\n1,a,2024-05-03 10:15:22,x\n", encoding="utf-8")
    assert "times without a zone are taken as UTC" in read_export(file).report.notes
    file.write_text("id,username,date,text\n1,a,2024-05-03T10:15:22Z,x\n", encoding="utf-8")
    assert read_export(file).report.notes == ()


def test_youtube_backslash_escapes_are_undone(tmp_path: Path) -> None:
    file = tmp_path / "videos.csv"
    file.write_text(
        "videoId,channelId,publishedAt,videoTitle\n"
        r'v,c,2024-05-03T10:15:22Z,"say \"tea\", ""now"""'
        "\n",
        encoding="utf-8",
    )
    assert read_export(file).frame["title"].to_list() == ['say "tea", "now"']


def test_any_table_is_read_by_a_mapping(tmp_path: Path) -> None:
    mapping = tmp_path / "map.yml"
    mapping.write_text(
        "account_id: who\ncontent_id: [room, no]\nposted_at: at\nobject_id: link\n"
        "objects:\n  link: {column: body, links: true}\n  tag: {column: tags, separator: '|'}\n"
        "engagement: {likes: n}\n",
        encoding="utf-8",
    )
    file = tmp_path / "table.tsv"
    file.write_text(
        "who\troom\tno\tat\tbody\ttags\tn\na\tr\t1\t1714731322\tsee https://x.example/1, ok\tp| q\t1,000\n",
        encoding="utf-8",
    )
    export = read_export(file, format=load_mapping(mapping))
    assert export.frame["content_id"].to_list() == ["r:1"]
    assert export.frame["likes"].to_list() == [1000]
    assert to_shares(export)["object_id"].to_list() == ["https://x.example/1"]
    assert to_shares(export, object_id="tag")["object_id"].to_list() == ["p", "q"]


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("acount_id: a", UnknownParameterError, "did you mean 'account_id'"),
        ("account_id: a", ParameterError, r"content_id: field required \(.*content_id: \[user, when\]\)"),
        ("- a\n- b", FileFormatError, "expected 'name: value' lines"),
        ("a: [", FileFormatError, "not readable as YAML"),
        (
            "{account_id: a, content_id: b, posted_at: c, objects: {link: d}, object_id: tag}",
            ParameterError,
            "'tag' is not among",
        ),
        (
            "{account_id: a, content_id: b, posted_at: c, objects: {link: d}, engagement: {like: x}}",
            ParameterError,
            "unknown engagement like",
        ),
    ],
)
def test_a_wrong_mapping_is_refused(tmp_path: Path, text: str, error: type[CoordError], message: str) -> None:
    file = tmp_path / "map.yml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(error, match=message):
        load_mapping(file)


CROWDTANGLE = "Page Name,User Name,Facebook Id,Followers at Posting,Post Created,Type,Likes,URL,Message,Link,Final Link,Link Text\n"


def crowdtangle_file(folder: Path, *rows: str) -> Path:
    file = folder / "pages.csv"
    file.write_text(CROWDTANGLE + "".join(f"{row}\n" for row in rows), encoding="utf-8-sig")
    return file


@pytest.mark.parametrize(
    ("row", "shared"),
    [
        ("Link,1,U,m,https://short.example/a,https://news.example/a,", "https://news.example/a"),
        ("Link,1,U,m,https://news.example/a,,", "https://news.example/a"),
        (
            "Link,1,U,m,https://fb.example/post,https://news.example/a,This is a re-share of a post",
            "https://fb.example/post",
        ),
        (
            "Status,1,U,see :=:https://news.example/glued ok,https://fb.example/x,,",
            "https://news.example/glued",
        ),
        ("Link,1,U,see :=:https://news.example/glued,https://news.example/a,,", "https://news.example/a"),
        ("YouTube,1,U,m,https://youtu.example/v,https://consent.example/x,", "https://youtu.example/v"),
    ],
)
def test_the_shared_address_follows_the_rule_of_coornet(tmp_path: Path, row: str, shared: str) -> None:
    export = read_export(crowdtangle_file(tmp_path, f"P,p,1,10,2021-07-06 16:45:20 EDT,{row}"))
    assert export.frame["links"].to_list() == [[shared]]


def test_crowdtangle_becomes_the_table_of_link_shares(tmp_path: Path) -> None:
    file = crowdtangle_file(
        tmp_path,
        'P,p,1,"1,000",2021-07-06 16:45:20 EDT,Link,3,U1,m,https://short.example/a,https://news.example/a,T',
        "P,p,1,1000,2021-07-06 16:45:20 EDT,Status,3,U2,m,,,",
    )
    shares = crowdtangle_link_shares(read_export(file))
    assert len(shares) == 1
    row = shares.iloc[0]
    assert (row["expanded"], row["date"]) == ("https://news.example/a", 1625604320)
    assert row["account.url"] == "https://www.facebook.com/1"
    assert (row["account.name"], row["account.subscriberCount"]) == ("P", 1000)
    assert row["account.accountType"] == "facebook_page"
    assert row["statistics.actual.likeCount"] == 3
    assert pd.isna(row["statistics.actual.shareCount"])
    assert not row["is_orig"]


def test_api_rows_with_several_links_give_one_share_each(tmp_path: Path) -> None:
    file = tmp_path / "posts.json"
    file.write_text(
        '{"status": 200, "result": {"posts": [{"platformId": "1_2", "date": "2021-07-06 20:45:20", "account":'
        '{"url": "https://www.facebook.com/1", "name": "P"}, "expandedLinks": [{"original": "https://s.example/1",'
        '"expanded": "https://news.example/1"}, {"original": "x", "expanded": "https://news.example/2"}],'
        '"statistics": {"actual": {"likeCount": 2}}}]}}',
        encoding="utf-8",
    )
    export = read_export(file)
    assert export.format.name == "crowdtangle-api"
    shares = crowdtangle_link_shares(export)
    assert shares["expanded"].to_list() == ["https://news.example/1", "https://news.example/2"]
    assert shares["account.url"].nunique() == 1
    assert shares["statistics.actual.likeCount"].to_list() == [2, 2]


def test_link_shares_are_refused_for_other_formats(tiktok: Path) -> None:
    with pytest.raises(InputError, match="is read as traktok"):
        crowdtangle_link_shares(read_export(tiktok))


def test_the_input_of_coornet_reads_as_crowdtangle(shared: Path) -> None:
    export = read_export(shared / "golden" / "coornet" / "input.csv.gz", duplicates="keep")
    assert export.format.name == "crowdtangle-api"
    raw = pd.read_csv(shared / "golden" / "coornet" / "input.csv.gz", dtype=str)
    shares = crowdtangle_link_shares(export)
    assert shares["expanded"].to_list() == raw["expanded"].to_list()
    assert dates_as_text(shares)["date"].to_list() == raw["date"].to_list()
    assert shares["account.url"].to_list() == raw["account.url"].to_list()


def test_an_account_may_be_called_null_but_a_caption_of_that_name_is_none(tmp_path: Path) -> None:
    file = tmp_path / "videos.csv"
    file.write_text(TIKTOK + "1,null,1714731322,nan,,\n2,None,1714731322,tea,,\n", encoding="utf-8")
    export = read_export(file)
    assert export.frame["account_id"].to_list() == ["null", "None"]
    assert to_shares(export)["object_id"].to_list() == ["tea"]


def test_a_name_that_looks_like_a_rounded_number_is_a_name(tmp_path: Path) -> None:
    file = tmp_path / "videos.csv"
    names = ["tea", "1.5E10", "coffee"]
    rows = [f"{number},{name},1714731322,x,,\n" for number, name in enumerate(names)]
    file.write_text(TIKTOK + "".join(rows), encoding="utf-8")
    assert read_export(file).frame["account_id"].to_list() == names


def test_json_can_hold_what_no_text_can_and_is_still_read(tmp_path: Path) -> None:
    file = tmp_path / "posts.json"
    deep = '{"a":' * 300 + "1" + "}" * 300
    file.write_text(
        '[{"id": "1", "username": "a", "date": "2024-05-03", "text": "x\\ud800y\\u0000", "more": '
        + deep
        + "}]",
        encoding="utf-8",
    )
    export = read_export(file)
    export.frame.to_parquet(tmp_path / "out.parquet")
    assert export.frame["text"].to_list() == ["x\ufffdy\ufffd"]


def test_a_title_above_the_header_is_not_called_a_column(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("Esportazione del 3 marzo\nutente;quando;testo\na;2025-03-01 10:00:00;ciao\n")
    with pytest.raises(
        UnknownFormatError, match=r"first line is one cell, 'Esportazione del 3 marzo'\. If that is a title"
    ):
        read_export(path)
