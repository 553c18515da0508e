"""The tables of a link-sharing report as a reader sees them: fewer columns, headings in words."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from coordlib.report.tables import show_table

_COMPONENT = {
    "component": "component", "cluster": "cluster", "entities": "accounts", "cooRshare_ratio.avg": "coordinated",
    "label": "label", "label.method": "label made by", "cooRscore.avg": "URLs per tie",
    "top.parent_domain": "top domains", "unique.parent_domain": "domains", "gini.parent_domain": "Gini",
    "avg.subscriberCount": "subscribers", "pageAdminTopCountry": "country",
}  # fmt: skip
_ACCOUNT = {
    "component": "component", "cluster": "cluster", "name": "account", "account.name": "name",
    "shares": "posts", "coord.shares": "coordinated", "degree": "ties", "strength": "URLs",
    "account.avg.subscriberCount": "subscribers", "account.accountType": "type",
}  # fmt: skip
_URL = {
    "components": "components", "rank": "rank", "expanded": "URL", "engagement": "engagement", "shares": "posts",
    "cooR.shares": "coordinated", "comments.shares.ratio": "comments vs. shares",
    "accounts": "accounts",
}  # fmt: skip
_POST = {
    "component": "component", "rank": "rank", "date": "time (UTC)", "account.name": "account", "message": "message",
    "expanded": "URL", "engagement": "engagement", "postUrl": "post",
}  # fmt: skip
_FORMATS = {
    "avg.subscriberCount": ",.0f", "account.avg.subscriberCount": ",.0f", "cooRshare_ratio.avg": "percent",
    "cooRscore.avg": ",.1f", "gini.parent_domain": ".2f", "comments.shares.ratio": "+.2f",
}  # fmt: skip


def show_component_summary(
    summary: pd.DataFrame, *, max_rows: int = 500, csv: str = "component_summary.csv"
) -> None:
    """Show the summary of components, or of clusters."""
    _show(
        summary, "Clusters" if "cluster" in summary.columns else "Components", _COMPONENT, {}, max_rows, csv
    )


def show_entities(
    entities: pd.DataFrame, *, max_rows: int = 500, csv: str = "highly_connected_coordinated_entities.csv"
) -> None:
    """Show the accounts of the network."""
    _show(entities, "Accounts", _ACCOUNT, {"name": "name"}, max_rows, csv)


def show_top_urls(urls: pd.DataFrame, *, max_rows: int = 500, csv: str = "top_coord_urls.csv") -> None:
    """Show the URLs with most engagement, each with its number of coordinated accounts (the CSV names them)."""
    accounts = urls["cooR.account.url"].fillna("").map(lambda names: len(names.split(",")) if names else 0)
    _show(
        urls.assign(accounts=accounts),
        "URLs with most coordinated posts"
        if urls["engagement"].isna().all()
        else "URLs with most engagement",
        _URL,
        {"expanded": "expanded"},
        max_rows,
        csv,
    )


def show_top_shares(posts: pd.DataFrame, *, max_rows: int = 500, csv: str = "top_coord_shares.csv") -> None:
    """Show the coordinated posts with most engagement."""
    _show(
        posts.assign(**{"account.name": posts["account.name"].fillna(posts["account.url"])}),
        "Coordinated posts with most engagement",
        _POST,
        {"expanded": "expanded", "postUrl": "postUrl"},
        max_rows,
        csv,
    )


def _show(
    table: pd.DataFrame,
    caption: str,
    headings: Mapping[str, str],
    links: Mapping[str, str],
    max_rows: int,
    csv: str,
) -> None:
    columns = [name for name in headings if name in table.columns]
    show_table(
        table[columns], caption, labels={name: headings[name] for name in columns},
        formats={name: form for name, form in _FORMATS.items() if name in columns},
        links={name: target for name, target in links.items() if name in columns}, max_rows=max_rows, csv=csv,
    )  # fmt: skip
