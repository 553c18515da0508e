"""Videos of coordinated accounts per request: coordlib's planner against the reference strategy.

    python benchmarks/planner.py [--accounts 3000 10000] [--days 10] [--seeds 1 2] [--output planner.json]

Both monitor the same simulated world, from the same first pool, with 1,000 requests a day, under the fault
mix measured in the vera.ai archive, and both add the accounts their detection finds. The reference strategy
is the one of that archive: 20 accounts a query over the last 15 days, at most 3 pages, then one query per
caption of at least 80 characters, 5 tries per error, no reaction to a search id that is not ready.

Counted are distinct videos of planted accounts, over all attempts the service counted; recall is the share
of planted accounts found in the networks, of those that were coordinated in the monitored days.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import platform
import random
import time
from collections.abc import Iterable
from pathlib import Path

import httpx

import coordlib as cl
from coordlib.errors import QuotaExhausted
from coordlib.parameters import CollectionParameters
from coordlib.simulate.service import ServerConfig, Service, archive_faults
from coordlib.simulate.world import DAY, World, build_world
from coordlib.store import Store, coverage, open_store
from coordlib.store.stored_posts import period_posts
from coordlib.store.windows import keep_rows
from coordlib.tiktok import (
    Collector,
    Credentials,
    Query,
    RequestBudget,
    TikTokResearch,
    any_of,
    plan_accounts,
    plan_captions,
)
from coordlib.tiktok.endpoints import VIDEO_QUERY, posts_of

QUOTA, DAYS_BACK, LAG_DAYS = 1_000, 15, 3


class InProcess(httpx.BaseTransport):
    """The simulated service without its socket: the same answers, sooner."""

    def __init__(self, service: Service) -> None:
        self.service = service

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        told = (request.headers.get(name, "") for name in ("authorization", "content-type"))
        url = request.url
        reply = self.service.answer(url.path, url.params.get("fields"), request.read(), *told)
        if reply.hang:
            raise httpx.ReadTimeout("no answer", request=request)
        return httpx.Response(reply.status, content=reply.content, headers={"content-type": reply.media_type})


class Monitored:
    """One strategy at work in one world: its service, its store, its pool, what its detection found."""

    def __init__(self, world: World, pool: Iterable[str], seed: int, faults: str) -> None:
        first = dt.datetime.fromtimestamp(world.start, dt.UTC).date() - dt.timedelta(
            days=world.parameters.history
        )
        length = world.parameters.days + world.parameters.history
        mix = archive_faults(first, length, seed) if faults != "none" else ()
        if faults == "transient":
            mix = tuple(fault for fault in mix if fault.name != "broken_period")
        config = ServerConfig(now=world.start, quota=QUOTA, faults=mix, seed=seed)
        self.service = Service(world, config)
        self.store: Store = open_store(":memory:")
        self.pool = list(pool)
        self.found: set[str] = set()
        self.planted = set(world.planted_accounts)
        self.client = TikTokResearch(
            Credentials("sim-key", "sim-secret"),
            transport=InProcess(self.service),
            store=self.store,
            budget=RequestBudget(self.store, daily=QUOTA, clock=self.clock),
            clock=self.clock,
            sleep=self.sleep,
            min_interval=0,
        )

    def clock(self) -> float:
        return self.service.state.now

    def sleep(self, seconds: float) -> None:
        self.service.state.now += seconds

    def detect(self, day: dt.date) -> None:
        """Detect on the stored posts of the last days and let the pool grow."""
        last = day - dt.timedelta(days=LAG_DAYS)
        posts = period_posts(self.store, str(last - dt.timedelta(days=DAYS_BACK - 1)), str(day))
        found: set[str] = set()
        if len(posts):
            pairs = cl.detect_groups(cl.prep_data(posts, "text", timestamp_share="posted_at"))
            found = set(cl.generate_coordinated_network(pairs, subgraph=1))
        self.found |= found
        self.pool += sorted(found - set(self.pool))

    def result(self, coordinated: set[str]) -> dict[str, float]:
        """Sum up the run."""
        names = [row["account_id"] for row in self.store.connection.execute("SELECT account_id FROM posts")]
        spent = sum(self.service.state.used.values())
        hits = sum(name in self.planted for name in names)
        return {
            "requests": spent,
            "videos": len(names),
            "videos_of_coordinated_accounts": hits,
            "per_request": round(hits / spent, 2) if spent else 0.0,
            "recall": round(len(self.found & coordinated) / len(coordinated), 4),
            "precision": round(len(self.found & self.planted) / len(self.found), 4) if self.found else 0.0,
            "pool": len(self.pool),
        }


def planned_day(run: Monitored, day: dt.date, settings: CollectionParameters) -> None:
    """One day the way coordlib does it."""
    store, collector = run.store, Collector(run.client, progress=False)
    run_id = f"monitor-{day}"
    collector.carry_over(run_id)
    collector.run(
        run_id,
        "accounts",
        lambda: plan_accounts(
            coverage.account_histories(store, run.pool, day), day, run.client.budget.remaining(), settings
        ),
    )
    back = settings.days_back + settings.lag_days
    collector.run(
        run_id,
        "captions",
        lambda: plan_captions(
            coverage.caption_histories(
                store, run.pool, day, days_back=back, min_length=settings.caption_min_length
            ),
            day,
            run.client.budget.remaining(),
            settings,
        ),
    )


class Reference:
    """The reference strategy: its batches, its pages, its retries."""

    def __init__(self, run: Monitored) -> None:
        self.run = run
        self.http = httpx.Client(base_url="http://127.0.0.1", transport=InProcess(run.service))
        self.token = ""
        self.until = 0.0

    def _headers(self) -> dict[str, str]:
        if self.run.clock() > self.until - 5:
            form = {
                "client_key": "sim-key",
                "client_secret": "sim-secret",
                "grant_type": "client_credentials",
            }
            self.token = self.http.post("/v2/oauth/token/", data=form).json()["access_token"]
            self.until = self.run.clock() + 7200
        return {"authorization": f"Bearer {self.token}"}

    def query(self, query: Query, start: dt.date, end: dt.date, pages: int) -> list[dict]:
        """Page through one query; errors end it after five tries, a spent quota ends the day."""
        body = {
            "query": query.to_json(),
            "start_date": f"{start:%Y%m%d}",
            "end_date": f"{end:%Y%m%d}",
            "max_count": 100,
        }
        rows: list[dict] = []
        for _ in range(pages):
            for attempt in range(1, 6):
                response = self.http.post(
                    VIDEO_QUERY.path,
                    params={"fields": ",".join(VIDEO_QUERY.fields[:14])},
                    headers=self._headers(),
                    json=body,
                )
                if response.status_code == 429 and "quota" in response.text:
                    raise QuotaExhausted
                # 400 is not repeated; every other error is, with the same token.
                if response.status_code in (200, 400):
                    break
                self.run.sleep(attempt**3)
            if response.status_code != 200:
                self.until = 0.0 if response.status_code == 401 else self.until
                break
            data = response.json()["data"]
            rows += posts_of(VIDEO_QUERY, data)
            if not data.get("has_more"):
                break
            body |= {"cursor": data["cursor"], "search_id": data["search_id"]}
        self.keep(rows)
        return rows

    def keep(self, rows: list[dict]) -> None:
        """Store rows; the window they are booked on stands for the whole strategy."""
        keep_rows(self.run.store, 1, rows, int(self.run.clock()))

    def day(self, day: dt.date) -> None:
        """One monitoring day."""
        first = day - dt.timedelta(days=DAYS_BACK)
        recent: list[dict] = []
        try:
            for start in range(0, len(self.run.pool), 20):
                names = self.run.pool[start : start + 20]
                recent += self.query(Query(and_=(any_of("username", names),)), first, day, 3)
            captions = dict.fromkeys(row.get("text", "").strip() for row in recent)
            for caption in captions:
                if len(caption) >= 80:
                    newest = self.run.store.connection.execute(
                        "SELECT max(posted_at) FROM posts WHERE text = ? AND fetched_at < ?",
                        (caption, int(self.run.clock()) // DAY * DAY),
                    ).fetchone()[0]
                    start_day = (
                        first
                        if newest is None
                        else dt.datetime.fromtimestamp(newest, dt.UTC).date() + dt.timedelta(days=1)
                    )
                    if start_day <= day:
                        self.query(Query(and_=(any_of("keyword", [caption]),)), max(first, start_day), day, 1)
        except QuotaExhausted:
            return


def first_pool(world: World, seed: int, share: float) -> list[str]:
    """The same share of planted and of ordinary accounts: most of a real pool is not coordinated any longer."""
    names = sorted(str(name) for name in world.accounts["account_id"])
    return sorted(random.Random(seed).sample(names, round(share * len(names))))


def coordinated_accounts(world: World) -> set[str]:
    """Planted accounts whose coordination falls into the days that are looked at."""
    truth = world.truth
    since, until = world.start - (DAYS_BACK + LAG_DAYS) * DAY, world.end - LAG_DAYS * DAY
    return set(
        truth.loc[truth["coordinated"] & (truth["first"] < until) & (truth["last"] > since), "account_id"]
    )


def compare(
    accounts: int,
    days: int,
    seed: int,
    share: float,
    faults: str,
    settings: CollectionParameters,
    strategies: list[str],
) -> dict:
    """Run the strategies in one world."""
    world = build_world(accounts=accounts, days=days, seed=seed)
    pool, coordinated = first_pool(world, seed, share), coordinated_accounts(world)
    results: dict = {
        "accounts": accounts,
        "days": days,
        "seed": seed,
        "faults": faults,
        "first_pool": len(pool),
    }
    for name in strategies:
        run, began = Monitored(world, pool, seed, faults), time.perf_counter()
        reference = Reference(run)
        if name == "reference":
            run.store.connection.execute(
                "INSERT INTO windows (window_id, run_id, phase, query_hash, fields, start_date, end_date, state, upper_date, "
                "created_at, updated_at) VALUES (1, '', '', '', '[]', '', '', 'done', '', 0, 0)"
            )
        for number in range(days):
            run.service.state.now = max(run.service.state.now, world.start + number * DAY + 6 * 3600)
            day = dt.datetime.fromtimestamp(world.start + number * DAY, dt.UTC).date()
            if name == "planner":
                planned_day(run, day, settings)
            else:
                reference.day(day)
            run.detect(day)
        results[name] = {**run.result(coordinated), "seconds": round(time.perf_counter() - began, 1)}
    if len(strategies) == 2:
        ours, theirs = (results[name]["per_request"] for name in ("planner", "reference"))
        results["ratio"] = round(ours / theirs, 2) if theirs else None
    return results


def main() -> None:
    """Print one line per world and write the results beside the machine they came from."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--accounts", type=int, nargs="+", default=[3_000, 10_000])
    parser.add_argument("--days", type=int, default=10)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1])
    parser.add_argument(
        "--faults",
        nargs="+",
        default=["archive", "transient", "none"],
        choices=["archive", "transient", "none"],
    )
    parser.add_argument(
        "--pool-share", type=float, default=0.2, help="share of all accounts in the first pool"
    )
    parser.add_argument(
        "--strategies", nargs="+", default=["planner", "reference"], choices=["planner", "reference"]
    )
    parser.add_argument(
        "--set", nargs="*", default=[], metavar="NAME=VALUE", help="parameters of the collection"
    )
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    settings = CollectionParameters.load(
        {k: json.loads(v) for k, v in (item.split("=", 1) for item in options.set)}
    )
    found = []
    for accounts in options.accounts:
        for seed in options.seeds:
            for faults in options.faults:
                found.append(
                    compare(
                        accounts, options.days, seed, options.pool_share, faults, settings, options.strategies
                    )
                )
                print(json.dumps(found[-1]), flush=True)
    if options.output:
        machine = {
            "python": platform.python_version(),
            "machine": platform.machine(),
            "system": platform.system(),
        }
        text = json.dumps({"machine": machine, "settings": settings.for_notebook(), "runs": found}, indent=1)
        options.output.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
