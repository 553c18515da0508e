"""Random tables keep every margin and are all equally likely; the network is compared with what they give."""

from __future__ import annotations

from collections import Counter
from itertools import combinations

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

import coordlib as cl
from coordlib import network_significance
from coordlib.errors import MissingColumnError, ParameterError
from coordlib.significance import network_sentence
from coordlib.significance.curveball import curveball
from coordlib.significance.network import STATISTICS
from coordlib.significance.projection import links_of, modularity, project, triangles

DAY = 86_400
T0 = 1_700_006_400 - 1_700_006_400 % DAY


def random_table(seed: int, rows: int = 12, columns: int = 9, share: float = 0.4) -> sparse.csr_array:
    return sparse.csr_array((np.random.default_rng(seed).random((rows, columns)) < share).astype(np.int64))


def random_graph(seed: int, nodes: int = 30, share: float = 0.15) -> sparse.csr_array:
    random = np.random.default_rng(seed)
    weights = np.triu((random.random((nodes, nodes)) < share) * random.integers(1, 5, (nodes, nodes)), k=1)
    return sparse.csr_array(weights + weights.T)


def test_random_tables_keep_the_sums_of_rows_and_of_the_columns_of_every_period() -> None:
    table = random_table(1)
    starts, strata = table.indptr.astype(np.int64), np.repeat([0, 1, 2], [5, 6, 1])
    changed = 0
    for columns in curveball(starts, table.indices.astype(np.int64), strata, 20, np.random.default_rng(1)):
        drawn = sparse.csr_array((np.ones(len(columns)), columns, starts), shape=table.shape).toarray()
        assert drawn.max() == 1
        for period in range(3):
            assert (
                drawn[strata == period].sum(axis=0) == table.toarray()[strata == period].sum(axis=0)
            ).all()
        assert (drawn.sum(axis=1) == table.sum(axis=1)).all()
        changed += (drawn != table.toarray()).any()
    assert changed > 15


def test_every_table_with_the_same_margins_is_equally_likely() -> None:
    """Three rows of two of four columns, each column at least once: 24 tables are counted one by one, then drawn."""
    pairs = [set(pair) for pair in combinations(range(4), 2)]
    wanted = [2, 2, 1, 1]
    tables = [
        rows
        for rows in np.ndindex(6, 6, 6)
        if [sum(column in pairs[row] for row in rows) for column in range(4)] == wanted
    ]
    starts = np.array([0, 2, 4, 6])
    first = np.array(sorted(pairs[tables[0][0]]) + sorted(pairs[tables[0][1]]) + sorted(pairs[tables[0][2]]))
    draws, seen = 200 * len(tables), Counter[tuple[int, ...]]()
    for columns in curveball(starts, first, np.zeros(3, dtype=int), draws, np.random.default_rng(5)):
        seen[tuple(pairs.index(set(columns[row : row + 2].tolist())) for row in (0, 2, 4))] += 1
    assert set(seen) == set(tables)
    chi = sum((seen[table] - 200) ** 2 / 200 for table in tables)
    assert chi < 3 * len(tables)


@pytest.mark.parametrize("seed", range(4))
def test_the_projection_counts_the_objects_two_accounts_share(seed: int) -> None:
    table = random_table(seed)
    wanted = np.triu((table @ table.T).toarray(), k=1)
    for least in (1, 2):
        first, second, common, n_met = project(*np.nonzero(table.toarray()), *table.shape, least)
        assert len(common) == (wanted >= least).sum()
        assert (wanted[first, second] == common).all()
        assert n_met == (wanted > 0).sum()


@pytest.mark.parametrize("seed", range(4))
def test_communities_are_as_good_as_a_known_librarys_and_their_modularity_is_right(seed: int) -> None:
    graph = random_graph(seed)
    one, other = np.nonzero(graph.toarray())
    links = links_of(one, other, graph.toarray()[one, other].astype(np.int64), *graph.shape)
    quality, community = modularity(links)
    known = nx.from_scipy_sparse_array(graph)
    parts = [set(np.flatnonzero(community == one).tolist()) for one in np.unique(community)]
    assert quality == pytest.approx(nx.community.modularity(known, parts))
    rivals = [nx.community.modularity(known, nx.community.greedy_modularity_communities(known, "weight"))]
    assert quality > max(rivals) - 0.03
    assert triangles(links.starts, links.others) == sum(nx.triangles(known).values()) // 3


