"""``coordlib benchmark`` on files as the archives of information operations have them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from coordlib.simulate import simulate_labelled


def as_archive(posts: pd.DataFrame) -> pd.DataFrame:
    """Labelled posts in the columns of those archives."""
    ours = ["content_id", "account_id", "posted_at", "text", "object_id", "is_control"]
    theirs = ["postid", "accountid", "post_time", "post_text", "reposted_postid", "is_control"]
    return posts[ours].set_axis(theirs, axis=1).assign(hashtags="", urls="", is_repost=True)


def test_posts_in_our_words_and_in_those_of_the_archives_give_one_table(
    tmp_path: Path, command: Callable[..., tuple[int, str, str]]
) -> None:
    posts = simulate_labelled(seed=6)
    posts.to_csv(tmp_path / "ours.csv", index=False)
    as_archive(posts).to_csv(tmp_path / "theirs.csv", index=False)
    ours, theirs = (command("benchmark", tmp_path / name) for name in ("ours.csv", "theirs.csv"))
    assert (ours[0], ours[1]) == (0, theirs[1]), ours[2]


def test_an_archive_in_several_files_gives_the_table_of_one(
    tmp_path: Path, command: Callable[..., tuple[int, str, str]]
) -> None:
    posts = as_archive(simulate_labelled(seed=6))
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
    posts = as_archive(simulate_labelled(seed=6))
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
