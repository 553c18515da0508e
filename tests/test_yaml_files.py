"""What people write into YAML files is taken as they mean it, or refused in one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from coordlib.errors import FileFormatError, ParameterError
from coordlib.parameters import DailyMonitoring, SeedDiscovery
from coordlib.yaml_files import read_yaml

BOMB = "a: &a [x, x]\n" + "".join(
    f"{b}: &{b} [*{a}, *{a}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("time_window: 60\ntime_window: 90\n", "line 2: .*'time_window' stands twice"),
        (BOMB, "line 2: .*aliases"),
        ("? [1, 2]\n: 3\n", "a name has to be a word"),
        ("- 1\n- 2\n", "expected 'name: value' lines, found a list"),
        ("just words", "found a str"),
        ("a: [1, 2\n", "line 2: not readable as YAML"),
        ("a: !!python/object:os.system x\n", "not readable as YAML"),
    ],
)
def test_what_cannot_be_meant_is_one_line_with_its_place(text: str, words: str, tmp_path: Path) -> None:
    (tmp_path / "p.yml").write_text(text, encoding="utf-8")
    with pytest.raises(FileFormatError, match=words) as caught:
        read_yaml(tmp_path / "p.yml")
    assert "\n" not in str(caught.value) and "p.yml" in str(caught.value)


def test_a_number_is_the_one_that_was_written(tmp_path: Path) -> None:
    """Older YAML reads 0100 as 64 and 12:30:45 as 45045."""
    lines = ["a: 0100", "b: 12:30:45", "c: 1e3", "d: -0.5", "e: 60", "f: .inf", "g: 0x10", "h: 1.5.0"]
    (tmp_path / "p.yml").write_text("\n".join(lines), encoding="utf-8")
    found = read_yaml(tmp_path / "p.yml").values()
    assert [*found] == ["0100", "12:30:45", 1000.0, -0.5, 60, float("inf"), "0x10", "1.5.0"]


def test_a_file_in_another_encoding_is_told(tmp_path: Path) -> None:
    (tmp_path / "p.yml").write_bytes("workspace: été\n".encode("latin-1"))
    with pytest.raises(FileFormatError, match="is not UTF-8 text"):
        read_yaml(tmp_path / "p.yml")


def test_norway_is_a_country_and_a_date_is_text(tmp_path: Path) -> None:
    (tmp_path / "p.yml").write_text(
        "regions: [NO, IT]\nstart: 2026-09-10\nend: 2026-09-12\nhashtags: [on, yes]\n", encoding="utf-8"
    )
    found = SeedDiscovery.from_yaml(tmp_path / "p.yml")
    assert (found.regions, found.hashtags, str(found.start)) == (["NO", "IT"], ["on", "yes"], "2026-09-10")


@pytest.mark.parametrize(
    "line", ["time_window: true", "date: 2026-02-30", "edge_weight: [0.9]", "time_window: {a: 1}"]
)
def test_a_value_of_another_kind_is_refused_by_name(line: str, tmp_path: Path) -> None:
    (tmp_path / "p.yml").write_text(line + "\n", encoding="utf-8")
    with pytest.raises(ParameterError, match=line.split(":")[0]) as caught:
        DailyMonitoring.from_yaml(tmp_path / "p.yml")
    assert "\n" not in str(caught.value)
