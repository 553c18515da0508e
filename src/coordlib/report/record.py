"""What a report says about the run that made it: the entries of ``run.json``, each named once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict


class RunRecord(TypedDict, total=False):
    """The record of a run; an entry that is not here is misspelt."""

    name: str
    kind: str
    title: str
    date: str
    outcome: str
    simulated: bool
    identities: str
    parameters: dict[str, Any]
    counts: Mapping[str, Any]
    object: str
    platform: str | None
    facts: Mapping[str, Any]
    inputs: Mapping[str, str]
    weight_threshold: float | None
    weights: Mapping[str, int]
    started_at: Any
    new_accounts: Sequence[str]
    labels: Mapping[str, Any]
    subjects: Sequence[tuple[str, int]]
    evidence: Mapping[str, Any]
    whole: str
    random_networks: Mapping[str, Any]
    other_settings: Mapping[str, int]
    truth: Mapping[str, Any]
    message: str
    code_version: str
    packages: Mapping[str, str]
    notebook: Mapping[str, Any]
    rows: Mapping[str, int]
    outputs: dict[str, str]
    content_sha256: str
    version: int
    published_at: str | None
