"""How well a monitored pool matches the accounts that were planted in a simulated world."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class PoolQuality:
    """Precision and recall of a set of accounts against the planted truth.

    ``precision`` = hits / pool, ``recall`` = hits / planted; both are NaN-free: an empty denominator
    gives None. ``networks`` has one entry per planted network, in name order.
    """

    n_pool: int
    n_planted: int
    n_hits: int
    precision: float | None
    recall: float | None
    networks: tuple[Mapping[str, Any], ...]

    def as_facts(self) -> dict[str, Any]:
        """Return the numbers as a report stores them."""
        return {**asdict(self), "networks": [dict(item) for item in self.networks]}


def pool_quality(pool: Iterable[str], planted: Mapping[str, str]) -> PoolQuality:
    """Compare a pool with the planted truth.

    With P the pool and T the planted accounts: precision = |P ∩ T| / |P|, recall = |P ∩ T| / |T|
    (Manning, Raghavan & Schütze 2008, Introduction to Information Retrieval, section 8.3).
    """
    watched = set(pool)
    hits = watched & set(planted)
    members: dict[str, set[str]] = {}
    for account, network in planted.items():
        members.setdefault(network, set()).add(account)
    networks = tuple(
        {"network": name, "n_planted": len(accounts), "n_hits": len(accounts & watched)}
        for name, accounts in sorted(members.items())
    )
    return PoolQuality(
        n_pool=len(watched),
        n_planted=len(planted),
        n_hits=len(hits),
        precision=len(hits) / len(watched) if watched else None,
        recall=len(hits) / len(planted) if planted else None,
        networks=networks,
    )
