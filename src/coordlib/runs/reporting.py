"""The last step of a report's notebook: labels of its networks, and everything its page shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import networkx as nx
import pandas as pd

from coordlib.describe.labels import ENDPOINT, Label, label_components
from coordlib.errors import CoordError, ServiceError
from coordlib.links.coord_shares import CoordShares
from coordlib.links.summaries import posts_to_label
from coordlib.links.top_lists import ENGAGEMENT
from coordlib.parameters import LinkSharing
from coordlib.places import find_workspace
from coordlib.report.link_outputs import get_outputs
from coordlib.report.link_result import LinkReport
from coordlib.report.post_set import PostSet
from coordlib.report.record import RunRecord
from coordlib.report.result import Report, describe_report
from coordlib.runs.link_sharing import LinkInput, file_slug, link_facts
from coordlib.sources.label_endpoint import EndpointAnswer, LabelEndpoint

#: After so many failures in a row an endpoint is not asked again: a dead one must not cost a run its hours.
MAX_FAILURES = 3


class _Asked:
    """An endpoint (or why it could not be made), asked once about the same captions, no more after repeated failures."""

    def __init__(self, endpoint: LabelEndpoint | Callable[[], LabelEndpoint | None] | None) -> None:
        self._answers: dict[tuple[str, ...], EndpointAnswer | CoordError] = {}
        self._failures = 0
        self.endpoint: LabelEndpoint | CoordError | None
        try:
            self.endpoint = (
                endpoint if endpoint is None or isinstance(endpoint, LabelEndpoint) else endpoint()
            )
        except CoordError as error:
            self.endpoint = error

    def label(self, local: Label, captions: list[str]) -> Label:
        if self.endpoint is None or not captions:
            return local
        answer = self._answer(self.endpoint, tuple(captions))
        if isinstance(answer, CoordError) or isinstance(self.endpoint, CoordError):
            return replace(local, details=local.details | {"endpoint_error": str(answer)})
        method = f"{ENDPOINT} {self.endpoint.settings.model}"
        return Label(answer.text, method, answer.details | {"local": local.text})

    def _answer(
        self, endpoint: LabelEndpoint | CoordError, captions: tuple[str, ...]
    ) -> EndpointAnswer | CoordError:
        if isinstance(endpoint, CoordError):
            return endpoint
        if captions not in self._answers:
            if self._failures >= MAX_FAILURES:
                return ServiceError(
                    f"label endpoint: not asked, it failed {MAX_FAILURES} times in a row before"
                )
            try:
                self._answers[captions] = endpoint.label(captions)
                self._failures = 0
            except CoordError as error:
                self._answers[captions] = error
                self._failures += 1
        return self._answers[captions]


#: An endpoint, or what makes one when it is needed.
Endpoint = LabelEndpoint | Callable[[], LabelEndpoint | None] | None | _Asked


def label_networks(
    posts: pd.DataFrame,
    *,
    component: str = "network",
    text: str = "text",
    hashtags: str | None = None,
    link: str | None = None,
    engagement: Sequence[str] = (),
    endpoint: Endpoint = None,
) -> dict[Any, Label]:
    """Return a label per component, from the endpoint if there is one and it answers; a failed label fails no run.

    Parameters
    ----------
    posts, component, text, hashtags, link
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
    labels = label_components(posts, component=component, text=text, hashtags=hashtags, link=link)
    asked = endpoint if isinstance(endpoint, _Asked) else _Asked(endpoint)
    if asked.endpoint is None:
        return labels
    counts = posts[[name for name in engagement if name in posts.columns]]
    total = counts.apply(pd.to_numeric, errors="coerce").fillna(0).sum(axis=1).astype("float64")
    # By caption too, so that the prompt does not depend on row order.
    ranked = posts.assign(**{"coordlib.total": total}).sort_values(
        ["coordlib.total", text], ascending=[False, True], kind="stable"
    )
    captions = ranked[text].where(ranked[text].fillna("").astype(str).str.strip() != "")
    return {
        key: asked.label(local, captions[ranked[component] == key].dropna().astype(str).to_list())
        for key, local in labels.items()
    }


def label_link_networks(output: CoordShares, *, endpoint: Endpoint = None) -> dict[str, Mapping[int, Label]]:
    """Label the components and the clusters of a link-sharing network.

    Parameters
    ----------
    output
        What :func:`coordlib.get_coord_shares` returned.
    endpoint
        As for :func:`label_networks`. A cluster with the posts of a whole component is not asked about twice.

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
    asked = endpoint if isinstance(endpoint, _Asked) else _Asked(endpoint)
    return {
        by: label_networks(posts_to_label(output, by), component=by, endpoint=asked, **how)
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
    engagement = [name for name in ("likes", "comments", "shares") if source.posts[name].notna().any()]
    return describe_report(
        source,
        pairs,
        edges,
        graph,
        parameters,
        significance=significance,
        whole=whole,
        labels=partial(label_networks, engagement=engagement, endpoint=LabelEndpoint.from_environment),
        leave_out=leave_out,
    )


def make_link_report(source: LinkInput, found: CoordShares, parameters: Mapping[str, Any]) -> LinkReport:
    """Put together what a report of link sharing shows.

    Parameters
    ----------
    source
        The shares, of :func:`coordlib.load_link_shares`.
    found
        What :func:`coordlib.get_coord_shares` returned.
    parameters
        What the notebook was run with.
    """
    results = get_outputs(
        found,
        component_summary=True,
        cluster_summary=True,
        top_coord_urls=True,
        top_coord_shares=True,
        labels=label_link_networks(found, endpoint=LabelEndpoint.from_environment),
        top=parameters["top"],
        order_by=parameters["order_by"],
    )
    tables = {key: table for key, table in results.items() if isinstance(table, pd.DataFrame)}
    slug, entities = file_slug(source.name), found.entities
    # Pages are public: they name no place on the machine of the run.
    told = {name: value for name, value in parameters.items() if name not in ("workspace", "output_dir")}
    run: RunRecord = {
        "name": f"links-{slug}",
        "kind": "links",
        "title": f"Link sharing: {slug}" + (" (simulated data)" if source.simulated else ""),
        "date": source.last_day,
        "outcome": "network" if len(entities) else "no-coordination",
        "simulated": source.simulated,
        "parameters": {**told, "shares": source.name, "time_window_used": found.interval},
        "counts": {
            "n_posts": len(source.shares),
            "n_urls": int(found.shares["expanded"].nunique()),
            "n_accounts_all": int(found.shares["account.url"].nunique()),
            "n_accounts": len(entities),
            "n_networks": int(entities["component"].nunique()),
            "least_urls": int(found.edges["weight"].min()) if len(found.edges) else 0,
        },
        "inputs": dict(source.inputs),
        "labels": results["labels"],
    }
    usual = LinkSharing().for_notebook()
    differing = {
        key: value
        for key, value in told.items()
        if key not in ("shares", "rows_shown") and value != usual[key]
    }
    place = find_workspace(parameters["workspace"], create=True)
    draft = place.draft_folder("analyses", f"links-{slug}", differing)
    return LinkReport(found, tables, run, link_facts(source, found), draft)
