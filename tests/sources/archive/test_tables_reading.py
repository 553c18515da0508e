"""A table is read as it was written, and a file that cannot be read is refused in one line."""

from __future__ import annotations

import csv
import gzip
import io
import random
import tempfile
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coordlib.errors import EmptyInputError, FileFormatError, InputError, MissingColumnError
from coordlib.sources.json_files import is_json
from coordlib.sources.tables import iter_table, line_of_row, read_table, refuse_damaged_ids

#: Any text but NUL and the one spelling of a missing value.
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20).filter(
    lambda text: text != "NA"
)
Writer = Callable[[bytes], Path]


def packed(content: bytes) -> bytes:
    return bytes(pa.Codec("zstd").compress(content, asbytes=True))


@pytest.fixture
def write(tmp_path: Path) -> Writer:
    def _write(content: bytes) -> Path:
        file = tmp_path / "table.csv"
        file.write_bytes(content)
        return file

    return _write


def test_long_ids_captions_and_na_stay_as_written(write: Writer) -> None:
    file = write('id,caption\r\n7583486171670498590," tea, ""hot""\nand 🍵 "\r\n007,NA\r\n8,\r\n'.encode())
    table = read_table(file)
    assert table["id"].to_list() == ["7583486171670498590", "007", "8"]
    assert table["caption"].iloc[0] == ' tea, "hot"\nand 🍵 '
    assert pd.isna(table["caption"].iloc[1])
    assert table["caption"].iloc[2] == ""


@given(rows=st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=8))
def test_any_text_comes_back_as_it_was_written(rows: list[tuple[str, str]]) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    writer.writerows([("a", "b"), *rows])
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "table.csv"
        file.write_bytes(text.getvalue().encode())
        table = read_table(file)
    assert list(zip(table["a"], table["b"], strict=True)) == rows


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_delimiter_is_found_in_the_header(write: Writer, delimiter: str) -> None:
    file = write(f"a{delimiter}b\n1{delimiter}2\n".encode())
    assert read_table(file).to_dict("list") == {"a": ["1"], "b": ["2"]}


def test_a_byte_order_mark_and_outer_spaces_leave_the_header(write: Writer) -> None:
    file = write(b'\xef\xbb\xbf"Page Name", Likes \nx,1\n')
    assert list(read_table(file).columns) == ["Page Name", "Likes"]


def test_a_gzipped_table_is_known_by_its_bytes(write: Writer) -> None:
    assert read_table(write(gzip.compress(b"a,b\n1,2\n"))).shape == (1, 2)


def test_a_table_packed_with_zstandard_is_known_by_its_bytes(write: Writer) -> None:
    """Parts packed one by one make one file, as with gzip; packers in parallel write a note above each."""
    note = b"\x50\x2a\x4d\x18\x04\x00\x00\x00abcd"
    assert read_table(write(note + packed(b"a,b\n1,2\n") + note + packed(b"3,4\n"))).shape == (2, 2)
    assert read_table(write(packed(b"a,b\n1,2\n") + packed(b"3,4\n")))["b"].tolist() == ["2", "4"]


def test_parquet_reads_as_the_same_text(tmp_path: Path) -> None:
    file = tmp_path / "table.parquet"
    pd.DataFrame({"id": [7583486171670498590], "views": [None], "tags": [["a", "b"]]}).to_parquet(file)
    table = read_table(file, needed=["id"])
    assert table["id"].to_list() == ["7583486171670498590"]
    assert table["tags"].to_list() == ["a,b"]
    assert table["views"].isna().all()


def test_ids_stored_as_floats_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "table.parquet"
    pd.DataFrame({"id": [7.583486171670498e18]}).to_parquet(file)
    with pytest.raises(FileFormatError, match=r"column 'id'.*lost digits"):
        read_table(file)


