"""The simulated world: the same bytes per seed, the regularities of real data, and truth that is one."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import coordlib as cl
from coordlib.errors import ParameterError, UnknownParameterError
from coordlib.simulate import build_world
from coordlib.simulate.material import hashtags_of, near_duplicate
from coordlib.simulate.world import DAY, KINDS

FOUND = [name for name, kind in KINDS.items() if kind.found]


def test_the_same_seed_makes_the_same_world(sim_world):
    again = build_world(accounts=200, days=10, seed=3)
    pd.testing.assert_frame_equal(again.videos, sim_world.videos)
    pd.testing.assert_frame_equal(again.accounts, sim_world.accounts)
    pd.testing.assert_frame_equal(again.truth, sim_world.truth)
    assert (again.captions, again.voices) == (sim_world.captions, sim_world.voices)


def test_another_seed_makes_another_world(sim_world):
    assert build_world(accounts=200, days=10, seed=4).captions != sim_world.captions


@pytest.mark.parametrize("size", [20, 60, 600])
def test_any_size_gives_unique_handles_and_ids(size):
    world = build_world(accounts=size, days=3)
    assert len(world.accounts) == size
    assert world.accounts["account_id"].is_unique
    assert world.videos["video_id"].is_unique


def test_handles_are_obviously_synthetic(sim_world):
    assert all("sim" in name for name in sim_world.accounts["account_id"])


def test_ids_hold_their_creation_time_as_measured():
    videos = build_world(accounts=2000, days=10).videos
    delay = videos["create_time"] - (videos["video_id"] // 2**32)
    usual = delay[delay <= 163]
    assert 30 <= usual.median() <= 36
    assert delay.min() >= 4
    assert 0.001 < (delay > 3600).mean() < 0.003
    assert delay.max() <= 31 * 3600


def test_videos_lie_within_the_world_and_are_sorted(sim_world):
    time = sim_world.videos["create_time"]
    assert time.is_monotonic_increasing
    assert time.min() >= sim_world.start - sim_world.parameters.history * DAY
    assert time.max() < sim_world.end


def test_people_sleep_at_night_where_they_live():
    world = build_world(accounts=3000, days=10, kinds=())
    videos = world.videos.merge(world.accounts[["region", "utc_offset"]], left_on="account", right_index=True)
    for _, group in videos[videos["region"].isin(["US", "ID"])].groupby("region"):
        hour = (group["create_time"] // 3600 + group["utc_offset"]) % 24
        assert (hour.between(18, 21)).sum() > 2 * (hour.between(2, 5)).sum()


def test_the_mess_of_real_captions_is_there():
    captions = build_world(accounts=2000, days=10).captions
    text = pd.Series(captions)
    assert 0.2 < (text != text.str.strip()).mean() < 0.4
    assert 0.03 < text.str.contains("[\u200b\ufe0f\u2060\u200d\u00ad]").mean() < 0.4
    for part in (",", '"', "\n", "😂", "<script>", "=HYPERLINK"):
        assert text.str.contains(part, regex=False).any(), part
    assert {"", "NA", "#fyp"} <= set(captions)


def test_transcripts_are_there_for_two_in_five(sim_world):
    assert 0.35 < (sim_world.videos["voice"] >= 0).mean() < 0.5


def test_several_languages_are_spoken():
    assert build_world(accounts=500, days=3).accounts["language"].nunique() >= 8


def test_views_are_heavy_tailed(sim_world):
    views = sim_world.videos["view_count"]
    assert views.mean() > 2 * views.median()


@pytest.mark.parametrize("kind", list(KINDS))
def test_every_kind_of_network_can_be_planted_alone(kind):
    truth = build_world(accounts=200, days=10, kinds=(kind,)).truth
    planted = truth[truth["coordinated"]]
    assert set(planted["kind"]) == {kind}
    assert planted.groupby("network")["account_id"].nunique().min() >= 4


def test_nobody_belongs_to_two_planted_networks(sim_world):
    planted = sim_world.truth[sim_world.truth["coordinated"]]
    assert planted.groupby("account_id")["network"].nunique().max() == 1


def test_a_world_without_coordination_has_none():
    world = build_world(accounts=100, days=5, kinds=())
    assert world.planted_accounts == []
    assert (world.videos["event"] == -1).all()


def test_accounts_of_a_churning_network_come_and_go():
    world = build_world(accounts=200, days=20, history=10, kinds=("churn",))
    truth = world.truth[world.truth["coordinated"]].set_index("account_id")
    joint = world.videos[world.videos["event"] >= 0]
    handle = world.accounts["account_id"].to_numpy()[joint["account"]]
    span = joint.groupby(handle)["create_time"].agg(["min", "max"]).join(truth)
    assert (span["min"] >= span["first"]).all()
    assert (span["max"] < span["last"] + 3600).all()
    assert truth["first"].nunique() > 1


def test_a_sleeper_is_silent_and_returns():
    world = build_world(accounts=200, days=20, history=10, kinds=("sleeper",))
    days = np.unique((world.videos.loc[world.videos["event"] >= 0, "create_time"] - world.start) // DAY)
    assert np.diff(days).max() >= 8


def test_networks_merge_and_split_halfway():
    for kind, apart in (("merge", 0), ("split", 1)):
        world = build_world(accounts=200, days=20, history=10, kinds=(kind,))
        joint = world.videos[world.videos["event"] >= 0]
        middle = world.start - 10 * DAY + 15 * DAY
        network = world.accounts["network"].to_numpy()[joint["account"]]
        size = (
            joint.assign(network=network)
            .groupby(["event", "network"])
            .agg(n=("account", "nunique"), t=("create_time", "min"))
        )
        early, late = size[size["t"] < middle]["n"].mean(), size[size["t"] >= middle]["n"].mean()
        assert (early < late) if apart == 0 else (early > late)


def shares_of(world):
    videos = world.videos[~world.videos["gone"] & (world.videos["create_time"] >= world.end - 10 * DAY)]
    table = pd.DataFrame(
        {
            "object_id": np.array(world.captions, dtype=object)[videos["caption"]],
            "account_id": world.accounts["account_id"].to_numpy()[videos["account"]],
            "content_id": videos["video_id"].astype(str),
            "timestamp_share": videos["create_time"],
        }
    )
    table = table[table["object_id"].str.strip() != ""]
    return cl.prep_data(
        table,
        object_id="object_id",
        account_id="account_id",
        content_id="content_id",
        timestamp_share="timestamp_share",
    )


def detect(world):
    shares = shares_of(world)
    pairs = cl.detect_groups(shares, time_window=120, min_participation=2)
    return set(cl.generate_coordinated_network(pairs, min_weight=4, subgraph=1).nodes)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_standard_detection_finds_the_planted_networks(seed):
    world = build_world(accounts=400, days=10, seed=seed)
    kind = world.accounts.set_index("account_id")["kind"]
    found, planted = detect(world), set(world.planted_accounts)
    expected = {name for name in planted if kind[name] in FOUND}
    assert len(found & expected) >= 0.7 * len(expected)
    assert len(found & planted) >= 0.9 * len(found)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_what_is_significant_in_the_world_is_planted(seed):
    """Fans, newsrooms and viral captions are as the crowd, or not significant."""
    world = build_world(accounts=400, days=10, seed=seed)
    network = world.accounts.set_index("account_id")["network"]
    edges = cl.edge_significance(shares_of(world))
    found = edges[edges["significant"]]
    ends = found["account_id"].map(network), found["account_id_y"].map(network)
    assert (ends[0] == ends[1]).all() and (ends[0] != "").all()
    assert len(found) >= 60


def test_near_duplicates_are_the_same_to_a_reader_and_another_to_a_machine():
    rng = np.random.default_rng(5)
    caption = "The old lighthouse kept the lights on all night, watch until the end #lighthouse"
    variants = {near_duplicate(rng, caption) for _ in range(60)}
    assert len(variants) > 10
    assert caption not in variants


def test_hashtags_are_read_from_the_caption():
    assert hashtags_of("a #One,b #one #二 ##x") == ["one", "二", "x"]
    assert hashtags_of("none # here") == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"accounts": 5},
        {"days": 0},
        {"seed": -1},
        {"planted_share": 0.9},
        {"start": "1.9.2026"},
        {"history": -1},
    ],
)
def test_values_outside_their_range_are_refused(wrong):
    with pytest.raises(ParameterError):
        build_world(**({"accounts": 50, "days": 2} | wrong))


def test_an_unknown_kind_is_refused_with_the_nearest():
    with pytest.raises(UnknownParameterError, match="copypaste"):
        build_world(accounts=50, days=2, kinds=("copy_paste",))
