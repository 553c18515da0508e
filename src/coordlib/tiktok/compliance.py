"""The duty to refresh: check stored videos at least every 30 days (earlier terms: 15), delete what the service no longer returns.

A video is deleted only on the word of the service: an error, an unfinished task or an implausible answer deletes nothing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from tqdm import tqdm

from coordlib.errors import CollectError, ParameterError, QueryError, QuotaExhausted, ServiceError
from coordlib.store import deletion as stored
from coordlib.tiktok.client import IDS_PER_FILE, TikTokResearch
from coordlib.tiktok.endpoints import EMPTY_PAGES, VIDEO_QUERY, clean, ending, rows_of
from coordlib.tiktok.query import MAX_SPAN_DAYS, Query, any_of, video_body
from coordlib.times import day_of

#: Seconds between two looks at a task, and how many looks before it is given up.
POLL_SECONDS, POLLS = 30, 60
#: A batch answer that declares more than this share gone is checked by single queries first.
IMPLAUSIBLE_SHARE = 0.5
#: A lookup that finds none of at least this many videos is not believed.
SMALLEST_PROOF = 10
#: Ids in one lookup query.
IDS_PER_QUERY = 100


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What a refresh found: ids confirmed and gone, those left unchecked and why."""

    checked: int = 0
    gone: tuple[str, ...] = field(default=(), repr=False)
    unchecked: int = 0
    reason: str = "done"
    requests: int = 0

    @property
    def complete(self) -> bool:
        """Whether every video that was due has been checked."""
        return self.unchecked == 0

    def describe(self) -> str:
        """One line for the terminal and the report."""
        text = f"{self.checked} videos checked, {len(self.gone)} no longer returned and deleted"
        if self.unchecked:
            text += f"; {self.unchecked} left unchecked ({self.reason})"
        return f"{text}; {self.requests} requests"


def refresh(
    client: TikTokResearch,
    *,
    interval_days: int = 30,
    batch: bool = True,
    dry_run: bool = False,
) -> Refreshed:
    """Check every stored video not seen for ``interval_days`` days (the terms: at most 30); delete what is gone.

    With `batch` by batch compliance, or by lookups where the service refuses it; with `dry_run` what is due is only counted.
    """
    if not 1 <= interval_days <= 30:
        raise ParameterError(f"interval_days = {interval_days}: the terms ask for 1 to 30")
    now, before = int(client.clock()), client.requests
    due = stored.due(client.store, now - interval_days * 86_400)
    if dry_run or not due:
        return Refreshed(unchecked=len(due), reason="dry-run" if due else "done")
    # One imported row without an id of the service must not keep the others from being checked.
    total = len(due)
    due = [known for known in due if known.isascii() and known.isdigit() and int(known) < 2**63]
    checked, reason = 0, "done" if len(due) == total else "the rest have no id that the service could know"
    gone: list[str] = []
    with tqdm(total=len(due), desc="refresh", unit="video", disable=None, leave=False) as bar:
        try:
            for start in range(0, len(due), IDS_PER_FILE):
                for asked, valid in _answers(client, due[start : start + IDS_PER_FILE], batch=batch):
                    lost = sorted(set(asked) - valid)
                    stored.confirm(client.store, sorted(valid & set(asked)), now)
                    stored.delete(client.store, lost, now)
                    checked, gone = checked + len(asked), gone + lost
                    bar.update(len(asked))
        except CollectError as error:
            reason = "quota" if isinstance(error, QuotaExhausted) else str(error)
    if gone:
        stored.scrub(client.store)
    return Refreshed(checked, tuple(gone), total - checked, reason, client.requests - before)


def _answers(
    client: TikTokResearch, ids: Sequence[str], *, batch: bool
) -> Iterator[tuple[Sequence[str], frozenset[str]]]:
    """Yield ids asked with those of them that are still valid."""
    if batch and len(ids) > IDS_PER_QUERY:
        try:
            valid = _still_valid(client, ids)
        except (QueryError, ServiceError):  # the service refuses it: they are looked up
            pass
        else:
            missing = [video_id for video_id in ids if video_id not in valid]
            yield [video_id for video_id in ids if video_id in valid], valid & set(ids)
            if len(missing) <= IMPLAUSIBLE_SHARE * len(ids):
                yield missing, frozenset()
                return
            ids = missing
    yield from _look_up(client, ids)


def _still_valid(client: TikTokResearch, ids: Iterable[str]) -> frozenset[str]:
    """Return which of at most 10,000 ids batch compliance calls valid."""
    task = client.compliance_create(ids)
    for _ in range(POLLS):
        status = client.compliance_status(task)
        if status == "Completed":
            return client.compliance_download(task)
        if status == "Failed":
            raise ServiceError(f"compliance task {task} failed; nothing was deleted")
        client.sleep(POLL_SECONDS)
    raise ServiceError(
        f"compliance task {task} did not end within {POLLS * POLL_SECONDS // 60} minutes; try again later"
    )


def _look_up(client: TikTokResearch, ids: Sequence[str]) -> Iterator[tuple[Sequence[str], frozenset[str]]]:
    """Look videos up by id, a hundred a query, over the days their ids were made and two more; keep what came before an error."""
    # That none of many is found is an error too: searches were silently empty for weeks before.
    for group, first, last in _groups(ids):
        found: set[str] = set()
        body = video_body(Query(and_=(any_of("video_id", group),)).to_json(), first, last)
        for _ in range(EMPTY_PAGES):
            answer = client.request(VIDEO_QUERY, fields=("id",), json=body, purpose="refresh")
            if not answer.ok:
                raise ServiceError(f"refresh: {answer.describe()}; the rest stays until the next start")
            found |= {row["id"] for row in rows_of(VIDEO_QUERY, answer.data)}
            ended = ending(answer.data, bool(answer.data.get("videos")), body.get("cursor"))
            if ended == "done":
                break
            if ended is not None:
                raise ServiceError(
                    f"refresh: the end of a lookup is not proved ({ended}); nothing was deleted"
                )
            body |= {name: clean(answer.data.get(name), name) for name in ("cursor", "search_id")}
        else:
            raise ServiceError("refresh: a lookup by id did not end; the rest stays until the next start")
        if not found and len(group) >= SMALLEST_PROOF:
            raise ServiceError(
                f"refresh: none of {len(group)} videos was found, which is more likely a silent failure of the "
                "search than the truth; nothing of them was deleted"
            )
        yield group, frozenset(found)


def _groups(ids: Iterable[str]) -> Iterator[tuple[list[str], dt.date, dt.date]]:
    """Group ids by time, so that each group fits one query's period."""
    groups: list[list[tuple[str, dt.date]]] = []
    for video_id in sorted(ids, key=int):
        # An id of no plausible time is looked for at the nearest one.
        made = day_of(min(max(int(video_id) >> 32, 1_400_000_000), 4_000_000_000))
        full = not groups or len(groups[-1]) >= IDS_PER_QUERY
        if full or (made - groups[-1][0][1]).days > MAX_SPAN_DAYS - 4:
            groups.append([])
        groups[-1].append((video_id, made))
    for group in groups:
        first, last = group[0][1] - dt.timedelta(days=1), group[-1][1] + dt.timedelta(days=2)
        yield [video_id for video_id, _ in group], first, last
