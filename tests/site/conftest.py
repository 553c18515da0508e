"""A small workspace with hostile accounts, rendered once, and a browser that notices every misstep."""

from __future__ import annotations

import contextlib
import functools
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

import networkx as nx
import numpy as np
import pandas as pd
import pytest

from coordlib.describe.labels import subjects
from coordlib.files import staging_of
from coordlib.report import EvidenceView, NetworkView, RunRecord, charts
from coordlib.report.dictionary import how
from coordlib.report.figures import detached_axes, figure_html
from coordlib.report.first_screen import day_banner
from coordlib.report.notebook_page import TABLE_SCRIPT, page_notebook, write_notebook
from coordlib.report.package import failure_page, install, seal, write_report
from coordlib.report.tables import facts, html_table, report_table
from coordlib.site.build import prepare_site

#: What a hostile account may call itself or write; any of it that runs sets window.pwned.
HOSTILE = (
    '<img src=x onerror="window.pwned=1">',
    "</script><script>window.pwned=1</script>",
    'a, b, "c"\nnew line',
    "``````````{=html}\n<script>window.pwned=1</script>",
    '=HYPERLINK("https://evil.example","x")',
    "{{< meta title >}} ::: $x$ [a](javascript:window.pwned=1) @fig-x",
    "مرحبا 🎉 \u202egnp.exe",
    "<br/>{{7*7}}{% raw %}",
)
NEWEST = "2025-01-05"
COUNTS = (
    "n_posts",
    "n_post_accounts",
    "n_pool_posts",
    "n_pairs",
    "n_edges_all",
    "n_edges",
    "n_accounts",
    "n_networks",
    "n_coordinated_posts",
    "pool_before",
    "n_new_accounts",
    "pool_size",
)


def day_tables() -> tuple[dict[str, pd.DataFrame], nx.Graph]:
    """Three networks (one large, one of hostile names) with their posts and pairs."""
    graph = nx.Graph()
    rng = np.random.default_rng(3)
    for size, prefix in ((40, "user"), (6, "news")):
        names = [f"{prefix}_{number}" for number in range(size)]
        for place, name in enumerate(names[1:], start=1):
            for other in {names[0], names[int(rng.integers(0, place))]}:
                graph.add_edge(
                    name, other, weight=int(rng.integers(5, 30)), n_objects=int(rng.integers(1, 9))
                )
    graph.add_edge(HOSTILE[0], HOSTILE[1], weight=7, n_objects=1)
    graph.add_edge("bad\u202e.actor", HOSTILE[0], weight=9, n_objects=2)
    number = {}
    for place, part in enumerate(sorted(nx.connected_components(graph), key=len, reverse=True), start=1):
        number |= dict.fromkeys(part, place)
    names = sorted(graph)
    accounts = pd.DataFrame(
        {
            "account_id": names,
            "network": [number[name] for name in names],
            "degree": [graph.degree(n) for n in names],
            "unique_shares_count": [3 + graph.degree(n) for n in names],
            "avg_time_delta": 20.5,
        }
    )
    accounts["url"] = ["https://www.tiktok.com/@" + quote(name, safe="") for name in names]
    networks = (
        accounts.groupby("network")
        .agg(n_accounts=("account_id", "size"), accounts=("account_id", list))
        .reset_index()
    )
    networks.insert(1, "label", [f"label {HOSTILE[0]}", "news, daily", HOSTILE[2]])
    pick = rng.integers(0, len(names), 180)
    posts = pd.DataFrame(
        {
            "content_id": [str(7_000_000_000_000_000_000 + i) for i in range(180)],
            "account_id": [names[i] for i in pick],
            "network": [number[names[i]] for i in pick],
            "posted_at": 1_736_000_000 + rng.integers(0, 86_400, 180),
            "n_accounts": rng.integers(2, 20, 180),
            "views": rng.integers(0, 10**6, 180),
            "text": [HOSTILE[i % len(HOSTILE)] + f" {i}" for i in range(180)],
        }
    )
    edges = nx.to_pandas_edgelist(graph).rename(columns={"source": "account_id", "target": "account_id_y"})
    edges["object_ids"] = [list(HOSTILE[:2])] * len(edges)
    pairs = edges[["account_id", "account_id_y"]].assign(
        object_id=HOSTILE[2],
        content_id=[f"{place}1" for place in range(len(edges))],
        content_id_y=[f"{place}2" for place in range(len(edges))],
        time_delta=9,
        network=edges["account_id"].map(number),
        posted_at=1_736_000_000,
        posted_at_y=1_736_000_009,
        url="https://www.tiktok.com/@someone/video/1",
        url_y=None,
    )
    edges["network"] = pairs["network"]
    return {"accounts": accounts, "networks": networks, "posts": posts, "edges": edges, "pairs": pairs}, graph


def report_blocks(
    run: RunRecord, tables: dict[str, pd.DataFrame], view: NetworkView, evidence: EvidenceView
) -> list[str]:
    """The blocks of HTML a notebook shows, without starting a kernel."""
    return [
        TABLE_SCRIPT + day_banner(run, how("summary", "Finding")),
        facts({"Posts looked at": "900 by 120 accounts"}, "Summary", "summary").html,
        view.page or view.html,
        figure_html(charts.network_sizes(tables["networks"], detached_axes())),
        figure_html(charts.post_timeline(tables["posts"], detached_axes())),
        figure_html(charts.hours_of_day(tables["posts"], detached_axes())),
        figure_html(charts.weight_against_objects(tables["edges"], detached_axes())),
        figure_html(charts.seconds_apart(tables["pairs"], 120, detached_axes())),
        html_table(
            tables["accounts"], "Accounts", links={"account_id": "url"}, csv="accounts.csv", table="accounts"
        ),
        html_table(tables["networks"], "Networks", table="networks"),
        html_table(
            tables["posts"],
            "Posts",
            formats={"posted_at": "utc"},
            max_rows=100,
            csv="posts.csv",
            table="posts",
        ),
        report_table("posts", tables["posts"].assign(likes=1, comments=0, shares=2), csv="posts.csv").html,
        evidence.page or evidence.html,
        f'<p><a href="notebook-{run.date}.ipynb">Notebook</a> <a href="coordlib-{run.date}.zip">All files</a></p>',
    ]


