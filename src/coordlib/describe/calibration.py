"""What the parameters in use find and miss: groups planted into posts like one's own, of which nobody coordinates."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from coordlib.detect.edges import aggregate
from coordlib.detect.pairs import as_shares, detect_groups
from coordlib.detect.threshold import (
    check_least_weight,
    check_quantile,
    check_seed,
    check_whole,
    over_threshold,
    ties_at_top,
)
from coordlib.errors import InputError, takes_old_names
from coordlib.significance.constants import ALPHA
from coordlib.significance.edge import edge_significance
from coordlib.simulate.shares import Groups, plant_groups

#: One property of the groups is varied at a time; the rest is as in Groups.
BEHAVIOUR: dict[str, tuple[float, ...]] = {
    "size": (3, 5, 10, 20),
    "moments": (2, 3, 5, 8),
    "spread": (10, 60, 120, 240),
    "participation": (1.0, 0.8, 0.6, 0.4),
}
#: How groups can hide: posts spread over 1, 5, 15, 60 minutes; texts changed; accounts replaced after each moment.
EVASION: dict[str, tuple[float, ...]] = {
    "jitter": (60, 300, 900, 3600),
    "rewritten": (0.0, 0.25, 0.5, 0.75, 1.0),
    "rotated": (0.0, 0.1, 0.25, 0.5, 1.0),
}
#: Names for a reader: the property, and one value of it.
WORDS = {
    "names dealt": ("nobody coordinates: names dealt out anew", ""),
    "objects dealt": ("nobody coordinates: objects dealt out anew", ""),
    "size": ("accounts in a group:", "{:g}"),
    "moments": ("moments a group posts together:", "{:g}"),
    "spread": ("posts within", "{:g} seconds"),
    "participation": ("members take part in", "{:.0%} of the moments"),
    "jitter": ("posts spread over", "{:g} min"),
    "rewritten": ("texts changed:", "{:.0%}"),
    "rotated": ("accounts replaced after each moment:", "{:.0%}"),
}


@takes_old_names(alpha="q")
def calibrate(
    table: pd.DataFrame,
    time_window: int = 120,
    min_participation: int = 2,
    edge_weight: float = 0.9,
    min_weight: int | None = None,
    q: float = ALPHA,
    object_id: str = "text",
    runs: int = 5,
    seed: int = 1,
) -> pd.DataFrame:
    """Measure what given parameters find, miss and falsely accuse on posts like one's own.

    Parameters
    ----------
    table
        Shares as :func:`coordlib.prep_data` returns them, or a table of posts: the data the parameters are for. Not
        changed. Whoever coordinates in them does no longer in the worlds made of them.
    time_window, min_participation, edge_weight, min_weight
        As for :func:`coordlib.detect_groups` and :func:`coordlib.generate_coordinated_network`.
    q
        As for :func:`coordlib.edge_significance`.
    object_id
        The column of a table of posts that counts as the object. Not used for shares.
    runs
        Worlds for every setting. With r runs without a false edge, a rate up to about 3 / r is possible.
    seed
        The same seed gives the same table.

    Returns
    -------
    pandas.DataFrame
        One row per setting and rule: ``setting`` (str) and ``value`` (float; missing without groups), ``rule`` (str:
        ``"edge weight"``, the quantile or the fixed weight, or ``"evidence"``), ``runs`` (int64), ``recall`` (float, 0–1:
        of the pairs of members that posted together at least once) and ``recall_accounts`` (0–1: of the members, those
        with an edge to one of their group; both missing without groups), ``precision`` (0–1: of all edges found, those
        between members of one group; missing where none is found), ``false_edges`` (float: a run), ``false_per_1000``
        (float: the same for 1,000 accounts) ``runs_with_false`` and ``runs_tied``
        (int64: the heaviest edges tie, so the quantile keeps none). ``attrs`` keeps the parameters.

    Raises
    ------
    ParameterError, InputError
        A value out of range; fewer than two accounts.

    Notes
    -----
    Two worlds without groups. *Names dealt out anew*: all posts stay, with their object and second, and who posted each is
    drawn by lot, so that every account keeps its number of posts and every object its rise and fall; this is the harder one.
    *Objects dealt out anew*: every account keeps its times, every object its number of posts, and what was shared when is
    drawn by lot. Groups (:class:`coordlib.simulate.Groups`: four of five accounts that post eight captions of their own
    within a minute, and as much besides) are planted into the first, and one of their properties is varied at a time.

    What is measured is what these groups do. A group that behaves otherwise may be found more or less often.

    Examples
    --------
    In so small a corpus the groups' own equal weights are the quantile, and none of them is above it.

    >>> from coordlib.simulate import simulate_background
    >>> found = calibrate(simulate_background(120, 600), runs=1)
    >>> found[(found["setting"] == "size") & (found["value"] == 5)][["rule", "recall", "false_edges"]].values.tolist()
    [['edge weight', 0.0, 0.0], ['evidence', 1.0, 0.0]]
    """
    check_quantile(edge_weight)
    check_least_weight(min_weight)
    check_whole(runs, "runs", least=1)
    check_seed(seed)
    shares = as_shares(table, object_id).dropna()
    # What is drawn by lot must not depend on the order of the rows.
    order = ["timestamp_share", "account_id", "content_id", "object_id"]
    shares = shares.sort_values(order, ignore_index=True)
    if shares["account_id"].nunique() < 2:
        raise InputError(
            "calibration needs shares of two accounts or more, each with an object, a content and a time"
        )
    rows = []
    measured: dict[Groups | str, pd.DataFrame] = {}
    for setting, value, groups in _settings():
        if groups not in measured:
            worlds = (_world(shares, groups, int(seed) + run) for run in range(int(runs)))
            given = time_window, min_participation, edge_weight, min_weight, q
            measured[groups] = pd.DataFrame([row for world in worlds for row in _one_world(world, *given)])
        for rule, counts in measured[groups].groupby("rule", sort=False):
            found = counts["true"].sum() + counts["false"].sum()
            exact = counts["true"].sum() / found if found and isinstance(groups, Groups) else np.nan
            rows.append(
                {
                    "setting": setting,
                    "value": value,
                    "rule": rule,
                    "runs": runs,
                    "recall": (counts["true"] / counts["planted"]).mean(),
                    "recall_accounts": (counts["members_found"] / counts["members"]).mean(),
                    "precision": exact,
                    "false_edges": counts["false"].mean(),
                    "false_per_1000": (1000 * counts["false"] / counts["accounts"]).mean(),
                    "runs_with_false": int((counts["false"] > 0).sum()),
                    "runs_tied": int(counts["tied"].sum()),
                }
            )
    result = pd.DataFrame(rows).astype({"setting": "str", "rule": "str", "value": "float64"})
    result.attrs = {
        "time_window": int(time_window),
        "min_participation": int(min_participation),
        "edge_weight": float(edge_weight),
        "min_weight": min_weight,
        "q": float(q),
        "accounts": int(shares["account_id"].nunique()),
        "posts": len(shares),
    }
    return result


def _settings() -> Iterator[tuple[str, float, Groups | str]]:
    yield from ((name, np.nan, name) for name in ("names dealt", "objects dealt"))
    for name, values in {**BEHAVIOUR, **EVASION}.items():
        for value in values:
            field = "spread" if name == "jitter" else name
            yield name, value, replace(Groups(), **{field: type(getattr(Groups(), field))(value)})


def _world(shares: pd.DataFrame, groups: Groups | str, seed: int) -> pd.DataFrame:
    """The data without whoever coordinates in them, and groups planted if any."""
    random = np.random.default_rng(seed)
    if groups == "objects dealt":
        objects = shares["object_id"].to_numpy()[random.permutation(len(shares))]
        return shares.assign(object_id=pd.Series(objects, dtype="str"))
    # Names are dealt out by post: the objects of one post stay with one account.
    codes, posts = pd.factorize(shares["content_id"])
    names = shares["account_id"].to_numpy()[np.unique(codes, return_index=True)[1]]
    names = names[random.permutation(len(posts))]
    dealt = shares.assign(account_id=pd.Series(names[codes], dtype="str"))
    return plant_groups(dealt, groups, seed) if isinstance(groups, Groups) else dealt


def _one_world(
    world: pd.DataFrame,
    time_window: int,
    min_participation: int,
    edge_weight: float,
    min_weight: int | None,
    q: float,
) -> Iterator[dict[str, float | str]]:
    """What each rule finds in one world."""
    edges = aggregate(detect_groups(world, time_window, min_participation), objects=False, compat=None)
    heavy = over_threshold(edges["weight"].to_numpy(), edge_weight, min_weight) == 1
    tied = ties_at_top(edges["weight"].to_numpy(), edge_weight, min_weight) is not None
    evidence = edge_significance(world, max(1, time_window), q)
    group_of: dict[Any, Any] = {}
    together: set[tuple[str, str]] = set()
    if "group" in world:
        planted = world[world["moment"].notna()]
        group_of = planted.set_index("account_id")["group"].to_dict()
        for _, members in planted.groupby(["group", "moment"])["account_id"]:
            together.update(combinations(sorted(set(members)), 2))
    for rule, found in (("edge weight", edges[heavy]), ("evidence", evidence[evidence["significant"]])):
        one, two = found["account_id"].map(group_of), found["account_id_y"].map(group_of)
        inside = found[(one == two) & one.notna()]
        ends = zip(inside["account_id"], inside["account_id_y"], strict=True)
        yield {
            "rule": rule,
            "accounts": world["account_id"].nunique(),
            "planted": len(together) or np.nan,
            "true": len(set(ends) & together),
            "false": len(found) - len(inside),
            "members": len(group_of) or np.nan,
            "members_found": len(set(inside["account_id"]) | set(inside["account_id_y"])),
            "tied": float(rule == "edge weight" and tied),
        }


def calibration_table(calibration: pd.DataFrame, settings: tuple[str, ...] = tuple(WORDS)) -> str:
    """Write a calibration as a Markdown table for a page.

    Parameters
    ----------
    calibration
        What :func:`calibrate` returned.
    settings
        The settings to show, such as those of ``EVASION``.

    Returns
    -------
    str
        A row for each value: what the groups do, the share of their accounts each rule finds, and its false edges for 1,000
        accounts.

    Raises
    ------
    InputError
        A setting stands twice for a rule, as where two calibrations were joined.
    """
    if calibration.duplicated(["setting", "value", "rule"]).any():
        raise InputError(
            "calibration: holds the same setting twice for one rule; give one calibration at a time"
        )
    lines = [
        "| groups | found, by weight | found, by evidence | false, by weight | false, by evidence |",
        "|---|---|---|---|---|",
    ]
    chosen = calibration[calibration["setting"].isin(settings)]
    groups: Any = chosen.groupby(["setting", "value"], sort=False, dropna=False)
    for (setting, value), rules in groups:
        words, form = WORDS[setting]
        written = "" if np.isnan(value) else form.format(value / 60 if setting == "jitter" else value)
        by_rule = rules.set_index("rule").reindex(["edge weight", "evidence"])
        cells = [
            "–" if np.isnan(number) else style.format(number)
            for column, style in (("recall_accounts", "{:.0%}"), ("false_per_1000", "{:.1f}"))
            for number in by_rule[column]
        ]
        lines.append(f"| {f'{words} {written}'.strip()} | {' | '.join(cells)} |")
    by_weight = chosen[chosen["rule"] == "edge weight"]
    if "runs_tied" in chosen and (tied := int(by_weight["runs_tied"].sum())):
        runs = int(by_weight["runs"].sum())
        lines += [
            "",
            f"By weight, in {tied:,} of {runs:,} runs the heaviest edges tie and the quantile keeps none: use `min_weight` there.",
        ]
    return "\n".join(lines)
