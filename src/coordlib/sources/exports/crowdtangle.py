"""CrowdTangle's files: which address a post shared, and the table CooRnet's functions work on.

The service closed on 14 August 2024; what is left are saved files of several generations.
"""

from __future__ import annotations

import re
from typing import Any

import pandas as pd

from coordlib.errors import InputError
from coordlib.sources.exports.model import Export, coornet_columns, first_filled, whole_numbers

#: Columns worked out here; they leave the table again once they have been read.
LINK = "coordlib.link"
REACTIONS = "coordlib.reactions"

_RESHARE = "This is a re-share of a post"
_GLUED = r":=:\s*(https?://\S+)"
_EXPANDED = re.compile(r"""expanded["']?\s*[:=]\s*["']([^"'\s]+)""")
_CSV_REACTIONS = ("Likes", "Love", "Wow", "Haha", "Sad", "Angry", "Thankful", "Care")
_API_REACTIONS = tuple(
    f"statistics.actual.{name}Count"
    for name in ("like", "love", "wow", "haha", "sad", "angry", "thankful", "care")
)


def facebook(table: pd.DataFrame) -> pd.DataFrame:
    """Add the address each post shared, by CooRnet's rule, and the sum of its reactions.

    The final link where there is one, otherwise the link; the link for re-shares and YouTube
    posts; for posts of another type than link, an address glued into the text after ``:=:``.
    """
    empty = pd.Series(pd.NA, index=table.index, dtype="str")
    link = first_filled(table, ("Link",))
    shared = first_filled(table, ("Final Link", "Link"))
    kind = table.get("Type", empty).fillna("").str.strip().str.lower()
    reshared = table.get("Link Text", empty).fillna("").str.strip() == _RESHARE
    as_written = reshared | (kind == "youtube")
    shared = shared.mask(as_written, link)
    glued = empty
    for name in ("Message", "Description"):
        if name in table.columns:
            glued = glued.where(glued.notna(), table[name].str.extract(_GLUED, expand=False))
    other = ~kind.isin(["link", "youtube"]) & ~reshared & glued.notna()
    return table.assign(**{LINK: shared.mask(other, glued), REACTIONS: _sum(table, _CSV_REACTIONS)})


def api(table: pd.DataFrame) -> pd.DataFrame:
    """Add the expanded links (separated by spaces), the reactions and an id to API-like rows."""
    links = first_filled(table, ("expanded", "expandedLinks.expanded"))
    if "expandedLinks" in table.columns:
        found = (
            table["expandedLinks"]
            .fillna("")
            .map(lambda text: " ".join(dict.fromkeys(_EXPANDED.findall(text))))
        )
        links = links.where(links.notna(), found.where(found != ""))
    links = links.where(links.notna(), first_filled(table, ("expandedLinks.original", "link")))
    return table.assign(
        **{
            LINK: links,
            REACTIONS: _sum(table, _API_REACTIONS),
        }
    )


def crowdtangle_link_shares(export: Export) -> pd.DataFrame:
    """Turn a CrowdTangle export into the table of link shares CooRnet's functions take.

    Parameters
    ----------
    export
        Read in the format ``crowdtangle-facebook`` or ``crowdtangle-api``.

    Returns
    -------
    DataFrame
        One row per post and link: ``expanded``, ``date`` (UTC seconds),
        ``account.*``, ``statistics.actual.*`` (Int64), ``platformId``, ``postUrl``, ``type``,
        ``title``, ``description``, ``message`` and ``is_orig`` (the link is the one that was
        posted, not one it was forwarded to). Posts without a link are left out.

    Raises
    ------
    InputError
        The export is in another format.

    References
    ----------
    Giglietto F, Righetti N, Rossi L (2020). CooRnet: detect coordinated link sharing behavior.

    Examples
    --------
    >>> from coordlib.sources.exports import format_by_name, normalise
    >>> table = pd.DataFrame({"Page Name": ["Tea News"], "Facebook Id": ["1"], "URL": ["https://www.facebook.com/1/posts/2"],
    ...     "Post Created": ["2021-07-06 16:45:20 EDT"], "Link": ["https://s.example/x"], "Final Link": ["https://n.example/a"]})
    >>> shares = crowdtangle_link_shares(normalise(table, format_by_name("crowdtangle-facebook")))
    >>> shares[["account.url", "expanded", "date"]].values.tolist()
    [['https://www.facebook.com/1', 'https://n.example/a', 1625604320]]
    """
    if export.format.name not in {"crowdtangle-facebook", "crowdtangle-api"}:
        raise InputError(
            f"{export.report.source}: is read as {export.format.name}; CooRnet's functions need CrowdTangle's format"
        )
    frame = export.frame
    table = _from_csv(frame) if export.format.name == "crowdtangle-facebook" else _from_api(frame)
    table = table.assign(expanded=frame["links"], date=frame["posted_at"])
    table = table[table["expanded"].notna()].explode("expanded").reset_index(drop=True)
    table["expanded"] = table["expanded"].astype("str")
    originals = table.pop("coordlib.original")
    if "is_orig" not in table.columns:
        table["is_orig"] = originals.isna() | (originals == table["expanded"])
    return table


def _from_csv(frame: pd.DataFrame) -> pd.DataFrame:
    group = "Group Name" in frame.columns
    columns: dict[str, Any] = {"platformId": frame["content_id"], "platform": "Facebook"}
    columns |= coornet_columns(frame, "crowdtangle_texts") | coornet_columns(frame, "crowdtangle_counts")
    columns |= {
        "account.url": "https://www.facebook.com/" + frame["account_id"],
        "account.platform": "Facebook",
        "account.accountType": "facebook_group" if group else "facebook_page",
        "coordlib.original": first_filled(frame, ("Link",)),
    }
    return pd.DataFrame(columns, index=frame.index)


def _from_api(frame: pd.DataFrame) -> pd.DataFrame:
    names = ["platformId", "platform", "type", "postUrl", "message", "title", "description", "id"]
    names += [str(name) for name in frame.columns if str(name).startswith(("account.", "statistics."))]
    sources = {name: f"original.{name}" if f"original.{name}" in frame.columns else name for name in names}
    table = pd.DataFrame({name: frame[source] for name, source in sources.items() if source in frame.columns})
    for name in table.columns:
        if name.startswith("statistics.") or name == "account.subscriberCount":
            table[name] = whole_numbers(table[name])
    if "account.url" not in table.columns:
        table["account.url"] = frame["account_id"]
    if "is_orig" in frame.columns:
        table["is_orig"] = frame["is_orig"].str.lower().isin(["true", "1", "t"])
    table["coordlib.original"] = first_filled(frame, ("expandedLinks.original", "link"))
    return table


def _sum(table: pd.DataFrame, names: tuple[str, ...]) -> pd.Series[Any]:
    present = [whole_numbers(table[name]) for name in names if name in table.columns]
    if not present:
        return pd.Series(pd.NA, index=table.index, dtype="str")
    total = pd.concat(present, axis=1).sum(axis=1, min_count=1)
    return total.astype("Int64").astype("str").where(total.notna())