def build_workspace(root: Path) -> None:
    """Write the days of the small workspace through the public functions."""
    (root / "simulated.json").write_text("{}")
    prepare_site(root)
    quiet = {
        "2025-01-01": ("no-input", 0),
        "2025-01-02": ("too-little-data", 29),
        "2025-01-03": ("no-coordination", 950),
    }
    for place, (date, (outcome, n_posts)) in enumerate(quiet.items()):
        counts = dict(zip(COUNTS, (n_posts, n_posts // 3, *[0] * 7, 40, 0, 40), strict=True))
        empty = {name: table.head(0) for name, table in day_tables()[0].items()}
        _day(root, date, outcome, counts, empty, nx.Graph(), started=place)
    failure_page(
        root / "reports/days/2025-01-04", "2025-01-04", f"KeyError: {HOSTILE[0]}", f"Traceback\n{HOSTILE[1]}"
    )
    tables, graph = day_tables()
    found = (900, 120, 300, 400, 300, graph.number_of_edges(), len(graph), 3, 180, 40, 12, 52)
    _day(root, NEWEST, "network", dict(zip(COUNTS, found, strict=True)), tables, graph, started=9)


def _day(
    root: Path,
    date: str,
    outcome: str,
    counts: dict[str, int],
    tables: dict[str, pd.DataFrame],
    graph: nx.Graph,
    started: int,
) -> None:
    folder = root / "reports" / "days" / date
    staging = staging_of(folder)
    view = NetworkView(graph, accounts=tables["accounts"], simulated=True)
    evidence = EvidenceView(*(tables[n] for n in ("accounts", "posts", "pairs", "edges")), time_window=120)
    run = write_report(
        staging,
        tables,
        graph,
        RunRecord(
            name=date,
            date=date,
            outcome=outcome,
            counts=counts,
            subjects=subjects(tables["networks"]),
            parameters={"time_window": 120},
            simulated=True,
            started_at=1_736_000_000 + started,
        ),
        view,
        evidence,
    ).run
    blocks = report_blocks(run, tables, view, evidence) if graph else [day_banner(run)]
    for name in ("index.ipynb", "notebook.ipynb"):
        write_notebook(staging / name, page_notebook({"title": date}, blocks))
    seal(staging)
    install(staging, folder)


@pytest.fixture(scope="session")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A simulated workspace: a day with networks, a quiet one, one too small, one without input, one that failed."""
    root = tmp_path_factory.mktemp("world")
    build_workspace(root)
    return root


@pytest.fixture(scope="session")
def site(workspace: Path) -> Path:
    """The rendered site, under a sub-path, as a project page on a shared host has it."""
    from coordlib.site.build import render_site

    return render_site(workspace, workspace / "served" / "spike", engine="smalldocs")


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments: object) -> None:
        """Say nothing."""

    def copyfile(self, source: Any, outputfile: Any) -> None:
        """A browser that leaves the page before a file has arrived is no fault of the site."""
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            super().copyfile(source, outputfile)


@contextlib.contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a rendered site under its folder's name on loopback; gives its address."""
    handler = functools.partial(_Quiet, directory=str(folder.parent))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/{folder.name}"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="session")
def base(site: Path) -> Iterator[str]:
    """Address of the served site."""
    with served(site) as address:
        yield address


@contextlib.contextmanager
def watched_pages(browser: Any, base: str) -> Iterator[Any]:
    """Open pages of a site; afterwards no console error, foreign request or failed answer may have happened."""
    bad: list[str] = []
    allowed: list[str] = []
    with contextlib.ExitStack() as stack:

        def opened(path: str, **options: Any) -> Any:
            context = browser.new_context(**options)
            stack.callback(context.close)

            def route(found: Any) -> None:
                url = found.request.url
                if url.startswith((base + "/", "data:", "blob:")):
                    found.continue_()
                    return
                (allowed if found.request.is_navigation_request() and page_state.leaving else bad).append(url)
                found.fulfill(status=200, body="outside") if page_state.leaving else found.abort()

            page_state = SimpleNamespace(leaving=False)
            context.route("**/*", route)
            page = context.new_page()
            page.set_default_timeout(120_000)  # a busy machine is no fault of a page
            page.on("console", lambda message: bad.append(message.text) if message.type == "error" else None)
            page.on("pageerror", lambda error: bad.append(f"pageerror {error}"))
            page.on(
                "response",
                lambda answer: bad.append(f"{answer.status} {answer.url}") if answer.status >= 400 else None,
            )
            page.state = page_state
            page.goto(f"{base}/{path}")
            return page

        yield opened
    assert bad == []


@pytest.fixture
def open_page(browser: Any, base: str) -> Iterator[Any]:
    """Open a page of the small site."""
    with watched_pages(browser, base) as opened:
        yield opened


@pytest.fixture(scope="session")
def serve_site() -> Any:
    """Serve another site."""
    return served


@pytest.fixture(scope="session")
def watch_pages() -> Any:
    """Open pages of another site, under the same watch."""
    return watched_pages
