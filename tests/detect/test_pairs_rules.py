"""detect_groups: each rule of the method, and the algebra that must hold for any input."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coordlib import detect_groups, prep_data
from coordlib.detect import kernel
from coordlib.errors import InputError, MissingColumnError, ParameterError

COLUMNS = ["object_id", "account_id", "content_id", "timestamp_share"]
DTYPES = ["str"] * 5 + ["int64"]

Row = tuple[str | None, str | None, str | None, int | None]


def shares(*rows: Row) -> pd.DataFrame:
    return prep_data(pd.DataFrame(list(rows), columns=COLUMNS), plausible=None)


def found(
    frame: pd.DataFrame, window: int = 10, least: int = 1, loops: bool = True
) -> list[tuple[object, ...]]:
    pairs = detect_groups(frame, window, least, loops)
    return list(
        pairs[["account_id", "content_id", "account_id_y", "content_id_y"]].itertuples(index=False, name=None)
    )


def test_the_window_is_inclusive() -> None:
    frame = shares(("o", "A", "1", 0), ("o", "B", "2", 10), ("o", "C", "3", 21))
    assert found(frame) == [("A", "1", "B", "2")]


def test_the_lower_end_of_the_window_is_inclusive_and_no_higher_than_the_upper_one() -> None:
    frame = shares(("o", "A", "1", 0), ("o", "B", "2", 5), ("o", "C", "3", 15))
    assert detect_groups(frame, 15, 1, time_window_low=10)["time_delta"].tolist() == [15, 10]
    found = detect_groups(frame, 15, 1, time_window_low=11)
    assert found["time_delta"].tolist() == [15] and found.attrs["time_window_low"] == 11
    with pytest.raises(ParameterError, match="time_window_low = 16: is above time_window = 15"):
        detect_groups(frame, 15, time_window_low=16)


def test_participation_counts_only_what_is_in_pairs_above_the_lower_end() -> None:
    """A has two posts, but only one of them at least 10 seconds from another's."""
    frame = shares(("o", "A", "1", 0), ("o", "B", "2", 20), ("p", "A", "3", 0), ("p", "C", "4", 5))
    frame = pd.concat([frame, shares(("q", "B", "5", 900), ("q", "C", "6", 900))], ignore_index=True)
    assert len(detect_groups(frame, 60, 2)) == 3
    assert detect_groups(frame, 60, 2, time_window_low=10).empty


def test_accounts_are_filtered_first_by_rows_over_all_objects() -> None:
    frame = shares(("o1", "A", "1", 0), ("o1", "B", "2", 1), ("o2", "A", "1", 0))
    assert found(frame, least=2) == []
    assert found(frame, least=1) == [("A", "1", "B", "2")]


def test_one_account_that_passes_is_enough_for_a_pair() -> None:
    frame = shares(
        ("o1", "A", "1", 0),
        ("o1", "B", "2", 1),
        ("o2", "A", "3", 100),
        ("o2", "C", "4", 101),
        ("z1", "B", "5", 5000),
        ("z2", "C", "6", 9000),
    )
    assert found(frame, least=2) == [("A", "1", "B", "2"), ("A", "3", "C", "4")]


def test_a_content_with_two_objects_counts_as_two_participations() -> None:
    frame = shares(("h1", "A", "1", 0), ("h2", "A", "1", 0), ("h1", "B", "2", 1), ("h3", "B", "3", 500))
    assert found(frame, least=2) == [("A", "1", "B", "2")]


def test_of_two_posts_of_one_second_the_account_that_sorts_first_is_first() -> None:
    frame = shares(("o2", "Z", "1", 5), ("o1", "A", "2", 5), ("o1", "Z", "3", 5), ("o2", "A", "4", 5))
    assert found(frame) == [("A", "2", "Z", "3"), ("A", "4", "Z", "1")]


def test_compat_keeps_the_order_of_the_input_also_within_one_second() -> None:
    frame = shares(("o2", "Z", "1", 5), ("o1", "A", "2", 5), ("o1", "Z", "3", 5), ("o2", "A", "4", 5))
    pairs = detect_groups(frame, 10, 1, compat="coortweet")
    assert pairs["content_id"].tolist() == ["1", "3"]
    assert pairs["account_id"].tolist() == ["Z", "Z"]