def world(seed: int, divided: bool) -> pd.DataFrame:
    """120 accounts on ten days; divided: four circles that share objects of their own."""
    random = np.random.default_rng(seed)
    rows = []
    for number in range(200):
        day, circle = number % 10, number // 10 % 4
        members = np.arange(30) + 30 * circle if divided else np.arange(120)
        at = T0 + day * DAY + 40_000
        rows += [
            (f"o{number}", f"a{one}", int(at + random.integers(60)))
            for one in random.choice(members, 5, False)
        ]
    frame = pd.DataFrame(rows, columns=["object_id", "account_id", "timestamp_share"])
    return cl.prep_data(frame.assign(content_id=[f"c{n}" for n in range(len(rows))]))


def measured(shares: pd.DataFrame, draws: int = 99, **options: object) -> pd.DataFrame:
    pairs = cl.detect_groups(shares, 120, 1)
    return network_significance(shares, pairs, min_weight=2, draws=draws, **options)  # type: ignore[arg-type]


def test_circles_are_more_than_their_margins_and_say_so() -> None:
    table = measured(world(1, divided=True))
    row = table[(table["statistic"] == "modularity") & (table["null"] == "by day")].iloc[0]
    assert row["observed"] > row["null_high"]
    assert row["p_more"] == 1 / 100
    assert network_sentence(table).startswith("As a whole the network is unlike 99 random")
    assert "day by day: more divided into communities (" in network_sentence(table)


@pytest.mark.parametrize("odd", STATISTICS)
def test_the_sentence_never_reassures_while_any_measure_is_beyond(odd: str) -> None:
    names = list(STATISTICS)
    table = pd.DataFrame(
        {"statistic": names, "null": "by day", "observed": 3.0, "null_low": 1.0, "null_high": 2.0}
    )
    table.attrs["draws"] = 99
    none = network_sentence(table.assign(p_more=0.5, p_less=0.5))
    assert none.startswith("As a whole the network is like")
    assert "That is no all-clear" in none
    for side, word in (("p_more", STATISTICS[odd][1]), ("p_less", STATISTICS[odd][2])):
        numbers = {"p_more": 0.5, "p_less": 0.5, side: [0.01 if name == odd else 0.5 for name in names]}
        said = network_sentence(table.assign(**numbers))
        assert said.startswith("As a whole the network is unlike")
        assert f"day by day: {word} (3; 95 % of them: 1.000 to 2)." in said
        assert f"Like them: {', '.join(STATISTICS[name][0] for name in names if name != odd)}." in said


def test_a_network_made_of_margins_alone_is_seldom_more_than_they_explain() -> None:
    small = 0
    for seed in range(20):
        table = measured(world(100 + seed, divided=False), draws=39)
        small += int(
            (table[table["null"] == "by day"].set_index("statistic")["p_more"]["modularity"]) <= 0.05
        )
        assert (table["null_low"] <= table["null_high"]).all()
    assert small <= 4


def test_the_same_seed_gives_the_same_table_whatever_the_order_of_the_rows() -> None:
    shares = world(1, divided=True)
    once = measured(shares, draws=9)
    pd.testing.assert_frame_equal(
        measured(shares.sample(frac=1, random_state=2), draws=9), once, check_exact=True
    )
    assert set(once["statistic"]) == set(STATISTICS)
    assert not measured(shares, draws=9, seed=2)["null_mean"].equals(once["null_mean"])
    assert set(measured(shares, draws=3, stratum="week")["null"]) == {"all times", "by week"}


def test_very_hot_objects_are_drawn_less_often_and_the_table_says_how_often(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("coordlib.significance.network.FEWEST_DRAWS", 3)
    monkeypatch.setattr("coordlib.significance.network.MEETINGS", 1)
    monkeypatch.setattr("coordlib.significance.network.MEETINGS_EACH", 0)
    table = measured(world(1, divided=True), draws=9)
    assert table.attrs["draws"] == 3
    assert network_sentence(table).count("like 3 random networks ")


@pytest.mark.parametrize("min_weight", [2, None])
def test_no_pairs_give_zeros_and_a_sentence(min_weight: int | None) -> None:
    shares = world(1, divided=True).head(1)
    table = cl.network_significance(shares, cl.detect_groups(shares, 60, 1), min_weight=min_weight, draws=9)
    assert (table["observed"] == 0).all()
    assert network_sentence(table) == "There is no network to compare with random ones."


def test_users_mistakes_are_one_line() -> None:
    shares = world(1, divided=True)
    pairs = cl.detect_groups(shares, 120, 1)
    with pytest.raises(ParameterError, match="draws = 0: give a whole number of 1 or more"):
        network_significance(shares, pairs, draws=0)
    with pytest.raises(ParameterError, match="'day' or 'week'"):
        network_significance(shares, pairs, stratum="hour")  # type: ignore[arg-type]
    with pytest.raises(MissingColumnError, match="time_delta"):
        network_significance(shares, pairs.drop(columns="time_delta"))
