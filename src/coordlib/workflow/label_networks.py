"""Label networks: locally always, by an endpoint where one is set; a failed label never fails a run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from coordlib.collect.label_endpoint import LabelEndpoint
from coordlib.describe.labels import ENDPOINT, Label, label_components
from coordlib.errors import CoordError


def label_networks(
    posts: pd.DataFrame,
    *,
    component: str = "network",
    text: str = "description",
    hashtags: str | None = None,
    link: str | None = None,
    engagement: Sequence[str] = (),
    endpoint: LabelEndpoint | None = None,
) -> dict[Any, Label]:
    """Return a label per component, from the endpoint if there is one and it answers.

    Parameters
    ----------
    posts, component, text, hashtags, link
        As for :func:`coordlib.describe.labels.label_components`.
    engagement
        Count columns by whose sum the captions for the endpoint are chosen (most engaging first).
    endpoint
        Usually ``LabelEndpoint.from_environment()``; None labels locally alone.

    Returns
    -------
    dict
        In sorted order. A label the endpoint failed to give is the local one, with the reason
        under ``details["endpoint_error"]``; an endpoint's label keeps the local one under
        ``details["local"]``.
    """
    labels = label_components(posts, component=component, text=text, hashtags=hashtags, link=link)
    if endpoint is None:
        return labels
    ranked = _by_engagement(posts, text, engagement)
    return {
        key: _ask(endpoint, local, ranked.loc[ranked[component] == key, text].dropna().astype(str).to_list())
        for key, local in labels.items()
    }


def _ask(endpoint: LabelEndpoint, local: Label, captions: list[str]) -> Label:
    if not local.text:
        return local
    try:
        answer = endpoint.label(captions)
    except CoordError as error:
        return replace(local, details=local.details | {"endpoint_error": str(error)})
    method = f"{ENDPOINT} {endpoint.settings.model}"
    return Label(
        answer.text, method, answer.language or local.language, answer.details | {"local": local.text}
    )


def _by_engagement(posts: pd.DataFrame, text: str, engagement: Sequence[str]) -> pd.DataFrame:
    """Order posts by engagement, then by caption, so that the prompt does not depend on row order."""
    present = [name for name in engagement if name in posts.columns]
    if present:
        total = posts[present].apply(pd.to_numeric, errors="coerce").fillna(0).sum(axis=1).astype("float64")
    else:
        total = pd.Series(0.0, index=posts.index)
    ranked = posts.assign(**{"coordlib.total": total})
    return ranked.sort_values(["coordlib.total", text], ascending=[False, True], kind="stable")
