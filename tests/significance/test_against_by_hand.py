"""Every p-value against the formulas written out as loops over a small corpus, one pair at a time."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from functools import cached_property

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from scipy.stats import binom

import coordlib as cl
from coordlib.significance import discovery, tails
from coordlib.significance.confirmation import Presence, confirm
from coordlib.significance.corpus import Coincidences, Corpus
from coordlib.significance.discovery import Margins, judge_repeats

W, DAY, HALF_HOUR, HOUR = 300, 86_400, 1_800, 3_600
Session = tuple[int, int, tuple[int, ...]]


def rows(seed: int) -> list[tuple[int, int, int]]:
    """Six objects, nine accounts; some meet in small bursts, some post twice, some at the full hour."""
    random = np.random.default_rng(seed)
    found = [
        (int(random.integers(6)), int(random.integers(9)), int(random.integers(6 * DAY))) for _ in range(160)
    ]
    for moment in random.integers(0, 6 * DAY, 25):
        what = int(random.integers(6))
        found += [(what, int(who), int(moment + random.integers(500))) for who in random.choice(9, 4, False)]
        found += [(what, 8, int(moment // HOUR * HOUR + random.integers(30)))]
    return sorted(set(found))


def probability(chances: list[list[float]], needed: int) -> float:
    """P(sum >= needed); chances[event][l] is the chance of exactly l."""
    sums: dict[int, float] = {0: 1.0}
    for event in chances:
        after: dict[int, float] = defaultdict(float)
        for total, p in sums.items():
            for score, chance in enumerate(event):
                after[min(total + score, needed)] += p * chance
        sums = after
    return sums.get(needed, 0.0) if needed else 1.0


class ByHand:
    """The corpus as lists of sessions."""

    def __init__(self, posts: list[tuple[int, int, int]]) -> None:
        self.posts = posts
        self.sessions, self.units = self.split(HALF_HOUR), self.split(2 * W)

    def split(self, length: int) -> list[Session]:
        groups: dict[tuple[int, int], list[int]] = defaultdict(list)
        for what, who, at in self.posts:
            groups[what, who].append(at)
        found = []
        for (what, who), times in groups.items():
            begin: list[int] = []
            for at in [*sorted(times), 10**12]:
                if begin and at > begin[0] + length:
                    found.append((what, who, tuple(begin)))
                    begin = []
                begin.append(at)
        return found

    @staticmethod
    def coincide(one: Session, other: Session) -> bool:
        return one[0] == other[0] and any(abs(a - b) <= W for a in one[2] for b in other[2])

    @staticmethod
    def around(one: Session, other: Session, reach: int) -> bool:
        return one[0] == other[0] and one[2][0] - reach <= other[2][0] <= one[2][-1] + reach

    def met(self, s: Session) -> list[Session]:
        return [other for other in self.sessions if other[1] != s[1] and self.coincide(s, other)]

    def present(self, s: Session, reach: int) -> int:
        there = sum(other[1] != s[1] and self.around(s, other, reach) for other in self.sessions)
        return max(there, len(self.met(s)))

    @cached_property
    def counts(self) -> dict[Session, tuple[int, int, int, bool]]:
        """Met, crowd, circle, tight."""
        found = {}
        for s in self.sessions:
            met, crowd, circle = len(self.met(s)), self.present(s, 3 * HOUR), self.present(s, HOUR)
            found[s] = met, crowd, circle, met >= 1 and 2 * met >= circle
        return found

    def weighted(self, place: int, chosen: list[Session]) -> tuple[float, float]:
        met = there = 0.0
        for s in chosen:
            weight = min(self.counts[s][place], 20) / max(1, self.counts[s][place])
            met, there = met + weight * self.counts[s][0], there + weight * self.counts[s][place]
        return met, there

    def open_sessions(self, place: int, who: int | None = None) -> list[Session]:
        return [s for s, c in self.counts.items() if c[place] >= 2 and not c[3] and who in (None, s[1])]

    def speed(self, who: int) -> float:
        met, there = self.weighted(1, self.open_sessions(1))
        base = max(met / there, (2 * W + 1) / (6 * HOUR))
        met, there = self.weighted(1, self.open_sessions(1, who))
        return (met + 100 * base) / (there + 100) / base

    def pace(self, who: int) -> float:
        met, there = self.weighted(2, list(self.counts))
        rho = max(min(0.18, met / there), (2 * W + 1) / (2 * HOUR))
        met, there = self.weighted(2, self.open_sessions(2, who))
        return max(rho, (met + 100 * rho) / (there + 100))

    def clock(self, who: int, s: Session) -> float:
        def bin_(one: Session) -> int:
            return (one[2][0] + W) % HOUR // (2 * W)

        share = sum(bin_(one) == bin_(s) for one in self.sessions) / len(self.sessions)
        other = [one for one in self.sessions if one[1] == who and one[0] != s[0]]
        here = sum(bin_(one) == bin_(s) for one in other)
        return max(1.0, (here + 10 * share) / (len(other) + 10) / share)

    def occasions(self, i: int, j: int, reach: int) -> list[tuple[Session, int, bool]]:
        """Sessions of i with units of j around them, with how many, and whether they meet."""
        found = []
        for s in sorted((s for s in self.sessions if s[1] == i), key=lambda s: s[2][0]):
            wide = sum(u[1] == j and self.around(s, u, 3 * HOUR) for u in self.units)
            near = sum(u[1] == j and self.around(s, u, reach) for u in self.units)
            hit = any(other[1] == j for other in self.met(s))
            if wide and max(near, hit):
                found.append((s, max(near, int(hit)), hit))
        return found

    @staticmethod
    def apart(events: list[tuple[int, int]], gap: int) -> list[tuple[int, int]]:
        counted: list[tuple[int, int]] = []
        for at, value in sorted(events, key=lambda event: event[0]):
            if not counted or at > counted[-1][0] + gap:
                counted.append((at, value))
        return counted

    def crowd(self, i: int, j: int, circle: set[int]) -> float:
        chances, hits = [], []
        for s, n, hit in self.occasions(i, j, 3 * HOUR):
            met, present, _, _ = self.counts[s]
            friends_met = sum(other[1] in circle for other in self.met(s))
            friends = max(
                friends_met, sum(o[1] in circle and self.around(s, o, 3 * HOUR) for o in self.sessions)
            )
            aside = 2 * friends <= present
            f = (met - friends_met) / max(1, present - friends) if aside else met / max(1, present)
            p = 1 - (1 - min(1 - 1e-12, f * max(self.clock(j, s), self.speed(j)))) ** n
            chances.append([1 - p, p])
            hits += [(s[2][0], 1)] if hit else []
        needed = len(self.apart(hits, W))
        return 1.0 if needed < 2 else probability(chances, needed)

    def circle(self, i: int, j: int) -> float:
        pace = max(self.pace(i), self.pace(j))
        chances, hits = [], []
        for s, n, hit in self.occasions(i, j, HOUR):
            met, _, present, tight = self.counts[s]
            clock = self.clock(j, s)
            p = 1 - (1 - min(1 - 1e-12, (pace if tight else max(met / max(1, present), pace)) * clock)) ** n
            at_least = [1.0, *(min(p, math.exp(-0.25 * level)) for level in range(1, 28)), 0.0]
            chances.append([at_least[level] - at_least[level + 1] for level in range(28)])
            u = p * binom.sf(met - 2, present - 1, min(1, pace * clock)) if tight and present > 1 else p
            hits += [(s[2][0], math.floor(-math.log(max(u, 0.001)) / 0.25))] if hit else []
        counted = self.apart(hits, W)
        return 1.0 if len(counted) < 2 else probability(chances, sum(score for _, score in counted))

    def closed(self, i: int, j: int) -> float:
        occasions = [(self.counts[s], hit) for s, _, hit in self.occasions(i, j, HOUR)]
        largest = max((c[2] for c, hit in occasions if hit and c[3]), default=-1)
        met = sum(c[0] for c, _ in occasions if c[2] <= largest)
        present = sum(c[2] for c, _ in occasions if c[2] <= largest)
        return met / present if present else 0.0

    def repeats(self, i: int, j: int, places: list[int]) -> tuple[float, int]:
        reach, chances, events = 2 * W + 1, [], []
        for place in places:
            first = True
            theirs = [s for s in self.sessions if s[:2] == (place, j)]
            for s in sorted((s for s in self.sessions if s[:2] == (place, i)), key=lambda s: s[2][0]):
                local = habit = 0.0
                days = set()
                for t in theirs:
                    lag = t[2][0] - s[2][0]
                    long = s[2][-1] - s[2][0] + t[2][-1] - t[2][0]
                    u = min(reach + long, reach * len(s[2]) * len(t[2]))
                    day = round(lag / DAY)
                    local += u / DAY if abs(lag) <= DAY / 2 else 0
                    if day:
                        days.add(day)
                        habit += u / (2 * HALF_HOUR) if abs(lag - day * DAY) <= HALF_HOUR else 0
                chance = min(1.0, max(local, habit / max(1, len(days))))
                chances.append([1 - chance, chance])
                if any(self.coincide(s, t) for t in theirs):
                    events += [] if first else [(s[2][0], 1)]
                    first = False
        needed = len(self.apart(events, HALF_HOUR))
        return probability(chances, needed), needed


@pytest.fixture(scope="module", params=range(3))
def both(request: pytest.FixtureRequest) -> tuple[ByHand, Corpus, Coincidences]:
    posts = rows(request.param)
    frame = pd.DataFrame(posts, columns=["object_id", "account_id", "timestamp_share"])
    # Noon, so that hours and days are those of the loops.
    frame["timestamp_share"] += 19_700 * DAY
    shares = cl.prep_data(frame.assign(content_id=[f"c{n}" for n in range(len(posts))]))
    corpus = Corpus(shares, W)
    return ByHand(posts), corpus, Coincidences(corpus)


def test_expected_meetings(both: tuple[ByHand, Corpus, Coincidences]) -> None:
    hand, corpus, found = both
    objects = {what: {who for o, who, _ in hand.posts if o == what} for what in range(6)}
    d = Counter(who for members in objects.values() for who in members)
    n = Counter(unit[1] for unit in hand.units)
    k, total = sum(d.values()), sum(n.values())
    z = 1 - sum((n[who] / total) ** 2 for who in n)
    expected = Margins(corpus, found).expected(found.left, found.right)
    for number, (i, j) in enumerate(zip(found.left, found.right, strict=True)):
        eager = [max(1, n[who] / d[who] / (total / k)) for who in (i, j)]
        by_accounts = by_posts = 0.0
        for what, members in objects.items():
            sessions = [u for u in hand.units if u[0] == what]
            meeting = [
                (a, b)
                for x, a in enumerate(sessions)
                for b in sessions[:x]
                if a[1] != b[1] and hand.coincide(a, b)
            ]
            close = len({frozenset((a[1], b[1])) for a, b in meeting}) / math.comb(len(members), 2)
            by_accounts += min(1, d[i] * len(members) / k) * min(1, d[j] * len(members) / k) * close
            by_posts += 1 - math.exp(-2 * len(meeting) * n[i] / total * n[j] / total / z)
        assert expected[number] == pytest.approx(max(eager[0] * eager[1] * by_accounts, by_posts))


def test_repeats(both: tuple[ByHand, Corpus, Coincidences], monkeypatch: pytest.MonkeyPatch) -> None:
    hand, corpus, found = both
    # Timetables are another rule, applied afterwards.
    monkeypatch.setattr(
        discovery, "_timetable", lambda corpus, found, edges: np.zeros(len(found), dtype=bool)
    )
    judged = judge_repeats(corpus, found, 0.05)
    compared = 0
    for edge, (i, j) in enumerate(zip(found.left, found.right, strict=True)):
        here = found.place_edges == edge
        twice = found.place_meetings[here] >= 2
        views = [hand.repeats(*pair, found.place_objects[here][twice].tolist()) for pair in ((i, j), (j, i))]
        enough = judged.able[edge] and min(count for _, count in views) >= judged.least - 1 and twice.any()
        assert judged.p[edge] == pytest.approx(max(p for p, _ in views) if enough else 1.0)
        compared += bool(enough)
    assert compared > 0


def test_both_tests_of_the_second_level(
    both: tuple[ByHand, Corpus, Coincidences], monkeypatch: pytest.MonkeyPatch
) -> None:
    hand, corpus, found = both
    monkeypatch.setattr(tails, "MOST_EXACT", 10_000)
    chosen = np.random.default_rng(1).random(len(found)) < 0.5
    left, right = found.left[chosen], found.right[chosen]
    ends = np.concatenate([left, right]), np.concatenate([right, left])
    graph = sparse.csr_array((np.ones(2 * len(left)), ends), shape=(9, 9))
    near = {who: set(np.flatnonzero(graph.toarray()[who]).tolist()) for who in range(9)}
    edges = np.arange(len(found))
    crowd_p, circle_p, closed_share, _ = confirm(corpus, found, Presence(corpus, found), graph, edges)
    for edge, (i, j) in enumerate(zip(found.left.tolist(), found.right.tolist(), strict=True)):
        common, either = near[i] & near[j], (near[i] | near[j]) - {i, j}
        circle = common if common and 2 * len(common) >= len(either) else set()
        assert crowd_p[edge] == pytest.approx(max(hand.crowd(i, j, circle), hand.crowd(j, i, circle)))
        closed = (hand.closed(i, j) + hand.closed(j, i)) / 2
        assert closed_share[edge] == pytest.approx(closed)
        wanted = max(hand.circle(i, j), hand.circle(j, i)) if closed >= 0.5 else 1.0
        assert circle_p[edge] == pytest.approx(wanted)
    assert (crowd_p < 1).sum() > 5
    assert (circle_p < 1).any()
