"""Evidence for an edge: discovery and confirmation put together into one q-value and one class in words."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

from coordlib.detect.pairs import as_shares, check_whole
from coordlib.errors import ParameterError
from coordlib.posts import prep_data
from coordlib.significance.arrays import Bools, Floats, Ints
from coordlib.significance.classes import classify
from coordlib.significance.closed_circle import closed_share, judge_circle
from coordlib.significance.coincidences import Coincidences
from coordlib.significance.completion import second_look
from coordlib.significance.constants import ALPHA, CLOSED, CROWD_SEEN
from coordlib.significance.corpus import Corpus
from coordlib.significance.crowd import circles_of, judge_crowd
from coordlib.significance.occasions import Occasions
from coordlib.significance.presence import Presence
from coordlib.significance.repeats import judge_repeats
from coordlib.significance.shared_objects import judge_shared_objects
from coordlib.significance.tails import adjusted


def edge_significance(
    table: pd.DataFrame, time_window: int = 120, alpha: float = ALPHA, object_id: str = "text"
) -> pd.DataFrame:
    """Say for every pair of accounts that met within the window what the meetings are evidence of.

    Parameters
    ----------
    table
        Shares as :func:`coordlib.prep_data` returns them, or a table of posts (with ``posted_at``). All accounts: a
        minimum participation is not applied first. Not changed.
    time_window
        Two posts at most this many seconds apart coincide (inclusive; at least 1). The calibration holds for 120.
    alpha
        Accepted share of false edges among the significant ones (between 0 and 1).
    object_id
        The column of a table of posts that counts as the object: ``"text"``, ``"hashtags"``, ``"links"``. Not used for shares.

    Returns
    -------
    pandas.DataFrame
        One row for each two accounts with a coincidence, sorted by account:

        - ``account_id`` < ``account_id_y`` (str),
        - ``weight`` (int64): pairs of posts; ``n_objects`` (int64): distinct objects,
        - ``occasions`` (int64): first meetings of every object, those within one window counted once,
        - ``episodes`` (int64): meetings, posts of one account on one object within half an hour taken together,
        - ``kind`` (str): ``"objects"`` with two objects or more, else ``"repeats"``,
        - ``evidence`` (str): the class (:func:`evidence_sentence` says it in words),
        - ``significant`` (bool), ``added`` (bool): found by completion, inside a confirmed network,
        - ``q_value`` (float64, 0–1): the smallest share of false edges at which this edge is significant,
        - ``q_discovery``, ``q_shared``, ``q_repeats``, ``q_crowd``, ``q_circle`` (float64, 0–1): its parts,
        - ``closed_share`` (float64, 0–1): share of those present that met; ``others_present`` (int64): sessions of others
          present, over the occasions. Both 0 for edges that were not discovered.

        ``attrs``: ``time_window``, ``alpha``, ``accounts``, ``accounts_outside`` (without a discovered edge: under 50 there
        is hardly a reference to compare with), ``rows_left_out`` (rows without object, account, content or time; posts that are
        their own object; a content repeated for one object), ``pace``, and of each test the pairs it was looked for among and the fewest
        meetings that can decide (``family_objects``, ``least_objects``, ``family_repeats``, ``least_repeats``, ``family_confirmation``,
        ``family_completion``).

    Raises
    ------
    ParameterError
        A window below 1, an `alpha` outside 0–1.
    MissingColumnError
        Neither shares nor posts.

    Notes
    -----
    Two levels, both must reject::

        q_discovery    = min(1, 2 min(q_shared, q_repeats))        more than activity and habits explain
        q_confirmation = min(1, 2 min(q_crowd, q_circle))          more than those around them, or a closed circle
        q_value        = max(q_discovery, q_confirmation)          significant: q_value <= alpha

    each q adjusted over its family (Benjamini & Hochberg 1995), the two levels joined as an intersection-union test (Berger
    1982). The four tests stand in ``coordlib.significance.shared_objects``, ``repeats``, ``crowd`` and ``closed_circle``, the second look at pairs inside
    a confirmed network in ``completion``. Nothing is random, and the order of the rows and whole days added to all times change nothing.

    Significant is not inauthentic: these are statements about timing, not about intent. Undecided and not significant edges are never evidence
    of independence.

    References
    ----------
    Benjamini, Y., & Hochberg, Y. (1995). Controlling the false discovery rate. Journal of the Royal Statistical Society B 57(1).
    Berger, R. L. (1982). Multiparameter hypothesis testing and acceptance sampling. Technometrics 24(4).

    Examples
    --------
    Three accounts post six captions within seconds, again and again, among accounts that post at any time.

    >>> random = np.random.default_rng(1)
    >>> rows = [(f"o{n % 40}", f"a{random.integers(80)}", int(random.integers(10**6))) for n in range(600)]
    >>> for moment in range(6):
    ...     rows += [(f"p{moment}", f"ring{member}", 150_000 * moment + 5 * member) for member in range(3)]
    >>> shares = pd.DataFrame(rows, columns=["object_id", "account_id", "timestamp_share"])
    >>> shares["timestamp_share"] += 1_700_000_000
    >>> shares["content_id"] = shares.index.astype(str)
    >>> edges = edge_significance(shares, time_window=120)
    >>> edges.loc[edges["significant"], ["account_id", "account_id_y", "occasions", "evidence"]].values.tolist()
    ... # doctest: +NORMALIZE_WHITESPACE
    [['ring0', 'ring1', 6, 'closed circle'], ['ring0', 'ring2', 6, 'closed circle'], ['ring1', 'ring2', 6, 'closed circle']]
    """
    check_whole(time_window, "time_window")
    if time_window < 1:
        raise ParameterError(f"time_window = {time_window!r}: give at least 1 second")
    if isinstance(alpha, bool) or not isinstance(alpha, int | float | np.number) or not 0 < alpha < 1:
        raise ParameterError(f"alpha = {alpha!r}: give a number between 0 and 1")
    if "posted_at" in table.columns and "timestamp_share" not in table.columns:
        table = prep_data(table, object_id=object_id, timestamp_share="posted_at")
    corpus = Corpus.from_shares(as_shares(table), int(time_window))
    found = Coincidences.of(corpus)
    presence = Presence.of(corpus, found)

    # Discovery.
    shared = judge_shared_objects(corpus, found, alpha)
    repeats = judge_repeats(corpus, found, alpha)
    q_shared, q_repeats = adjusted(shared.p, shared.family), adjusted(repeats.p, repeats.family)
    q_discovery = np.minimum(1, 2 * np.minimum(q_shared, q_repeats))
    discovered = q_discovery <= alpha

    # Confirmation. A pair with fewer than two occasions cannot be confirmed; sum / 4 bounds how many have them.
    graph = _graph(corpus, found, discovered)
    family = max(1.0, min(shared.family + repeats.family, presence.crowd.sum() / 4))
    edges = np.flatnonzero(discovered)
    confirmed = Confirmation.of(corpus, found, presence, graph, edges)
    q_crowd, q_circle, closed, around = np.ones((4, len(found)))
    q_crowd[edges], q_circle[edges] = adjusted(confirmed.crowd, family), adjusted(confirmed.circle, family)
    q = np.maximum(q_discovery, np.minimum(1, 2 * np.minimum(q_crowd, q_circle)))
    closed[:], around[:] = 0, 0
    closed[edges], around[edges] = confirmed.closed, confirmed.around
    significant = q <= alpha
    beyond = significant & (2 * q_crowd <= alpha)

    # Completion.
    edges, family_completion = second_look(found, significant, corpus.n_accounts)
    edges = edges[(found.episodes[edges] >= 2) & ~repeats.timetable[edges]]
    again = Confirmation.of(corpus, found, presence, graph, edges)
    first_level = np.minimum(1, 2 * np.minimum(shared.p[edges], repeats.p[edges]))
    second_level = np.minimum(1, 2 * np.minimum(again.crowd, again.circle))
    q_again = adjusted(np.maximum(first_level, second_level), family_completion)
    passes = q_again <= alpha
    q[edges[passes]] = q_again[passes]
    added = np.zeros(len(found), dtype=bool)
    added[edges[passes]] = True
    beyond[edges[passes & (again.crowd <= again.circle)]] = True

    evidence = classify(
        {
            "single episode": found.episodes == 1,
            "too few repeats": (found.n_objects == 1) & (found.episodes >= 2) & ~repeats.able,
            "timetable": repeats.timetable,
            "open": discovered,
            "as the crowd": discovered & (closed < CLOSED) & (around >= CROWD_SEEN),
            "closed circle": significant | added,
            "beyond the crowd": beyond,
        },
        len(found),
    )
    result = pd.DataFrame(
        {
            "account_id": corpus.account_names.take(found.left),
            "account_id_y": corpus.account_names.take(found.right),
            "weight": found.weight,
            "n_objects": found.n_objects,
            "occasions": found.occasions,
            "episodes": found.episodes,
            "kind": np.where(found.n_objects >= 2, "objects", "repeats"),
            "evidence": evidence,
            "significant": significant | added,
            "added": added,
            "q_value": q,
            "q_discovery": q_discovery,
            "q_shared": q_shared,
            "q_repeats": q_repeats,
            "q_crowd": q_crowd,
            "q_circle": q_circle,
            "closed_share": closed,
            "others_present": around.astype(np.int64),
        }
    ).astype(dict.fromkeys(("account_id", "account_id_y", "kind", "evidence"), "str"))
    inside = len(np.union1d(found.left[discovered], found.right[discovered]))
    result.attrs = {
        "time_window": int(time_window),
        "alpha": float(alpha),
        "accounts": corpus.n_accounts,
        "accounts_outside": corpus.n_accounts - inside,
        "rows_left_out": corpus.left_out,
        "pace": presence.pace,
        "family_objects": shared.family,
        "least_objects": shared.least,
        "family_repeats": repeats.family,
        "least_repeats": repeats.least,
        "family_confirmation": family,
        "family_completion": family_completion,
    }
    return result


@dataclass(frozen=True)
class Confirmation:
    """Both tests of the second level for some edges: p-values, and what was around."""

    crowd: Floats
    circle: Floats
    #: Share of those present that met (mean of the two views); sessions of others present beside the two (larger view).
    closed: Floats
    around: Floats

    @classmethod
    def of(
        cls, corpus: Corpus, found: Coincidences, presence: Presence, graph: sparse.csr_array, edges: Ints
    ) -> Confirmation:
        """Look at each edge from the view of one account, then of the other; the larger p counts."""
        left, right = found.left[edges], found.right[edges]
        circles = circles_of(left, right, graph)
        pace = np.maximum(presence.paces[left], presence.paces[right])
        crowd, circle, closed, around = np.zeros((4, len(edges)))
        for own, other in ((left, right), (right, left)):
            seen = Occasions.of(corpus, found, own, other)
            crowd = np.maximum(crowd, judge_crowd(corpus, found, presence, seen, circles))
            circle = np.maximum(circle, judge_circle(corpus, presence, seen, pace))
            closed += closed_share(presence, seen) / 2
            around = np.maximum(around, seen.total(presence.crowd[seen.session] - 1))
        return cls(crowd, np.where(closed >= CLOSED, circle, 1.0), closed, around)


def _graph(corpus: Corpus, found: Coincidences, chosen: Bools) -> sparse.csr_array:
    """Some edges as a symmetric matrix, accounts by accounts."""
    left, right = found.left[chosen], found.right[chosen]
    ends = np.concatenate([left, right]), np.concatenate([right, left])
    return sparse.csr_array((np.ones(2 * len(left)), ends), shape=(corpus.n_accounts, corpus.n_accounts))