@pytest.mark.parametrize(
    ("content", "error", "message"),
    [
        (b"", EmptyInputError, "empty"),
        (b"\n \n", EmptyInputError, "blank lines"),
        (b"a,b\n", EmptyInputError, "no rows"),
        (gzip.compress(b"", mtime=0), EmptyInputError, "empty"),
        (packed(b""), EmptyInputError, "empty"),
        (packed(b"a,b\n" + b"1,2\n" * 999)[:-3], FileFormatError, "cut short"),
        (
            packed(random.Random(1).randbytes(9_000).hex().encode())[:4_000] + b"x" * 999,
            FileFormatError,
            "damaged",
        ),
        (packed(b"a,b\n1,\0\n"), FileFormatError, "line 2, column 'b'"),
        (b"a,b\n1,2\n1,2,3\n", FileFormatError, "line 3: has 3 cells, the header has 2"),
        (b"a,b\n1,2,3\n", FileFormatError, "line 2: has 3 cells"),
        (b'a,b\n"1,2\n3,4\n', FileFormatError, "never closed"),
        (b"a,b\n1,2\n1,\x00\n", FileFormatError, "line 3, column 'b': NUL"),
        (b"a,b\n1,caf\xe9\n", FileFormatError, "line 2, column 'b': byte 0xE9 is not UTF-8"),
        (b"a,b\n1,\xe2\x82", FileFormatError, "line 2, column 'b': byte 0xE2"),
        ("a,b\n1,2\n".encode("utf-16"), FileFormatError, "UTF-16"),
        (b"a,b,c\n1,2,3\n4,5", FileFormatError, "line 3: the last line has 2 cells, the header 3"),
        (b"PK\x03\x04rest", FileFormatError, "Excel workbook"),
        (gzip.compress(b"a,b\n" + b"1,2\n" * 999, mtime=0)[:-12], FileFormatError, "cut short"),
        (b"PAR1nothing", FileFormatError, "Parquet"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_in_one_line(
    write: Writer, content: bytes, error: type[InputError], message: str
) -> None:
    with pytest.raises(error, match=message) as caught:
        read_table(write(content))
    assert "\n" not in str(caught.value)
    assert "table.csv" in str(caught.value)


def test_a_last_line_without_a_line_break_is_a_row(write: Writer) -> None:
    assert read_table(write(b'a,b\n1,"x\ny"'))["b"].to_list() == ["x\ny"]
    assert read_table(write(b"a,b\n1,2"))["b"].to_list() == ["2"]


def test_a_missing_column_is_named_with_those_that_are_there(write: Writer) -> None:
    with pytest.raises(MissingColumnError, match=r"'video_id' \(did you mean 'video id'\?\)"):
        read_table(write(b"video id,b\n1,2\n"), needed=["video_id"])


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        read_table(tmp_path / "nothing.csv")
    with pytest.raises(InputError, match="is a folder"):
        read_table(tmp_path)


def test_the_pieces_of_a_table_make_the_whole(write: Writer) -> None:
    file = write(b"a,b\n" + b"".join(f"{n},x\n".encode() for n in range(10)))
    pieces = list(iter_table(file, chunk_rows=4))
    assert [len(piece) for piece in pieces] == [4, 4, 2]
    pd.testing.assert_frame_equal(pd.concat(pieces), read_table(file))


def test_the_line_of_a_row_counts_line_breaks_inside_cells(write: Writer) -> None:
    file = write(b'a,b\n1,"x\ny"\n2,z\n')
    assert line_of_row(file, 1) == 4


@pytest.mark.parametrize("damaged", ["7,57123E+18", "7.57E+18", " 1.2e18 "])
def test_ids_rounded_by_a_spreadsheet_are_refused(damaged: str) -> None:
    table = pd.DataFrame({"id": ["1", damaged]}, dtype="str")
    with pytest.raises(FileFormatError, match=r"row 2, column 'id'.*spreadsheet"):
        refuse_damaged_ids(table, ["id"], "file.csv")
    refuse_damaged_ids(table, ["other"], "file.csv")


@pytest.mark.parametrize("tail", [b"", b"3,c,5\n"])
def test_a_row_with_too_few_cells_is_refused_with_its_line_not_filled_up(write: Writer, tail: bytes) -> None:
    file = write(b'id,caption,time\n1,"a\nb",5\n2,only two\n' + tail)
    with pytest.raises(FileFormatError, match="line 4: has 2 cells, the header has 3"):
        read_table(file)


def test_empty_last_cells_and_blank_lines_are_no_short_rows(write: Writer) -> None:
    assert read_table(write(b"id,caption\n1,\n\n  \n2,NA\n"))["id"].to_list() == ["1", "2"]


def test_a_cell_that_is_never_closed_is_named_by_the_line_it_begins_in(write: Writer) -> None:
    with pytest.raises(FileFormatError, match="line 3: a quoted cell that begins here is never closed"):
        read_table(write(b'id,caption\n1,a\n2,"b\n3,c\n4,d\n'))


def test_lines_may_end_as_on_old_macs(write: Writer) -> None:
    assert read_table(write(b"id,caption\r1,a\r2,b\r"))["caption"].to_list() == ["a", "b"]


def test_a_needed_column_that_is_there_twice_is_refused(write: Writer) -> None:
    file = write(b"id,caption,id,caption\n1,a,2,b\n")
    assert list(read_table(file)) == ["id", "caption", "id.1", "caption.1"]
    with pytest.raises(FileFormatError, match="line 1: more than one column is named 'caption'"):
        read_table(file, needed=["caption"])


def test_a_damaged_parquet_file_is_refused_in_one_line(tmp_path: Path) -> None:
    file = tmp_path / "table.parquet"
    pd.DataFrame({"id": [f"{n:>9}" for n in range(50)]}).to_parquet(file)
    content = file.read_bytes()
    file.write_bytes(content[:20] + b"\xff" * 60 + content[80:])
    with pytest.raises(FileFormatError, match="not a readable Parquet file") as refused:
        read_table(file)
    assert "\n" not in str(refused.value)


def test_a_carriage_return_in_a_column_name_is_one_line(tmp_path: Path) -> None:
    """opensupplyhub/open-apparel-registry#449: the error of the reader names neither the file nor what to do."""
    (tmp_path / "a.csv").write_bytes(b'user"\rname",mentions\nann,3\n')
    with pytest.raises(FileFormatError, match="a column name holds a carriage return"):
        read_table(tmp_path / "a.csv")


def test_a_header_that_ends_elsewhere_for_the_parser_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"\r\tuzmen")
    with pytest.raises(InputError, match=r"not clear where its header ends|has a header but no rows") as told:
        read_table(tmp_path / "a.csv")
    assert "\n" not in str(told.value)


def test_text_in_a_parquet_file_that_is_not_utf8_is_one_line(tmp_path: Path) -> None:
    pd.DataFrame({"username": ["cafe"]}).to_parquet(tmp_path / "a.parquet", compression=None)
    data = (tmp_path / "a.parquet").read_bytes()
    (tmp_path / "a.parquet").write_bytes(data.replace(b"cafe", b"caf\xe9"))
    with pytest.raises(FileFormatError, match="not a readable Parquet file"):
        read_table(tmp_path / "a.parquet")


def test_a_damaged_compressed_file_is_said_whatever_it_is_taken_for(tmp_path: Path) -> None:
    """zlib raises an error of its own in the middle of a stream, beside those of gzip."""
    data = bytearray(gzip.compress(b"id,username,date,text\n" * 200, mtime=0))
    data[12:20] = b"\xff" * 8
    (tmp_path / "a.csv.gz").write_bytes(bytes(data))
    assert not is_json(tmp_path / "a.csv.gz", "a.csv.gz")
    with pytest.raises(FileFormatError, match="cut short or damaged"):
        read_table(tmp_path / "a.csv.gz")
