"""What a link-sharing network is: one row per component, or per Louvain cluster."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np
import pandas as pd

from coordlib.describe.labels import Label, label_components
from coordlib.describe.networks import unbiased_gini
from coordlib.links.coord_shares import CoordShares
from coordlib.links.top_lists import ENGAGEMENT, of_network
from coordlib.urls import full_domain, parent_domain

#: Domains named in ``top.*``; CooRnet means to show five and shows all.
TOP_DOMAINS = 5
ACCOUNT_TYPES = ("facebook_page", "facebook_group", "facebook_profile")
SUMMARY_COLUMNS = (
    "component",
    "entities",
    "avg.subscriberCount",
    "cooRshare_ratio.avg",
    "cooRscore.avg",
    "pageAdminTopCountry",
    *ACCOUNT_TYPES,
    *(f"{what}.{kind}" for what in ("unique", "gini", "top") for kind in ("full_domain", "parent_domain")),
)
_RATED = tuple(f"rating.parent_domain.{what}" for what in ("score", "rated", "prop"))


def get_component_summary(
    output: CoordShares,
    labels: Mapping[int, str | Label] | None = None,
    ratings: Mapping[str, float] | None = None,
) -> pd.DataFrame:
    r"""Summarise each component of a link-sharing network.

    Parameters
    ----------
    output
        What :func:`coordlib.get_coord_shares` returned; its ``compat`` decides the formulas.
    labels
        A name per component, added as columns ``label`` and ``label.method`` (how it was made);
        :func:`label_links` makes them.
    ratings
        A score per parent domain (any list you may use, e.g. of a rating agency); adds
        ``rating.parent_domain.score`` (mean over coordinated shares), ``.rated`` (number of rated
        domains) and ``.prop`` (their proportion of the component's parent domains).

    Returns
    -------
    DataFrame
        One row per component, columns :data:`SUMMARY_COLUMNS`, then a column per further account
        type found, ``label`` and ratings where given. Ratios are 0–1; subscribers are mean counts.

    Notes
    -----
    With *s* all shares of an account, *c* its coordinated ones, *w* its strength and *d* its degree:

    - ``cooRshare_ratio.avg``: mean of c / s. CooRnet adds c to s, which counts these shares twice
      and caps the ratio at 0.5; ``compat="coornet"`` keeps it.
    - ``cooRscore.avg``: mean of w / d.
    - ``gini.*``: unbiased Gini coefficient of the domains' proportions among coordinated shares,
      :math:`\frac{1}{n-1}\sum_i (2i-n-1)\,x_{(i)} / \sum_i x_i`, and 1 for a single domain.
    - ``top.*``: the five domains with most coordinated shares (all of them under compat).

    Giglietto, F., Righetti, N., & Marino, G. (2020). Detecting coordinated link sharing behavior on
    Facebook during the Italian coronavirus outbreak. AoIR Selected Papers of Internet Research.

    Examples
    --------
    >>> from coordlib.links.coord_shares import get_coord_shares
    >>> shares = pd.DataFrame({
    ...     "account.url": ["a", "b", "a", "b"], "date": [0, 1, 100, 101],
    ...     "expanded": ["https://n.example/1"] * 2 + ["https://n.example/2"] * 2})
    >>> get_component_summary(get_coord_shares(shares, 10))[["entities", "cooRscore.avg"]].values.tolist()
    [[2.0, 2.0]]
    """
    return _summary(output, "component", labels, ratings)


def get_cluster_summary(
    output: CoordShares,
    labels: Mapping[int, str | Label] | None = None,
    ratings: Mapping[str, float] | None = None,
) -> pd.DataFrame:
    """Summarise each Louvain cluster; as :func:`get_component_summary`, with ``cluster`` first.

    Large components often hold several groups that a few accounts connect; clusters keep them apart.

    Examples
    --------
    >>> from coordlib.links.coord_shares import get_coord_shares
    >>> shares = pd.DataFrame({"account.url": ["a", "b"], "date": [0, 1], "expanded": ["https://n.example/1"] * 2})
    >>> get_cluster_summary(get_coord_shares(shares, 10))[["cluster", "component"]].values.tolist()
    [[1, 1]]
    """
    return _summary(output, "cluster", labels, ratings)


def _summary(
    output: CoordShares,
    group: str,
    labels: Mapping[int, str | Label] | None,
    ratings: Mapping[str, float] | None,
) -> pd.DataFrame:
    original = output.compat == "coornet"
    entities, domains = output.entities, _coordinated_domains(output, group)
    columns = list(SUMMARY_COLUMNS) if group == "component" else ["cluster", *SUMMARY_COLUMNS]
    types = [] if original else sorted(set(entities["account.accountType"].dropna()) - set(ACCOUNT_TYPES))
    rows = [
        {name: int(members[name].iloc[0]) for name in (group, "component")}
        | _of_entities(members, (*ACCOUNT_TYPES, *types), original)
        | _of_domains(domains[domains[group] == number], original, ratings)
        for number, members in entities.groupby(group, sort=True)
    ]
    table = pd.DataFrame(rows, columns=[*columns, *types, *(_RATED if ratings is not None else ())])
    if labels is not None:
        named = {n: name if isinstance(name, Label) else Label(name, "given") for n, name in labels.items()}
        table["label"] = table[group].map({n: label.text for n, label in named.items()}).astype("str")
        table["label.method"] = (
            table[group].map({n: label.method for n, label in named.items()}).astype("str")
        )
    return table


def label_links(output: CoordShares, by: Literal["component", "cluster"] = "component") -> dict[int, Label]:
    """Name each component (or cluster) by the terms that set its coordinated posts apart.

    Local and deterministic (:func:`coordlib.label_components`), from the posts' messages, titles and
    domains. CooRnet asks a hosted language model about the accounts' names and descriptions instead.

    Examples
    --------
    >>> from coordlib.links.coord_shares import get_coord_shares
    >>> shares = pd.DataFrame({"account.url": ["a", "b"], "date": [0, 1], "expanded": ["https://n.example/1"] * 2})
    >>> label_links(get_coord_shares(shares, 10))[1].text
    'n.example'
    """
    found = label_components(posts_to_label(output, by), network=by, text="caption", link="link")
    return {int(number): label for number, label in found.items()}


def posts_to_label(output: CoordShares, by: Literal["component", "cluster"] = "component") -> pd.DataFrame:
    """Return the network's coordinated posts: component or cluster, ``caption`` (title and message), ``link``, known counts."""
    shares = of_network(output.shares, output, by)
    caption = pd.Series("", index=shares.index, dtype="str")
    for name in ("title", "message"):
        if name in shares.columns:
            caption = (caption + " " + shares[name].fillna("").astype(str)).str.strip()
    known = [name for name in ENGAGEMENT if name in shares.columns]
    return shares.assign(caption=caption, link=shares["expanded"])[[by, "caption", "link", *known]]


def _coordinated_domains(output: CoordShares, group: str) -> pd.DataFrame:
    """Return the coordinated shares of the network's accounts with the domains of their URLs."""
    shares = of_network(output.shares, output, group)[["expanded", group]]
    full = {url: full_domain(url) for url in shares["expanded"].unique()}
    shares["full_domain"] = shares["expanded"].map(full)
    parent = {name: parent_domain(name, compat=output.compat) for name in set(full.values())}
    shares["parent_domain"] = shares["full_domain"].map(parent)
    return shares


def _of_entities(members: pd.DataFrame, types: tuple[str, ...], original: bool) -> dict[str, object]:
    coordinated, shares = members["coord.shares"], members["shares"]
    countries = members["account.pageAdminTopCountry"].value_counts(sort=False)
    if not original:  # of those equally frequent the first by name, not the first to appear
        countries = countries.sort_index()
    return {
        "entities": len(members),
        "avg.subscriberCount": members["account.avg.subscriberCount"].mean(skipna=not original),
        "cooRshare_ratio.avg": (coordinated / (shares + coordinated if original else shares)).mean(),
        "cooRscore.avg": (members["strength"] / members["degree"]).mean(),
        "pageAdminTopCountry": str(countries.idxmax()) if len(countries) else None,
        **{name: int((members["account.accountType"] == name).sum()) for name in types},
    }


def _of_domains(
    shares: pd.DataFrame, original: bool, ratings: Mapping[str, float] | None
) -> dict[str, object]:
    found: dict[str, object] = {}
    for kind in ("full_domain", "parent_domain"):
        counts = shares[kind].value_counts().sort_index().sort_values(ascending=False, kind="stable")
        gini = unbiased_gini(counts)
        found[f"unique.{kind}"] = len(counts)
        found[f"gini.{kind}"] = 1.0 if np.isnan(gini) else gini
        found[f"top.{kind}"] = ", ".join(counts.index if original else counts.index[:TOP_DOMAINS])
    if ratings is not None:
        domains, scores = shares["parent_domain"], shares["parent_domain"].map(dict(ratings)).astype(float)
        rated, every = domains[scores.notna()].nunique(), domains.nunique()
        prop = rated / every if every else float("nan")
        found |= zip(_RATED, (float(scores.mean()), rated, prop), strict=True)
    return found
