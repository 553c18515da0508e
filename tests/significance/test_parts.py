"""The parts the tests of an edge are made of, against numbers worked out by hand or by counting everything."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse
from scipy.stats import binom, poisson_binom

from coordlib import coordinated_edges, detect_groups, prep_data
from coordlib.significance import tails
from coordlib.significance.arrays import Timeline, counted_apart
from coordlib.significance.confirmation import Presence, circles_of
from coordlib.significance.constants import CIRCLE_REACH, CROWD_REACH, SESSION
from coordlib.significance.corpus import Coincidences, Corpus
from coordlib.significance.discovery import _chances

T0 = 1_700_000_000


def table(*rows: tuple[str, str, int]) -> pd.DataFrame:
    """Shares from (object, account, seconds)."""
    frame = pd.DataFrame(list(rows), columns=["object_id", "account_id", "timestamp_share"])
    return prep_data(
        frame.assign(
            timestamp_share=frame["timestamp_share"] + T0, content_id=[f"c{n}" for n in range(len(rows))]
        )
    )


def one_sum(chances: list[float], needed: int, scored: bool = False) -> float:
    return float(
        tails.tail(np.zeros(len(chances), dtype=int), np.array(chances), np.array([needed]), scored)[0]
    )


@pytest.mark.parametrize(
    ("chances", "needed", "probability"),
    [
        ([1 / 15] * 5, 4, 9.349794e-05),
        ([241 / 86_400] * 3, 2, 2.329805e-05),
        ([0.5] * 200, 150, 4.815646e-12),
    ],
)
def test_tails_of_chances(chances: list[float], needed: int, probability: float) -> None:
    assert one_sum(chances, needed) == pytest.approx(probability, rel=1e-6)


def test_the_exact_tail_is_used_up_to_its_limit_and_the_bound_is_never_below_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert one_sum([0.5] * 200, 120) == pytest.approx(binom.sf(119, 200, 0.5), rel=1e-9)
    bound = one_sum([0.5] * 200, 150)
    monkeypatch.setattr(tails, "MOST_EXACT", 1_000)
    assert one_sum([0.5] * 200, 150) == pytest.approx(4.196510e-13, rel=1e-6)
    assert bound > one_sum([0.5] * 200, 150)


@pytest.mark.parametrize(
    ("needed", "probability"), [(27, 0.00886882), (54, 2.104702e-05), (81, 1.605228e-09)]
)
def test_tails_of_scores(needed: int, probability: float) -> None:
    assert one_sum([0.05] * 3, needed, scored=True) == pytest.approx(probability, rel=1e-6)


def test_the_bound_of_a_score_is_above_its_exact_tail(monkeypatch: pytest.MonkeyPatch) -> None:
    chances = [0.3, 0.1, 0.05, 0.2, 0.4, 0.18, 0.18]
    bound = one_sum(chances, 121, scored=True)
    monkeypatch.setattr(tails, "MOST_EXACT", 1_000)
    assert 0 < one_sum(chances, 121, scored=True) < bound < 1


def test_a_score_has_27_levels_and_no_occasion_counts_for_more_than_one_in_a_thousand() -> None:
    assert tails.TOP_LEVEL == len(tails.REACH) == 27
    assert tails.REACH[[0, -1]] == pytest.approx([0.778801, 0.00117088], rel=1e-5)
    assert tails.level(np.array([1.0, 0.7, 0.05, 1e-3, 1e-30])).tolist() == [0, 1, 11, 27, 27]


@given(st.lists(st.lists(st.floats(0, 1), min_size=1, max_size=8), min_size=1, max_size=6), st.data())
def test_many_sums_at_once_are_the_same_as_each_alone(sums: list[list[float]], data: st.DataObject) -> None:
    needed = data.draw(st.lists(st.integers(0, 9), min_size=len(sums), max_size=len(sums)))
    owner = np.repeat(np.arange(len(sums)), [len(one) for one in sums])
    together = tails.tail(owner, np.concatenate(sums), np.array(needed))
    alone = [
        poisson_binom.sf(least - 1, one) if least else 1 for one, least in zip(sums, needed, strict=True)
    ]
    assert together == pytest.approx(alone, abs=1e-9)


def test_pairs_outside_a_small_family_do_not_fill_its_ranks() -> None:
    p = np.concatenate([np.ones(1_000), [0.001]])
    q = tails.adjusted(p, 15)
    assert q[-1] == pytest.approx(0.015)
    assert (q[:-1] == 1).all()
    assert (tails.adjusted(p, 0) == 1).all()


def test_events_count_when_far_from_the_last_counted_one() -> None:
    same = np.zeros(4, dtype=int)
    assert counted_apart(same, np.array([0, 50, 130, 400]), 120).sum() == 3
    sessions = Corpus(table(*(("o", "a", at) for at in (0, 1_000, 1_900, 4_000))), 120).sessions
    assert (sessions.first - T0).tolist() == [0, 1_900, 4_000]
    assert sessions.posts.tolist() == [2, 1, 1]


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 60)), max_size=40), st.integers(0, 20))
def test_counting_apart_equals_walking_through_the_events(events: list[tuple[int, int]], gap: int) -> None:
    events = sorted(events)
    counted, last = [], {}
    for group, at in events:
        counted.append(group not in last or at > last[group] + gap)
        if counted[-1]:
            last[group] = at
    groups, times = (np.array([event[part] for event in events], dtype=np.int64) for part in (0, 1))
    assert counted_apart(groups, times, gap).tolist() == counted


@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(-50, 50)), min_size=1, max_size=30),
    st.integers(-90, 90),
    st.integers(-90, 90),
)
def test_events_between_two_times(events: list[tuple[int, int]], low: int, high: int) -> None:
    low, high = min(low, high), max(low, high)
    groups, times = np.array(sorted(events)).T
    wanted = [sum(g == group and low <= at <= high for g, at in events) for group in range(3)]
    found = Timeline(groups, times).count(np.arange(3), np.full(3, low), np.full(3, high))
    assert found.tolist() == wanted


def test_a_circle_is_half_of_the_neighbours_of_either_account() -> None:
    ends = np.array([[0, 1], [0, 2], [0, 3], [1, 2], [1, 3], [2, 3], [3, 4], [3, 5]]).T
    graph = sparse.csr_array((np.ones(8), tuple(ends)), (6, 6))
    circles = circles_of(np.array([0, 0, 3]), np.array([1, 3, 4]), graph + graph.T).toarray()
    assert [np.flatnonzero(row).tolist() for row in circles] == [[2, 3], [1, 2], []]


def random_table(seed: int) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    return table(
        *(
            (f"o{random.integers(4)}", f"a{random.integers(6)}", int(random.integers(40_000)))
            for _ in range(150)
        )
    )


@pytest.mark.parametrize("seed", range(3))
def test_weights_and_objects_are_those_of_the_network(seed: int) -> None:
    shares = random_table(seed)
    corpus = Corpus(shares, 600)
    found = Coincidences(corpus)
    wanted = coordinated_edges(detect_groups(shares, 600, 1)).sort_values(["account_id", "account_id_y"])
    assert corpus.account_names[found.left].tolist() == wanted["account_id"].tolist()
    assert found.weight.tolist() == wanted["weight"].tolist()
    assert found.n_objects.tolist() == wanted["n_objects"].tolist()


@pytest.mark.parametrize("seed", range(3))
def test_who_was_there_is_counted_as_by_hand(seed: int) -> None:
    corpus = Corpus(random_table(seed), 600)
    found = Coincidences(corpus)
    presence, sessions = Presence(corpus, found), corpus.sessions
    posts = [corpus.times[sessions.of_row == number] for number in range(len(sessions))]
    for one in range(len(sessions)):
        met, crowd, circle = 0, 0, 0
        for other in range(len(sessions)):
            if (
                sessions.objects[one] != sessions.objects[other]
                or sessions.accounts[one] == sessions.accounts[other]
            ):
                continue
            met += any(abs(a - b) <= 600 for a, b in itertools.product(posts[one], posts[other]))
            after, before = (
                sessions.first[other] - sessions.last[one],
                sessions.first[one] - sessions.first[other],
            )
            crowd += after <= CROWD_REACH and before <= CROWD_REACH
            circle += after <= CIRCLE_REACH and before <= CIRCLE_REACH
        assert (presence.met[one], presence.crowd[one], presence.circle[one]) == (
            met,
            max(met, crowd),
            max(met, circle),
        )


def test_episodes_are_meetings_not_posts_and_occasions_are_moments_not_objects() -> None:
    """Three posts by each of two accounts within two minutes are one meeting of weight nine."""
    burst = [("o", account, at) for account in "ab" for at in (0, 40, 80)]
    found = Coincidences(Corpus(table(*burst), 120))
    assert (found.weight[0], found.episodes[0], found.occasions[0]) == (9, 1, 1)
    queue = [(f"o{number}", account, number) for account in "ab" for number in range(5)]
    found = Coincidences(Corpus(table(*queue), 120))
    assert (found.weight[0], found.n_objects[0], found.episodes[0], found.occasions[0]) == (5, 5, 5, 1)


def test_the_chance_of_a_repeat_is_how_busy_the_other_is_or_its_habit() -> None:
    day, hour = 86_400, 3_600
    at_night = [("o", "j", number * day) for number in range(1, 5)]
    corpus = Corpus(table(("o", "i", 0), ("o", "j", 5 * hour), *at_night), 120)
    mine = np.flatnonzero(corpus.sessions.accounts == 0)
    chance = _chances(corpus, mine, np.zeros(1, dtype=int), np.ones(1, dtype=int))[0]
    # Four other days, each at the same hour: 241 seconds of the hour around it.
    assert chance == pytest.approx(241 / (2 * SESSION))
    corpus = Corpus(table(("o", "i", 0), ("o", "j", 5 * hour), ("o", "j", 9 * hour)), 120)
    chance = _chances(corpus, np.zeros(1, dtype=int), np.zeros(1, dtype=int), np.ones(1, dtype=int))[0]
    assert chance == pytest.approx(2 * 241 / day)
