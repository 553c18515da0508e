"""One writer for all CSV: every reader sees the rows that were written (a lone carriage return broke six rows into eighteen)."""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coordlib.cli import main
from coordlib.report.tables import read_csv, write_csv

HOSTILE = ["a\rb", "a\r\nb", "\r=1+1", 'q"\r"', "x,\ry", "\x0b=2", "\u2028next", "plain"]


def test_a_lone_carriage_return_is_quoted_and_comes_back(tmp_path: Path) -> None:
    frame = pd.DataFrame({"text": HOSTILE, "n": range(len(HOSTILE))})
    file = write_csv(frame, tmp_path / "t.csv")
    with file.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.reader(stream))
    assert len(rows) == len(HOSTILE) + 1
    assert len(pd.read_csv(file)) == len(HOSTILE)
    assert not any(cell.startswith(("=", "\r=")) for row in rows for cell in row), "no live formula"
    assert read_csv(file)["text"].tolist()[0] == "a\rb"


@given(
    st.lists(
        st.text(
            alphabet=st.characters(exclude_categories=["Cs", "Cc"], include_characters="\r\n\t\"',=+-@"),
            max_size=12,
        ),
        max_size=8,
    )
)
def test_what_is_written_is_read_back(texts: list[str]) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        file = write_csv(pd.DataFrame({"a": texts, "b": "x"}, dtype="str"), Path(folder) / "t.csv")
        with file.open(encoding="utf-8", newline="") as stream:
            assert len(list(csv.reader(stream))) == len(texts) + 1
        assert read_csv(file)["a"].tolist() == texts
        assert read_csv(file, "a", "not there").to_dict("list") == {"a": texts}


@pytest.mark.parametrize("command", ["import", "detect"])
def test_a_command_never_overwrites_its_own_input(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "posts.csv"
    file.write_text(
        "id,username,date,text\n1,ann,2026-01-02 10:00:00,Tea\n2,bob,2026-01-02 10:00:09,Tea\n",
        encoding="utf-8",
    )
    before = file.read_bytes()
    monkeypatch.setattr(sys, "argv", ["coordlib", command, str(file), "-o", str(file)])
    with pytest.raises(SystemExit) as stop:
        main()
    assert stop.value.code == 2
    assert "is the input itself" in capsys.readouterr().err
    assert file.read_bytes() == before