def test_the_older_post_comes_first_whatever_the_row_order() -> None:
    frame = shares(("o", "B", "2", 9), ("o", "A", "1", 0))
    assert found(frame) == [("A", "1", "B", "2")]


def test_loops_are_dropped_unless_asked_for() -> None:
    frame = shares(("o", "A", "1", 0), ("o", "A", "2", 1), ("o", "B", "2", 2))
    assert found(frame) == [("A", "1", "B", "2")]
    assert len(found(frame, loops=False)) == 3


def test_a_post_is_no_share_of_itself() -> None:
    frame = shares(("t1", "A", "t1", 0), ("t1", "B", "2", 1), ("t1", "C", "3", 2))
    assert found(frame) == [("B", "2", "C", "3")]


@pytest.mark.parametrize("gap", range(3))
def test_a_missing_id_drops_the_pair_unless_loops_are_kept(gap: int) -> None:
    row: list[str | int | None] = ["o", "A", "1", 0]
    row[gap] = None
    frame = shares(tuple(row), (None if gap == 0 else "o", "B", "2", 1))  # type: ignore[arg-type]
    assert found(frame) == []
    kept = detect_groups(frame, 10, 1, remove_loops=False)
    assert len(kept) == 1
    assert kept[["object_id", "account_id", "content_id"]].isna().iloc[0].tolist() == [
        gap == n for n in range(3)
    ]


def test_missing_times_never_match() -> None:
    frame = shares(("o", "A", "1", None), ("o", "B", "2", None), ("o", "C", "3", 0), ("o", "D", "4", 0))
    assert found(frame) == found(frame, loops=False) == [("C", "3", "D", "4")]


def test_times_with_fractions_of_a_second_are_compared_as_they_are() -> None:
    frame = shares(("o", "A", "1", 0), ("o", "B", "2", 0), ("o", "C", "3", 0))
    frame["timestamp_share"] = [0.05, 10.0, 10.06]
    pairs = detect_groups(frame, 10, 1)
    assert pairs[["account_id", "account_id_y"]].to_numpy().tolist() == [["A", "B"], ["B", "C"]]
    assert pairs["time_delta"].tolist() == pytest.approx([9.95, 0.06])


def test_pairs_come_by_object_then_by_the_later_row_then_by_the_earlier_one() -> None:
    """Rows count once they are together by account, as in the original: A, B (its second row), C, D."""
    frame = shares(
        ("late", "A", "1", 0),
        ("early", "B", "2", 0),
        ("late", "C", "3", 1),
        ("late", "D", "4", 2),
        ("early", "A", "5", 1),
        ("late", "B", "6", 9),
    )
    pairs = detect_groups(frame, 100, 1, compat="coortweet")
    assert pairs[["object_id", "content_id", "content_id_y"]].to_numpy().tolist() == [
        ["late", "1", "6"],
        ["late", "1", "3"],
        ["late", "3", "6"],
        ["late", "1", "4"],
        ["late", "4", "6"],
        ["late", "3", "4"],
        ["early", "2", "5"],
    ]


def test_objects_come_in_the_order_they_have_once_rows_are_together_by_account() -> None:
    frame = shares(
        ("x", "A", "1", 0), ("y", "B", "2", 0), ("z", "A", "3", 0), ("y", "C", "4", 1), ("z", "C", "5", 1)
    )
    assert detect_groups(frame, 10, 1, compat="coortweet")["object_id"].tolist() == ["z", "y"]


def test_rows_of_one_account_and_second_are_ordered_by_content_then_object() -> None:
    rows = [
        ("p", "A", "2", 5),
        ("o", "A", "1", 5),
        ("p", "A", "1", 5),
        ("o", "A", "2", 5),
        ("o", "B", "3", 6),
        ("p", "B", "3", 6),
    ]
    expected = detect_groups(shares(*rows), 10, 1)
    assert expected[["object_id", "content_id"]].to_numpy().tolist() == [
        ["o", "1"],
        ["o", "2"],
        ["p", "1"],
        ["p", "2"],
    ]
    for turn in range(1, len(rows)):
        pd.testing.assert_frame_equal(detect_groups(shares(*rows[turn:], *rows[:turn]), 10, 1), expected)


