"""``coordlib benchmark`` on files as the archives of information operations have them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from coordlib.simulate import simulate_labelled


def test_an_archive_in_several_files_gives_the_table_of_one(
    tmp_path: Path, command: Callable[..., tuple[int, str, str]]
) -> None:
    posts = simulate_labelled(seed=6)
    (tmp_path / "parts").mkdir()
    posts.to_csv(tmp_path / "all.csv", index=False)
    posts.iloc[:3000].to_csv(tmp_path / "parts" / "1.csv", index=False)
    posts.iloc[3000:].to_csv(tmp_path / "parts" / "2.csv", index=False)
    one, many = (
        command("benchmark", tmp_path / "all.csv", "-o", tmp_path / "all.table.csv"),
        command("benchmark", tmp_path / "parts"),
    )
    assert (one[0], many[0]) == (0, 0), one[2] + many[2]
    assert one[1] == many[1]
    table = pd.read_csv(tmp_path / "all.table.csv").set_index("method")
    assert table.index.tolist() == ["percentile", "cosine", "score"]
    assert table.loc["score", "auc"] > 0.98 and set(table["coordinated"]) == {20}


def test_a_mistake_is_one_line_that_names_the_file_and_the_column(
    tmp_path: Path, command: Callable[..., tuple[int, str, str]]
) -> None:
    posts = simulate_labelled(seed=6)
    posts.drop(columns="is_control").to_csv(tmp_path / "plain.csv", index=False)
    posts.to_csv(tmp_path / "all.csv", index=False)
    for words, said in (
        ([tmp_path / "all.csv", "--object-id", "music"], "music"),
        ([tmp_path / "all.csv", "--object-id", "hashtags"], "no post has anything in it"),
        ([tmp_path / "plain.csv"], "plain.csv"),
        ([tmp_path / "all.csv", "-o", tmp_path / "all.csv"], "all.csv"),
    ):
        code, _, error = command("benchmark", *words)
        assert code == 2 and error.count("\n") == 1 and said in error, error
