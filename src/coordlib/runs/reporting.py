"""The last step of a report's notebook: labels of its networks, and everything its page shows; a sweep as a report."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import networkx as nx
import pandas as pd

from coordlib.describe.accounts import describe_accounts
from coordlib.describe.day import day_counts, day_outcome
from coordlib.describe.labels import ENDPOINT, Label, add_labels, label_components, subjects
from coordlib.describe.networks import (
    describe_networks,
    discovered_pairs,
    evidence_totals,
    pairs_outside,
    strongest_class,
)
from coordlib.describe.posts import PAIRS_IN_FILES, describe_posts, network_edges, network_pairs, plain_posts
from coordlib.detect.sweep import DEFAULTS, Sweep
from coordlib.errors import CoordError, InputError, takes_old_names
from coordlib.links.coord_shares import CoordShares
from coordlib.links.summaries import posts_to_label
from coordlib.links.top_lists import ENGAGEMENT
from coordlib.near.captions import MADE
from coordlib.parameters import Parameters, ParameterSweep
from coordlib.places import Workspace
from coordlib.posts import as_counts
from coordlib.report.charts import reference_words
from coordlib.report.display import Html
from coordlib.report.evidence import evidence_record
from coordlib.report.first_screen import banner
from coordlib.report.notebook_steps import as_made, check_steps, left_out_by_hand
from coordlib.report.package import SavedReport, write_report
from coordlib.report.post_set import PostSet
from coordlib.report.record import Counts, RunRecord
from coordlib.report.result import Report
from coordlib.report.tables import Table
from coordlib.report.words import object_word, plural
from coordlib.significance import SIGNIFICANT, edge_significance
from coordlib.sources.label_endpoint import LabelEndpoint

#: An endpoint, what makes one when it is needed, or why none could be made.
Endpoint = LabelEndpoint | Callable[[], LabelEndpoint | None] | CoordError | None


def _made(endpoint: Endpoint) -> LabelEndpoint | CoordError | None:
    try:
        return endpoint() if callable(endpoint) else endpoint
    except CoordError as error:
        return error


def _label(asked: LabelEndpoint | CoordError, local: Label, captions: list[str]) -> Label:
    if not captions:
        return local
    try:
        if isinstance(asked, CoordError):
            raise asked
        answer = asked.label(captions)
    except CoordError as error:
        return replace(local, details=local.details | {"endpoint_error": str(error)})
    return Label(answer.text, f"{ENDPOINT} {asked.settings.model}", answer.details | {"local": local.text})


@takes_old_names(component="network")
def label_networks(
    posts: pd.DataFrame,
    *,
    network: str = "network",
    text: str = "text",
    hashtags: str | None = None,
    link: str | None = None,
    engagement: Sequence[str] = (),
    endpoint: Endpoint = None,
) -> dict[Any, Label]:
    """Return a label per network, from the endpoint if there is one and it answers; a failed label fails no run.

    Parameters
    ----------
    posts, network, text, hashtags, link
        As for :func:`coordlib.describe.labels.label_components`.
    engagement
        Count columns by whose sum the captions for the endpoint are chosen (most engaging first).
    endpoint
        An endpoint, or ``LabelEndpoint.from_environment``, whose failure then costs the labels and not the
        run; None labels locally alone.

    Returns
    -------
    dict
        In sorted order. A label the endpoint failed to give is the local one, with the reason
        under ``details["endpoint_error"]``; an endpoint's label keeps the local one under
        ``details["local"]``. After three failures in a row it is not asked again.

    Examples
    --------
    >>> posts = pd.DataFrame({"network": [1], "text": ["Harbour bridge closed"]})
    >>> label_networks(posts)[1].method
    'local words (c-TF-IDF)'
    """
    labels = label_components(posts, network=network, text=text, hashtags=hashtags, link=link)
    asked = _made(endpoint)
    if asked is None:
        return labels
    counts = posts[[name for name in engagement if name in posts.columns]]
    total = counts.apply(as_counts).fillna(0).sum(axis=1).astype("float64")
    # By caption too, so that the prompt does not depend on row order.
    ranked = posts.assign(**{"coordlib.total": total})
    ranked = ranked.sort_values(["coordlib.total", text], ascending=[False, True], kind="stable")
    captions = ranked[text].where(ranked[text].fillna("").astype(str).str.strip() != "")
    return {
        key: _label(asked, local, captions[ranked[network] == key].dropna().astype(str).to_list())
        for key, local in labels.items()
    }


def label_link_networks(output: CoordShares, *, endpoint: Endpoint = None) -> dict[str, Mapping[int, Label]]:
    """Label the components and the clusters of a link-sharing network.

    Parameters
    ----------
    output
        What :func:`coordlib.get_coord_shares` returned.
    endpoint
        As for :func:`label_networks`. A cluster with the posts of a whole component gets the same answer.

    Returns
    -------
    dict
        ``"component"`` and ``"cluster"``, each number to its label; for :func:`coordlib.get_outputs`.

    Examples
    --------
    >>> from coordlib.links.coord_shares import get_coord_shares
    >>> shares = pd.DataFrame({"account.url": ["a", "b"], "date": [0, 1], "expanded": ["https://n.example/1"] * 2})
    >>> label_link_networks(get_coord_shares(shares, 10))["cluster"][1].text
    'n.example'
    """
    how: dict[str, Any] = {"text": "caption", "link": "link", "engagement": ENGAGEMENT}
    asked = _made(endpoint)
    return {
        by: label_networks(posts_to_label(output, by), network=by, endpoint=asked, **how)
        for by in ("component", "cluster")
    }


def make_report(
    source: PostSet,
    pairs: pd.DataFrame,
    edges: pd.DataFrame,
    graph: nx.Graph[str],
    parameters: Mapping[str, Any] | None = None,
    *,
    significance: pd.DataFrame | None = None,
    whole: pd.DataFrame | None = None,
    leave_out: Sequence[str] = (),
) -> Report:
    """Describe a network as a report does: its accounts, its components, its posts, and the pairs behind its edges.

    Parameters
    ----------
    source
        The posts, of :func:`coordlib.load_day`, :func:`coordlib.load_discovery` or :func:`coordlib.load_table`.
    pairs
        All pairs, of :func:`coordlib.detect_groups`.
    edges
        All edges, of :func:`coordlib.coordinated_edges`.
    graph
        The network that is reported, of :func:`coordlib.generate_coordinated_network` with ``subgraph=1``, or
        any graph of these accounts: what it holds is what the report says, what the database keeps, and who is
        watched tomorrow.
    parameters
        What the notebook was run with. Where the steps were made with other values, those stand in the record.
    significance, whole
        Results of :func:`coordlib.edge_significance` and :func:`coordlib.network_significance` (none: the report says
        nothing of either).
    leave_out
        Accounts that do not enter the pool.

    Raises
    ------
    InputError
        The graph has an edge without a pair of posts behind it.
    """
    graph = graph.copy()
    graph.remove_nodes_from(list(nx.isolates(graph)))  # an account without an edge is in no network
    used = {**(parameters or {}), **as_made(pairs, edges, graph)}
    if source.kind == "day":
        used["date"] = source.date
    known = plain_posts(source.posts)  # once: each of those below would do it anew
    evidence = network_pairs(pairs, graph, known)
    kept = network_edges(edges, graph)
    check_steps(graph, evidence, kept, significance)
    accounts = describe_accounts(graph, pairs, known, source.pool)
    posts = describe_posts(evidence, known)
    engagement = [name for name in ("likes", "comments", "shares") if source.posts[name].notna().any()]
    named = label_networks(posts, engagement=engagement, endpoint=LabelEndpoint.from_environment)
    networks = add_labels(describe_networks(graph, accounts, known, evidence), named)
    watched: Iterable[str] | None = source.watched
    if watched is None and (stay := set(leave_out) & set(graph)):
        watched = {*source.pool, *graph} - (stay - set(source.pool))
    counts = day_counts(source.posts, pairs, edges, graph, posts, source.pool, watched)
    counts |= evidence_totals(significance)
    counts["n_without_object"] = int(pairs.attrs.get("posts_without_object", 0))
    word = object_word(used.get("object_id", "text"), source.platform)
    outcome = day_outcome(
        graph,
        edges,
        counts["n_posts"],
        edge_weight=used.get("edge_weight") or 0.9,
        min_weight=used.get("min_weight"),
        min_posts=int(used.get("min_posts", 1)),
        by_weight=not (used.get("evidence") or {}).get("classes"),
    )
    tests = evidence_record(significance, whole, pairs, graph, used, word, source.truth)
    if by_hand := left_out_by_hand(source, pairs, edges, graph, used):
        tests["kept"] = by_hand
        if "pairs" in by_hand:  # what other windows find among pairs chosen by time says nothing
            tests.pop("other_settings", None)
    run = RunRecord(
        name=source.name,
        kind=source.kind,
        title=source.title,
        date=source.date,
        outcome=outcome,
        simulated=source.simulated,
        identities=source.identities,
        parameters=used,
        counts=Counts.model_validate(counts),
        object=word,
        platform=source.platform,
        facts=_facts(source, counts, evidence),
        inputs=source.hashes(),
        weight_threshold=graph.graph.get("threshold"),
        weights={str(weight): int(n) for weight, n in edges["weight"].value_counts().sort_index().items()},
        started_at=source.started_at or None,
        new_accounts=sorted(set(graph) - set(source.pool) - set(leave_out)),
        labels={str(network): asdict(label) for network, label in named.items()},
        subjects=subjects(networks),
        **tests,
    )
    found = discovered_pairs(significance, graph)
    outside = pairs_outside(pairs, found, known)
    tables = (accounts, networks, posts, evidence, kept, found, outside)
    return Report(source, graph, *tables, run, significance)


def _facts(source: PostSet, counts: Mapping[str, int], evidence: pd.DataFrame) -> dict[str, Any]:
    """What is known of the collection, the period, and whether the file of pairs holds a sample."""
    found = {name: value for name, value in source.facts.items() if name not in counts}
    times = source.posts["posted_at"].dropna()
    if len(times):
        found = {"period_start": int(times.min()), "period_end": int(times.max()), **found}
    of_object = evidence["object_id"].value_counts()
    if unnamed := int((of_object - PAIRS_IN_FILES).clip(lower=0).sum()):
        named = f"{len(evidence) - unnamed:,} of {len(evidence):,}"
        sampled = f"{named}: of an object with more than {PAIRS_IN_FILES:,} the closest of each edge first"
        found["about"] = {**source.facts.get("about", {}), "Pairs in pairs.csv": sampled}
    return found


_CAPTIONS = {"points": "Points of the grid", "inclusion": "Accounts by how often they are found"}
#: Parameters a draft is not named after.
_NOT_THE_METHOD = ("source", "mapping", "shares", "date", "rows_shown", "workspace", "output_dir")


def draft_of(place: Workspace, name: str, given: Mapping[str, Any], model: type[Parameters]) -> Path:
    """Return the folder of an analysis that is not published, named by the parameters that differ from the usual ones."""
    usual = model().for_notebook()
    method = {key: value for key, value in given.items() if key not in _NOT_THE_METHOD}
    differing = {key: value for key, value in method.items() if value != usual.get(key, value)}
    return place.draft_folder("analyses", name, differing)


@dataclass(frozen=True, repr=False)
class SweepReport:
    """What a sweep says about a finding; at the end of a cell it shows its headline."""

    found: Sweep
    source: PostSet
    parameters: Mapping[str, Any]
    #: Strongest class of every account at the reference's window and object (none: not tested).
    evidence: pd.Series | None = None

    @property
    def headline(self) -> Html:
        """How much the finding depends on the parameters, and first of all whether the posts are simulated."""
        points, inclusion = self.found.points, self.found.inclusion
        accounts, settings = points["accounts"], plural(len(points), "setting")
        if len(inclusion):
            kind = "found"
            head = f"{accounts.min():,} to {plural(int(accounts.max()), 'account')} over {settings}."
            body = (
                f"{int((inclusion['share'] == 1).sum()):,} of the {plural(len(inclusion), 'account')} found at any "
                f"setting are found at every one. The reference ({reference_words(self.found)}) finds "
                f"{int(inclusion['in_reference'].sum()):,}."
            )
        else:
            kind, head, body = "quiet", f"No account is in a network at any of {settings}.", ""
        if self.evidence is not None:
            steady = self.evidence.index[self.evidence.isin(SIGNIFICANT)]
            always = inclusion["account_id"].isin(steady) & (inclusion["share"] == 1)
            body += (
                f" {plural(len(steady), 'account')} {'is' if len(steady) == 1 else 'are'} in significant pairs, which no threshold changes; "
                f"{int(always.sum()):,} of them {'is' if always.sum() == 1 else 'are'} found at every setting."
            )
        if tied := int((points["outcome"] == "tied").sum()):
            body += f" At {plural(tied, 'setting')} the heaviest edges tie, so the quantile keeps none: a tie, not a weak finding; min_weight says more there."
        return Html(banner(kind, [head, body], RunRecord(simulated=self.source.simulated)))

    def table(self, name: str, rows_shown: int = 200) -> Table:
        """Return ``"points"`` or ``"inclusion"`` as the page shows it."""
        if name not in _CAPTIONS:
            raise InputError(f"{name}: there is no such table; choose {', '.join(_CAPTIONS)}")
        frame = self._tables()[name]
        formats = {"share": "percent"} if "share" in frame else None
        return Table(frame, _CAPTIONS[name], formats=formats, max_rows=rows_shown, csv=f"{name}.csv")

    def save(self, output_dir: Path | str | None = None) -> SavedReport:
        """Write points, inclusion and what every report has to a folder, whole or not at all (none: among the drafts), and show the files."""
        record, place = self._record(), Workspace(self.source.workspace)
        draft = draft_of(place, record.name, self.parameters, ParameterSweep)
        return write_report(output_dir or draft, self._tables(), None, record, None)

    def _tables(self) -> dict[str, pd.DataFrame]:
        """Points and inclusion, the accounts with their class."""
        inclusion = self.found.inclusion
        if self.evidence is not None:
            inclusion = inclusion.assign(evidence=inclusion["account_id"].map(self.evidence).astype("str"))
        return {"points": self.found.points, "inclusion": inclusion}

    def _record(self) -> RunRecord:
        told = {**self.parameters, "reference": dict(self.found.reference)}
        if self.source.kind == "day":
            told["date"] = self.source.date
        return RunRecord(
            name=f"{self.source.name}-sweep",
            kind="sweep",
            title=f"How much it depends on the parameters: {self.source.name}",
            date=self.source.date,
            outcome="sweep",
            simulated=self.source.simulated,
            identities=self.source.identities,
            parameters=told,
            counts=Counts(n_points=len(self.found.points), n_accounts=len(self.found.inclusion)),
            inputs=self.source.hashes(),
            started_at=self.source.started_at or None,
        )

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return self.headline._repr_mimebundle_()

    def __repr__(self) -> str:
        return repr(self.headline)


def make_sweep_report(found: Sweep, source: PostSet, parameters: Mapping[str, Any]) -> SweepReport:
    """Return a sweep as a report: its headline, its tables, its files.

    Parameters
    ----------
    found
        What :func:`coordlib.sweep` returned.
    source
        The posts, of :func:`coordlib.load_day` or :func:`coordlib.load_table`.
    parameters
        What the notebook was run with.
    """
    point, evidence = {**DEFAULTS, **found.reference}, None
    posts, name = source.posts, str(point["object_id"])
    if posts is not None and name in {*posts.columns, *MADE}:
        evidence = strongest_class(edge_significance(posts, int(point["time_window"]), object_id=name))
    return SweepReport(found, source, parameters, evidence)


def sweep_headline(found: Sweep, source: PostSet) -> Html:
    """Return the headline of a sweep's report (an old name, see ``coordlib.__getattr__``)."""
    return make_sweep_report(found, source, {}).headline


def save_sweep(
    found: Sweep, source: PostSet, parameters: Mapping[str, Any], output_dir: Path | str | None = None
) -> SavedReport:
    """Write the files of a sweep's report (an old name, see ``coordlib.__getattr__``)."""
    return make_sweep_report(found, source, parameters).save(output_dir)