def test_rows_listed_twice_multiply_pairs() -> None:
    frame = shares(("t", "A", "1", 0), ("t", "A", "1", 0), ("t", "B", "2", 2))
    assert found(frame) == [("A", "1", "B", "2")] * 2


def test_a_trailing_blank_makes_another_object() -> None:
    assert found(shares(("caption", "A", "1", 0), ("caption ", "B", "2", 1))) == []


@pytest.mark.parametrize(
    ("frame", "least"),
    [
        (shares(("o", "A", "1", 0), ("o", "B", "2", 1)), 5),
        (shares(("o", "A", "1", 0), ("o", "B", "2", 999)), 1),
        (shares(("o", "A", "1", 0)), 1),
        (shares(("o", "A", "1", 0)).iloc[:0], 2),
    ],
    ids=["nobody takes part often enough", "nothing in the window", "one row", "no rows"],
)
def test_nothing_found_is_an_empty_table_with_columns_and_types(frame: pd.DataFrame, least: int) -> None:
    pairs = detect_groups(frame, 10, least)
    assert pairs.empty
    assert [str(kind) for kind in pairs.dtypes] == DTYPES
    assert list(pairs) == [
        "object_id",
        "account_id",
        "account_id_y",
        "content_id",
        "content_id_y",
        "time_delta",
    ]


@pytest.mark.parametrize("value", [-1, 1.5, True, "60", None])
def test_windows_and_participations_are_whole_numbers_from_zero(value: object) -> None:
    frame = shares(("o", "A", "1", 0))
    with pytest.raises(ParameterError, match="time_window"):
        detect_groups(frame, value, 1)  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match="min_participation"):
        detect_groups(frame, 10, value)  # type: ignore[arg-type]


def test_a_missing_share_column_is_named() -> None:
    with pytest.raises(MissingColumnError, match="timestamp_share"):
        detect_groups(shares(("o", "A", "1", 0)).drop(columns="timestamp_share"))


def test_a_raw_table_with_the_right_names_is_prepared_on_the_way() -> None:
    raw = pd.DataFrame(
        [("o", 1, 10, "2025-01-01T00:00:00Z"), ("o", 2, 11, "2025-01-01 00:00:09")], columns=COLUMNS
    )
    assert found(raw) == [("1", "10", "2", "11")]


def test_times_centuries_apart_over_many_objects_still_match_within_objects() -> None:
    rows = [
        (f"o{n}", name, f"{name}{n}", time)
        for n in range(40)
        for name, time in (("A", 0), ("B", 10), ("C", 21))
    ]
    frame = shares(*rows)
    frame.loc[:1, "timestamp_share"] = 2**62
    assert sorted(detect_groups(frame, 10, 1)["time_delta"]) == [0] + [10] * 39


def test_a_hot_object_is_searched_in_pieces_without_its_square(monkeypatch: pytest.MonkeyPatch) -> None:
    n = 3000
    frame = pd.DataFrame(
        {
            "object_id": ["hot"] * n,
            "account_id": [f"a{i % 50}" for i in range(n)],
            "content_id": [str(i) for i in range(n)],
            "timestamp_share": [i * 7 for i in range(n)],
        }
    )
    whole = detect_groups(frame, 30, 1)
    sizes = []
    monkeypatch.setattr(kernel, "CHUNK", 100)
    original = kernel._pieces

    def watched(*given: object) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        for i, j in original(*given):
            sizes.append(len(i))
            yield i, j

    monkeypatch.setattr(kernel, "COMPILED_FROM", 10**9)
    monkeypatch.setattr(kernel, "_pieces", watched)
    pd.testing.assert_frame_equal(detect_groups(frame, 30, 1), whole)
    assert max(sizes) <= 50
    # Counted twice: once for which pairs there are, once to form them.
    assert sum(sizes) == 2 * sum(min(4, n - 1 - i) for i in range(n))


