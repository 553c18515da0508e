"""Label networks: locally always, by an endpoint where one is set; a failed label never fails a run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from coordlib.describe.labels import ENDPOINT, Label, label_components
from coordlib.errors import CoordError, ServiceError
from coordlib.links.coord_shares import CoordShares
from coordlib.links.summaries import posts_to_label
from coordlib.links.top_lists import ENGAGEMENT
from coordlib.sources.label_endpoint import EndpointAnswer, LabelEndpoint

#: An endpoint, or what makes one when it is needed.
Endpoint = LabelEndpoint | Callable[[], LabelEndpoint | None] | None

#: After so many failures in a row an endpoint is not asked again: a dead one must not cost a run its hours.
MAX_FAILURES = 3


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
    """Return a label per component, from the endpoint if there is one and it answers.

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
    return _label(posts, component, text, hashtags, link, engagement, _asked(endpoint))


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
    asked = _asked(endpoint)
    return {
        by: _label(posts_to_label(output, by), by, "caption", None, "link", ENGAGEMENT, asked)
        for by in ("component", "cluster")
    }


def _label(
    posts: pd.DataFrame,
    component: str,
    text: str,
    hashtags: str | None,
    link: str | None,
    engagement: Sequence[str],
    asked: _Asked | None,
) -> dict[Any, Label]:
    labels = label_components(posts, component=component, text=text, hashtags=hashtags, link=link)
    if asked is None:
        return labels
    ranked = _by_engagement(posts, text, engagement)
    captions = ranked[text].where(ranked[text].fillna("").astype(str).str.strip() != "")
    return {
        key: asked.label(local, captions[ranked[component] == key].dropna().astype(str).to_list())
        for key, local in labels.items()
    }


def _asked(endpoint: Endpoint) -> _Asked | None:
    if endpoint is None or isinstance(endpoint, LabelEndpoint):
        return _Asked(endpoint) if endpoint else None
    try:
        made = endpoint()
    except CoordError as error:
        return _Asked(error)
    return _Asked(made) if made else None


class _Asked:
    """An endpoint that is asked once about the same captions, and no more once it has failed repeatedly.

    In the place of an endpoint that could not be made stands the reason.
    """

    def __init__(self, endpoint: LabelEndpoint | CoordError) -> None:
        self._endpoint = endpoint
        self._answers: dict[tuple[str, ...], EndpointAnswer | CoordError] = {}
        self._failures = 0

    def label(self, local: Label, captions: list[str]) -> Label:
        if not captions:
            return local
        answer = self._answer(tuple(captions))
        if isinstance(answer, CoordError) or isinstance(self._endpoint, CoordError):
            return replace(local, details=local.details | {"endpoint_error": str(answer)})
        method = f"{ENDPOINT} {self._endpoint.settings.model}"
        return Label(answer.text, method, answer.details | {"local": local.text})

    def _answer(self, captions: tuple[str, ...]) -> EndpointAnswer | CoordError:
        if isinstance(self._endpoint, CoordError):
            return self._endpoint
        if captions in self._answers:
            return self._answers[captions]
        if self._failures >= MAX_FAILURES:
            return ServiceError(f"label endpoint: not asked, it failed {MAX_FAILURES} times in a row before")
        try:
            answer: EndpointAnswer | CoordError = self._endpoint.label(captions)
            self._failures = 0
        except CoordError as error:
            answer = error
            self._failures += 1
        self._answers[captions] = answer
        return answer


def _by_engagement(posts: pd.DataFrame, text: str, engagement: Sequence[str]) -> pd.DataFrame:
    """Order posts by engagement, then by caption, so that the prompt does not depend on row order."""
    present = [name for name in engagement if name in posts.columns]
    if present:
        total = posts[present].apply(pd.to_numeric, errors="coerce").fillna(0).sum(axis=1).astype("float64")
    else:
        total = pd.Series(0.0, index=posts.index)
    ranked = posts.assign(**{"coordlib.total": total})
    return ranked.sort_values(["coordlib.total", text], ascending=[False, True], kind="stable")
