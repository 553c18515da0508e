"""What a day's page says first: what is significant, what the network rests on, how much to trust it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from coordlib.report.health import Health, verdict_of
from coordlib.report.record import RunRecord
from coordlib.report.text import clean_text
from coordlib.report.words import plural, same_words
from coordlib.significance.classes import SIGNIFICANT
from coordlib.significance.headline import class_words

_PLATFORMS = {"tiktok": "TikTok", "bluesky": "Bluesky", "twitter": "X", "youtube": "YouTube"}


def first_lines(run: RunRecord) -> list[str]:
    """Return the finding of a report in sentences, each made from the numbers of the run's record.

    What is significant comes first, what that means and what is undecided, then what the threshold keeps and on what it rests, then the other settings, the
    coverage, and who is new. A record without tests (an older one) has only the latter.

    Examples
    --------
    >>> counts = {"n_accounts": 3, "n_post_accounts": 9, "n_networks": 1, "n_edges": 2, "n_edges_one_object": 2}
    >>> run = {"outcome": "network", "counts": counts, "parameters": {"time_window": 60}}
    >>> print(*first_lines(run), sep="\\n")
    By weight, 3 of 9 accounts in 1 network posted the same captions together within 60 seconds.
    Weak: each of the 2 edges rests on a single caption.
    """
    counts, evidence = run.get("counts") or {}, run.get("evidence") or {}
    found, *meaning = _words(evidence, weighed=False) or [""]
    lines = [found, _where(run, evidence), _same(run, counts), *meaning]
    if _has_network(run):
        lines += [_network(run, counts), _subjects(run), _rests_on(run, counts), _settings(run, counts)]
    return [line for line in [*lines, _coverage(run), _new(run, counts)] if line]


def more_lines(run: RunRecord) -> list[str]:
    """Return what the weight keeps by class, and what the network as a whole is held against."""
    lines = _words(run.get("evidence") or {}, weighed=True)
    lines += [_classes(run), _whole(run), _truth(run)]
    return [line for line in lines if line]


def _words(evidence: Mapping[str, Any], *, weighed: bool) -> list[str]:
    """The lines on what is significant, what that means and what is undecided, or those on what the weight keeps."""
    lines = str(evidence.get("words") or "").splitlines()
    return [line for line in lines if line.startswith("The weight keeps") == weighed]


def _has_network(run: RunRecord) -> bool:
    return run.get("outcome") == "network" and bool((run.get("counts") or {}).get("n_accounts"))


def _same(run: RunRecord, counts: Mapping[str, int]) -> str:
    """What counts as the same where that is not plain, and how many posts take part where most do not."""
    words = same_words((run.get("parameters") or {}).get("object_id"), run.get("platform"))
    lacking, of = counts.get("n_without_object", 0), counts.get("n_posts", 0)
    few = f"Only {of - lacking:,} of {plural(of, 'post')} take part: the others have no {run.get('object', 'caption')}."
    return f"{words} {few}".strip() if 2 * lacking > of else words


def _where(run: RunRecord, evidence: Mapping[str, Any]) -> str:
    """In which of the networks below the significant pairs are, and how many of them."""
    found = [evidence.get("classes", {}).get(name, {}).get("edges", 0) for name in SIGNIFICANT]
    if not sum(found) or run.get("kind") == "component":
        return ""
    numbers = evidence.get("networks") or {}
    if not numbers:
        return "None of the significant pairs is heavy enough for the networks below; the table of pairs that stand out has them."
    some = ", ".join(numbers) if len(numbers) <= 8 else f"{len(numbers):,} networks"
    word = "" if len(numbers) > 8 else "network " if len(numbers) == 1 else "networks "
    drawn, of = sum(numbers.values()), sum(found)
    how_many = f"{drawn:,} of {of:,} significant pairs" if drawn < of else f"All {of:,} significant pairs"
    if of == 1:
        how_many = "The significant pair"
    return f"{how_many} {'is an edge' if drawn == 1 else 'are edges'} of {word}{some}."


def _network(run: RunRecord, counts: Mapping[str, int]) -> str:
    parameters, facts, word = (
        run.get("parameters") or {},
        run.get("facts") or {},
        run.get("object", "caption"),
    )
    of = f" of {counts['n_post_accounts']:,}" if counts.get("n_post_accounts") else ""
    when = _days(facts)
    where = _PLATFORMS.get(str(run.get("platform")), str(run.get("platform") or ""))
    place = f" ({where})" if where and where != "simulated" else ""
    classes = (parameters.get("evidence") or {}).get("classes")
    if run.get("kind") == "component":
        return (
            f"{counts['n_accounts']:,}{of} accounts posted the same {word}s together within "
            f"{parameters.get('time_window', '?')} seconds{when}{place}: {plural(counts.get('n_objects', 0), word)}."
        )
    rule = f"Of the classes kept ({', '.join(classes)})" if classes else "By weight"
    objects = f": {plural(counts['n_objects'], word)}" if counts.get("n_objects") else ""
    return (
        f"{rule}, {counts['n_accounts']:,}{of} accounts in {plural(counts['n_networks'], 'network')} posted the same "
        f"{word}s together within {parameters.get('time_window', '?')} seconds{when}{place}{objects}."
    )


def _subjects(run: RunRecord, shown: int = 3) -> str:
    """What the largest networks are about, as far as their labels say."""
    sizes = [(clean_text(label), size) for label, size in run.get("subjects") or []]
    if not sizes:
        return ""
    named = [
        f"{' · '.join(label.split(' · ')[:3])} ({plural(size, 'account')})" for label, size in sizes[:shown]
    ]
    if run.get("kind") == "component":
        return f"Words that set it apart: {' · '.join(sizes[0][0].split(' · ')[:5])}."
    more = f"; and {len(sizes) - shown:,} more" if len(sizes) > shown else ""
    return f"Words of the largest networks: {'; '.join(named)}{more}."


def _days(facts: Mapping[str, Any]) -> str:
    if facts.get("period_start") is None or facts.get("period_end") is None:
        return ""
    first, last = (
        dt.datetime.fromtimestamp(int(facts[name]), dt.UTC) for name in ("period_start", "period_end")
    )
    if first.date() == last.date():
        return f", {last.day} {last:%b %Y}"
    start = (
        f"{first.day}" if (first.year, first.month) == (last.year, last.month) else f"{first.day} {first:%b}"
    )
    return f", {start}{f' {first.year}' if first.year != last.year else ''}–{last.day} {last:%b %Y}"


def _rests_on(run: RunRecord, counts: Mapping[str, int]) -> str:
    word, n_edges = run.get("object", "caption"), counts.get("n_edges", 0)
    single = counts.get("n_edges_one_object", 0)
    weak = "Weak: " if n_edges and single >= 0.9 * n_edges else ""
    if single == n_edges:
        text = f"each of the {n_edges:,} edges rests" if n_edges > 1 else "the one edge rests"
        text += f" on a single {word}"
    elif single:
        rest = "rests" if single == 1 else "rest"
        text = f"{single:,} of {n_edges:,} edges {rest} on a single {word}"
    else:
        text = f"each of the {n_edges:,} edges rests on several {word}s"
    return f"{weak}{text}." if weak else f"{text[0].upper()}{text[1:]}."


def _classes(run: RunRecord) -> str:
    """Of which classes the kept edges are."""
    evidence = run.get("evidence") or {}
    classes = class_words(evidence.get("kept") or {}, run.get("object", "caption"))
    if not classes or not _has_network(run):
        return ""
    text = f"{_of_all(run, evidence)}{classes}."
    return f"{text[0].upper()}{text[1:]}"


def _of_all(run: RunRecord, evidence: Mapping[str, Any]) -> str:
    """How many edges are kept of how many, and what the rule would keep without a minimum participation."""
    counts, parameters = run.get("counts") or {}, run.get("parameters") or {}
    if run.get("kind") == "component":
        return "of them "
    kept, before = counts.get("n_edges", 0), counts.get("n_edges_all", 0)
    if (parameters.get("evidence") or {}).get("classes"):
        return f"{kept:,} of {plural(before, 'pair')} {'is' if kept == 1 else 'are'} kept, of which "
    everybody = evidence.get("kept_of_all")
    also = (
        f" (if every account took part, {everybody:,} of {evidence['pairs']:,})"
        if everybody is not None and (everybody, evidence["pairs"]) != (kept, before)
        else ""
    )
    return f"the weight keeps {kept:,} of {plural(before, 'pair')}{also}, of which "


def _settings(run: RunRecord, counts: Mapping[str, int]) -> str:
    parameters, found = run.get("parameters") or {}, run.get("other_settings")
    if not found or (parameters.get("evidence") or {}).get("classes"):
        return ""
    tied, steady = found.get("tied", 0), (run.get("evidence") or {}).get("significant_accounts")
    span = f"{found['least']:,} to {plural(found['most'], 'account')} instead of {counts['n_accounts']:,}"
    return (
        f"Other settings: {span if tied < found['settings'] else 'all tie'}, with "
        f"windows from {found['narrowest']:,} to {parameters.get('time_window', 0):,} seconds and thresholds from the median to the top twentieth."
        + (
            f" At {tied:,} of {found['settings']:,} the heaviest edges have one weight and the threshold keeps none; that is a tie, not a "
            "weak finding."
            if tied
            else ""
        )
        + (
            f" The {plural(steady, 'account')} of significant pairs do not depend on the threshold."
            if steady
            else ""
        )
    )


def _whole(run: RunRecord) -> str:
    return str(run.get("whole") or "")


def _coverage(run: RunRecord) -> str:
    facts = run.get("facts") or {}
    if not (facts.get("health") or facts.get("source")):
        return ""
    health = Health.model_validate(facts.get("health") or facts)
    accounts, captions = health.accounts, health.captions
    parts = []
    if accounts.asked is not None and accounts.active:
        parts.append(f"{accounts.asked:,} of {plural(accounts.active, 'watched account')} asked")
    if captions.searched is not None and captions.found:
        parts.append(f"{captions.searched:,} of {plural(captions.found, 'caption')} searched")
    if health.source == "archive":
        errors = plural(health.n_errors, "error") if health.n_errors else "no error"
        return f"Coverage: as the archive has it; its log names {errors}."
    return f"Coverage: {', '.join(parts)}. {verdict_of(health)[0]}" if parts else ""


def _new(run: RunRecord, counts: Mapping[str, int]) -> str:
    new = counts.get("n_new_accounts")
    if new is None or run.get("kind", "day") != "day" or run.get("outcome") != "network":
        return ""
    if new == 0:
        return "All of these accounts were in the pool before."
    return f"{new:,} of these accounts {'was' if new == 1 else 'were'} not in the pool before."


def _truth(run: RunRecord) -> str:
    """On a simulated day: how many pairs join two accounts that were planted together."""
    truth = run.get("truth") or {}
    if not truth:
        return ""
    kinds = ("significant", "undecided", "kept")
    parts = [f"{truth[name][0]:,} of {truth[name][1]:,} {name} pairs" for name in kinds if truth[name][1]]
    if not parts:
        return "Simulated, so the truth is known: no pair is significant, undecided or kept."
    said = " and ".join([part for part in (", ".join(parts[:-1]), parts[-1]) if part])
    return f"Simulated, so the truth is known: {said} join two accounts of one planted network."