ROWS = st.lists(
    st.tuples(
        st.sampled_from(["o1", "o2", "o3", None]),
        st.sampled_from(["A", "B", "C", "D", None]),
        st.sampled_from(["1", "2", "3", "4", "5", "6", "o1"]),
        st.one_of(st.none(), st.integers(0, 60)),
    ),
    max_size=25,
)


def unordered(pairs: pd.DataFrame) -> list[tuple[object, ...]]:
    """Pairs without their order, and without saying which of two posts of the same second is the older."""
    rows = []
    for row in pairs.astype(object).where(pairs.notna(), "").itertuples(index=False):
        ends = sorted([(row.account_id, row.content_id), (row.account_id_y, row.content_id_y)])
        rows.append((row.object_id, *ends, row.time_delta))
    return sorted(rows)


def naive(frame: pd.DataFrame, window: int) -> list[tuple[object, ...]]:
    """All pairs by two plain loops: the definition, without filters."""
    rows = frame.astype(object).where(frame.notna(), None).to_numpy().tolist()
    result = []
    for place, (o, a, c, t) in enumerate(rows):
        for o2, a2, c2, t2 in rows[:place]:
            known = None not in (o, a, c, t, a2, c2, t2)
            if known and o == o2 and abs(t - t2) <= window and a != a2 and c != c2 and o not in (c, c2):
                result.append((o, *sorted([(a, c), (a2, c2)]), abs(t - t2)))
    return sorted(result)


@given(ROWS, st.integers(0, 70))
@settings(deadline=None)
def test_pairs_are_those_of_the_definition(rows: list[Row], window: int) -> None:
    frame = shares(*rows)
    assert unordered(detect_groups(frame, window, 0)) == naive(frame, window)


@given(ROWS, st.integers(0, 70), st.integers(0, 4), st.booleans(), st.randoms(use_true_random=False))
@settings(deadline=None)
def test_row_order_does_not_matter(
    rows: list[Row], window: int, least: int, loops: bool, random: object
) -> None:
    shuffled = list(rows)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    one = detect_groups(shares(*rows), window, least, loops)
    pd.testing.assert_frame_equal(detect_groups(shares(*shuffled), window, least, loops), one)
    theirs = detect_groups(shares(*shuffled), window, least, loops, compat="coortweet")
    assert unordered(theirs) == unordered(one)


@given(ROWS, st.integers(0, 40), st.integers(0, 40), st.booleans())
@settings(deadline=None)
def test_a_wider_window_never_loses_a_pair(rows: list[Row], window: int, more: int, loops: bool) -> None:
    frame = shares(*rows)
    near = unordered(detect_groups(frame, window, 0, loops))
    far = unordered(detect_groups(frame, window + more, 0, loops))
    assert [row for row in far if row[-1] <= window] == near  # type: ignore[operator]


@given(ROWS, st.integers(0, 70))
@settings(max_examples=50, deadline=None)
def test_parts_by_object_add_up_to_the_whole(rows: list[Row], window: int) -> None:
    frame = shares(*rows)
    first = (frame["object_id"] == "o1").fillna(False).to_numpy(dtype=bool)
    parts = [detect_groups(part, window, 0) for part in (frame[first], frame[~first])]
    together = sorted(row for part in parts for row in unordered(part))
    assert together == unordered(detect_groups(frame, window, 0))


def test_more_pairs_than_a_table_holds_are_refused_with_the_hot_object(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rows = [("hot", f"a{n}", f"c{n}", n) for n in range(20)] + [
        ("cold", "a1", "d1", 1),
        ("cold", "a2", "d2", 2),
    ]
    frame = shares(*rows)
    monkeypatch.setattr("coordlib.detect.pairs.MOST_PAIRS", 191)
    assert len(detect_groups(frame, 60, 1)) == 191
    monkeypatch.setattr("coordlib.detect.pairs.MOST_PAIRS", 190)
    with pytest.raises(InputError, match=r"^191 pairs .*'hot' alone is in 20 posts.*coordlib detect"):
        detect_groups(frame, 60, 1)
