"""Each guard of the tests is needed: without it, the world that forced it has significant edges; with it, none."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import coordlib as cl
from coordlib.significance import confirmation
from coordlib.significance.confirmation import Presence

FIRST = 4_000_000


@pytest.fixture(scope="module")
def made(project: Path) -> Iterator[Any]:
    """The worlds of the calibration, which come with the project."""
    sys.path.insert(0, str(project / "benchmarks"))
    try:
        import significance_worlds

        yield significance_worlds
    finally:
        sys.path.remove(str(project / "benchmarks"))


def edges(made: Any, world: str, seed: int = 0) -> pd.DataFrame:
    make = (made.WORLDS | made.BOUNDARY)[world]
    return cl.edge_significance(made.shares(make(np.random.default_rng(FIRST + seed))))


def runs_with_any(made: Any, world: str, runs: int = 4) -> int:
    return sum(bool(edges(made, world, seed)["significant"].any()) for seed in range(runs))


@pytest.mark.parametrize(
    "world",
    [
        "early birds 20 %, 2 min",
        "full hour 5 %, active",
        "fans 40, 10 min",
        "trigger 200, .5, 10 min",
        "awake, hyperactive",
    ],
)
def test_with_all_guards_there_is_no_significant_edge(made: Any, world: str) -> None:
    assert runs_with_any(made, world) == 0


def test_without_speed_early_birds_meet_each_other(made: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    original = Presence.__init__

    def without_speed(self: Presence, *given: Any) -> None:
        original(self, *given)
        self.speed = np.ones_like(self.speed)

    monkeypatch.setattr(Presence, "__init__", without_speed)
    assert runs_with_any(made, "early birds 20 %, 2 min") >= 3


def test_without_a_second_question_fans_are_published(made: Any) -> None:
    found = edges(made, "fans 40, 10 min")
    assert (found["q_discovery"] <= 0.05).sum() > 50


def test_without_a_clock_accounts_on_the_full_hour_meet_each_other(
    made: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Presence, "clock", lambda self, corpus, at, accounts: np.ones(len(at)))
    assert runs_with_any(made, "full hour 5 %, active") >= 2


def test_with_a_faster_audience_allowed_the_closed_circle_is_silent(
    made: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The pace is an assumption: the higher it is, the faster the audiences that are ruled out as an explanation."""
    (world, _, _) = made.many_objects(np.random.default_rng(FIRST))
    table = made.shares(world)
    assert (cl.edge_significance(table)["evidence"] == "closed circle").sum() == 40
    original = confirmation.judge_circle
    monkeypatch.setattr(
        "coordlib.significance.confirmation.judge_circle",
        lambda corpus, presence, seen, pace: original(corpus, presence, seen, np.full_like(pace, 0.9)),
    )
    assert not cl.edge_significance(table)["significant"].any()


def test_a_corpus_collected_for_its_coordination_does_not_excuse_itself(
    made: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def pace(table: pd.DataFrame) -> float:
        return float(cl.edge_significance(table).attrs["pace"])

    rows = [(f"o{n}", f"a{account}", 90_000 * n + 10 * account) for n in range(30) for account in range(8)]
    frame = pd.DataFrame(rows, columns=["object_id", "account_id", "timestamp_share"])
    frame["timestamp_share"] += 1_700_000_000
    table = cl.prep_data(frame.assign(content_id=[f"c{n}" for n in range(len(rows))]))
    assert pace(table) == confirmation.PACE
    monkeypatch.setattr(confirmation, "PACE", 1.0)
    assert pace(table) == pytest.approx(1.0)


def test_groups_on_popular_objects_are_beyond_the_crowd(made: Any) -> None:
    world, first, size = made.GROUPS["many objects, 8, viral"][0](np.random.default_rng(FIRST))
    found = cl.edge_significance(made.shares(world))
    beyond = found[found["evidence"] == "beyond the crowd"]
    assert len(beyond) >= 2 * size
    assert (beyond[["account_id", "account_id_y"]].astype("int64") >= first).all(axis=None)


def test_completion_finds_members_that_take_part_now_and_then(made: Any) -> None:
    world, first, _ = made.GROUPS["10 accounts, 30 objects, part .4"][0](np.random.default_rng(FIRST))
    found = cl.edge_significance(made.shares(world))
    added = found[found["added"]]
    assert len(added) > 10
    assert (added["q_discovery"] > 0.05).any()
    assert set(added["account_id"]) <= set(
        found.loc[found["significant"] & ~found["added"], ["account_id", "account_id_y"]].to_numpy().ravel()
    )
    assert (added["account_id"].astype("int64") >= first).all()


def test_two_fixed_timetables_are_recognised() -> None:
    """Every day at nine and at ten, to the second: they meet, and the larger lag of an hour explains it."""
    random = np.random.default_rng(3)
    hours = [9, 10, 13]
    rows = [
        ("tip", f"bot{b}", 86_400 * day + 3_600 * hour + int(random.integers(4)))
        for b in range(2)
        for day in range(12)
        for hour in hours
    ]
    appears = random.integers(0, 12 * 86_400, 100)
    rows += [
        (f"o{what}", f"a{random.integers(100)}", int(appears[what] + random.exponential(7_200)))
        for what in random.integers(0, 100, 1_000)
    ]
    frame = pd.DataFrame(rows, columns=["object_id", "account_id", "timestamp_share"])
    frame["timestamp_share"] += 1_700_000_000
    found = cl.edge_significance(cl.prep_data(frame.assign(content_id=[f"c{n}" for n in range(len(rows))])))
    pair = found[(found["account_id"] == "bot0") & (found["account_id_y"] == "bot1")].iloc[0]
    assert pair["episodes"] == 36
    assert not pair["significant"]
