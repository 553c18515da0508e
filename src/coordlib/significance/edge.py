"""Evidence for an edge: discovery and confirmation put together into one q-value and one class in words."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import sparse

from coordlib.detect.kernel import slices
from coordlib.detect.pairs import as_shares
from coordlib.detect.threshold import check_whole
from coordlib.errors import ParameterError, takes_old_names
from coordlib.significance.arrays import Bools, Ints, both_ways, distinct, expand, stretches
from coordlib.significance.classes import classify
from coordlib.significance.confirmation import Presence, confirm
from coordlib.significance.constants import ALPHA, CHUNK, CLOSED, CROWD_SEEN, MOST_NEIGHBOURS
from coordlib.significance.corpus import Coincidences, Corpus
from coordlib.significance.discovery import Repeats, Tested, judge_repeats, judge_shared_objects
from coordlib.significance.tails import adjusted


@takes_old_names(alpha="q")
def edge_significance(
    table: pd.DataFrame, time_window: int = 120, q: float = ALPHA, object_id: str = "text"
) -> pd.DataFrame:
    """Say for every pair of accounts that met within the window what the meetings are evidence of.

    Parameters
    ----------
    table
        Shares as :func:`coordlib.prep_data` returns them, or a table of posts (with ``posted_at``). All
        accounts: a minimum participation is not applied first. Not changed.
    time_window
        Two posts at most this many seconds apart coincide (inclusive; 0 is taken as 1). Calibrated for 30 to 120;
        a wider one rules out slower audiences only (see ``docs/evidence.md``).
    q
        Accepted share of false edges among the significant ones (between 0 and 1).
    object_id
        The column of a table of posts that counts as the object: ``"text"``, ``"hashtags"``, ``"links"``. Not
        used for shares.

    Returns
    -------
    pandas.DataFrame
        One row for each two accounts with a coincidence, sorted by account:

        - ``account_id`` < ``account_id_y`` (str),
        - ``weight`` (int64): pairs of posts; ``n_objects`` (int64): distinct objects,
        - ``occasions`` (int64): first meetings of every object, those within one window counted once,
        - ``episodes`` (int64): meetings, posts of one account on one object within half an hour taken
          together,
        - ``kind`` (str): ``"objects"`` with two objects or more, else ``"repeats"``,
        - ``evidence`` (str): the class (:func:`evidence_sentence` says it in words),
        - ``significant`` (bool), ``added`` (bool): found by completion, inside a confirmed network,
        - ``q_value`` (float64, 0–1): the smallest share of false edges at which this edge is significant,
        - ``q_discovery``, ``q_shared``, ``q_repeats``, ``q_crowd``, ``q_circle`` (float64, 0–1): its parts,
        - ``closed_share`` (float64, 0–1): share of those present that met; ``others_present`` (int64):
          sessions of others present, over the occasions. Both 0 for edges neither discovered nor
          added.

        ``attrs``: ``time_window``, ``q``, ``accounts``, ``accounts_outside`` (without a discovered edge:
        under 50 there is hardly a reference to compare with), ``rows_left_out`` (rows without object,
        account, content or time; posts that are their own object; a content repeated for one object),
        ``pace``, and of each test the pairs it was looked for among and the fewest meetings that can decide
        (``family_objects``, ``least_objects``, ``family_repeats``, ``least_repeats``,
        ``family_confirmation``, ``family_completion``).

    Raises
    ------
    ParameterError
        A window that is no whole number of seconds, a `q` outside 0–1.
    MissingColumnError
        Neither shares nor posts.

    Notes
    -----
    Two levels, both must reject::

        q_discovery    = min(1, 2 min(q_shared, q_repeats))    more than activity and habits explain
        q_confirmation = min(1, 2 min(q_crowd, q_circle))      more than those around them, or a closed circle
        q_value        = max(q_discovery, q_confirmation)      significant: q_value <= q

    each q adjusted over its family (Benjamini & Hochberg 1995), the two levels joined as an
    intersection-union test (Berger 1982). The tests stand in :mod:`coordlib.significance.discovery` (shared
    objects, repeats) and ``confirmation`` (the crowd, the closed circle), the second look at pairs inside a confirmed
    network in ``second_look``. Nothing is random, and the order of the rows and whole days added to all times change
    nothing.

    Significant is not inauthentic: these are statements about timing, not about intent. Undecided and not
    significant edges are never evidence of independence.

    References
    ----------
    Benjamini, Y., & Hochberg, Y. (1995). Controlling the false discovery rate. Journal of the Royal
    Statistical Society B 57(1). Berger, R. L. (1982). Multiparameter hypothesis testing and acceptance
    sampling. Technometrics 24(4).

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
    [['ring0', 'ring1', 6, 'closed circle'], ['ring0', 'ring2', 6, 'closed circle'], ['ring1', 'ring2', 6,
    'closed circle']]
    """
    check_whole(time_window, "time_window")
    if isinstance(q, bool) or not isinstance(q, int | float | np.number) or not 0 < q < 1:
        raise ParameterError(f"q = {q!r}: give a number between 0 and 1")
    corpus = Corpus(as_shares(table, object_id), max(1, int(time_window)))
    found = Coincidences(corpus)
    shared = judge_shared_objects(corpus, found, q)
    repeats = judge_repeats(corpus, found, q)
    verdict = Verdict(corpus, found, shared, repeats, q)
    edges = _edges(corpus, found, shared, repeats, verdict)
    inside = len(np.union1d(found.left[verdict.discovered], found.right[verdict.discovered]))
    edges.attrs = {
        "time_window": int(time_window),
        "q": float(q),
        "accounts": corpus.n_accounts,
        "accounts_outside": corpus.n_accounts - inside,
        "rows_left_out": corpus.left_out,
        "pace": verdict.pace,
        "family_objects": shared.family,
        "least_objects": shared.least,
        "family_repeats": repeats.family,
        "least_repeats": repeats.least,
        "family_confirmation": verdict.family,
        "family_completion": verdict.family_completion,
    }
    return edges


class Verdict:
    """What the two levels and the completion come to, for each edge."""

    def __init__(
        self, corpus: Corpus, found: Coincidences, shared: Tested, repeats: Repeats, alpha: float
    ) -> None:
        """Confirm what was discovered, then look again at the pairs inside what was confirmed."""
        self.q_discovery = np.minimum(1, 2 * np.minimum(shared.q, repeats.q))
        self.discovered = self.q_discovery <= alpha
        edges = np.flatnonzero(self.discovered)
        ends = both_ways(found.left[edges], found.right[edges])
        graph = sparse.csr_array((np.ones(len(ends[0])), ends), (corpus.n_accounts, corpus.n_accounts))
        presence = Presence(corpus, found)
        self.pace = presence.pace
        crowd, circle, closed, around = confirm(corpus, found, presence, graph, edges)
        # A pair with fewer than two occasions cannot be confirmed; a quarter of all encounters bounds how
        # many can.
        self.family = max(1.0, min(shared.family + repeats.family, float(presence.crowd.sum()) / 4))
        self.q_crowd, self.q_circle = np.ones((2, len(found)))
        self.q_crowd[edges] = adjusted(crowd, self.family)
        self.q_circle[edges] = adjusted(circle, self.family)
        #: Share of those present that met; sessions of others present. 0 where an edge was not looked at.
        self.closed, self.around = np.zeros((2, len(found)))
        self.closed[edges], self.around[edges] = closed, around
        self.q = np.maximum(self.q_discovery, np.minimum(1, 2 * np.minimum(self.q_crowd, self.q_circle)))
        self.significant = self.q <= alpha
        self.beyond = self.significant & (2 * self.q_crowd <= alpha)

        # A pair with a common neighbour through significant edges, not significant itself, has a far better prior
        # than any pair of the corpus, and there are few such pairs: a small family. Its p is the larger of the two
        # levels, each the smaller of its two tests doubled; Benjamini-Hochberg over all such pairs. Without a
        # significant edge nothing is looked at, and two adjacent false edges are needed before it could add a third.
        edges, self.family_completion = second_look(found, self.significant, corpus.n_accounts)
        edges = edges[(found.episodes[edges] >= 2) & ~repeats.timetable[edges]]
        crowd, circle, closed, around = confirm(corpus, found, presence, graph, edges)
        first_level = np.minimum(1, 2 * np.minimum(shared.p[edges], repeats.p[edges]))
        second_level = np.minimum(1, 2 * np.minimum(crowd, circle))
        q = adjusted(np.maximum(first_level, second_level), self.family_completion)
        passes = q <= alpha
        added = edges[passes]
        self.added = np.zeros(len(found), dtype=bool)
        self.added[added] = self.significant[added] = True
        self.q[added], self.closed[added], self.around[added] = q[passes], closed[passes], around[passes]
        self.beyond[edges[passes & (crowd <= circle)]] = True


def _edges(
    corpus: Corpus, found: Coincidences, shared: Tested, repeats: Repeats, verdict: Verdict
) -> pd.DataFrame:
    """One row an edge, with its class."""
    crowded = (verdict.closed < CLOSED) & (verdict.around >= CROWD_SEEN)
    evidence = classify(
        {
            "single episode": found.episodes == 1,
            "too few repeats": (found.n_objects == 1) & (found.episodes >= 2) & ~repeats.able,
            "timetable": repeats.timetable,
            "open": verdict.discovered,
            "as the crowd": verdict.discovered & crowded,
            "closed circle": verdict.significant,
            "beyond the crowd": verdict.beyond,
        }
    )
    kinds = pd.Index(["repeats", "objects"], dtype="str")
    columns = {
        "account_id": corpus.account_names.take(found.left),
        "account_id_y": corpus.account_names.take(found.right),
        "weight": found.weight,
        "n_objects": found.n_objects,
        "occasions": found.occasions,
        "episodes": found.episodes,
        "kind": kinds.take((found.n_objects >= 2).astype(np.int64)),
        "evidence": evidence,
        "significant": verdict.significant,
        "added": verdict.added,
        "q_value": verdict.q,
        "q_discovery": verdict.q_discovery,
        "q_shared": shared.q,
        "q_repeats": repeats.q,
        "q_crowd": verdict.q_crowd,
        "q_circle": verdict.q_circle,
        "closed_share": verdict.closed,
        "others_present": verdict.around.astype(np.int64),
    }
    # Not copied into one block: the table is the largest thing in memory.
    return pd.DataFrame(columns, copy=False)


def second_look(found: Coincidences, significant: Bools, n_accounts: int) -> tuple[Ints, int]:
    """Edges, not significant, whose ends have a significant common neighbour; and the number of such pairs."""
    ends, others = both_ways(found.left[significant], found.right[significant])
    starts, degrees = stretches(ends, ends)
    # Each neighbour with those that follow it at the same account.
    at = np.flatnonzero(degrees <= MOST_NEIGHBOURS)
    rest = (starts + degrees)[at] - at - 1
    found_keys = [np.empty(0, dtype=np.int64)]
    for part in slices(rest, CHUNK):
        row, place = expand(at[part] + 1, rest[part])
        one, other = others[at[part][row]], others[place]
        found_keys.append(distinct(np.minimum(one, other) * n_accounts + np.maximum(one, other)))
    pairs = distinct(np.concatenate(found_keys))
    keys = found.left * n_accounts + found.right
    family = np.setdiff1d(pairs, keys[significant], assume_unique=True)
    return np.flatnonzero(np.isin(keys, family)), len(family)
