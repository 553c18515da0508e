"""Turn an export into shares, one row per post and object, or into the table CooRnet's functions take."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from coordlib.errors import InputError, ParameterError, UnknownFormatError, takes_old_names
from coordlib.posts import as_counts
from coordlib.sources.exports.cells import RESHARE
from coordlib.sources.exports.mapping import Format
from coordlib.sources.exports.model import Export, coornet_columns, coornet_names, first_filled
from coordlib.sources.tables import read_table
from coordlib.times import refuse_unreadable, utc_seconds
from coordlib.urls import Compat, check_compat, clean_urls, links_in


@takes_old_names(object="object_id")
def to_shares(
    export: Export, *, object_id: str | Sequence[str] | None = None, split: bool = True
) -> pd.DataFrame:
    """Return the shares of an export, ready for ``detect_groups``.

    Parameters
    ----------
    export
        What :func:`coordlib.read_export` gave.
    object_id
        Which candidate was shared, such as ``"link"``, ``"text"`` or ``"hashtag"``; several names
        give several layers; None: the format's usual one. A name the format does not have is a ParameterError.
    split
        Whether a list gives one row per item; False keeps it as one object ("the same set of hashtags").

    Returns
    -------
    DataFrame
        object_id, account_id, content_id (str), timestamp_share (int64 UTC seconds), and layer
        (str) where several objects were named. Posts without the object, and a platform's default
        object (TikTok's effect ``0``), are left out: they would make one giant false network.

    Examples
    --------
    >>> from coordlib.sources.exports import format_by_name, normalise
    >>> table = pd.DataFrame({"video_id": ["1"], "author_name": ["ann"], "create_time": ["1735689600"],
    ...                       "hashtag_names": ["tea,cake"]})
    >>> export = normalise(table, format_by_name("traktok"))
    >>> [to_shares(export, object_id="hashtag", split=split)["object_id"].tolist() for split in (True, False)]
    [['tea', 'cake'], ['tea,cake']]
    """
    names, layers = _names(export, object_id), []
    for name in names:
        found = export.frame[export.format.columns[name]].dropna()
        if not split:
            join = "," if re.fullmatch(export.format.objects[name].pattern or "", ",") else " "
            found = found.map(lambda cell, join=join: cell if isinstance(cell, str) else join.join(cell))
        found = found.explode()
        shares = export.frame.loc[found.index, ["account_id", "content_id", "posted_at"]]
        shares = shares.rename(columns={"posted_at": "timestamp_share"})
        shares.insert(0, "object_id", found.astype("str").to_numpy())
        if len(names) > 1:
            shares["layer"] = pd.Series(name, index=shares.index, dtype="str")
        layers.append(shares)
    return pd.concat(layers, ignore_index=True)


def without_object(export: Export, *, object_id: str | Sequence[str] | None = None) -> int:
    """Return how many posts of an export hold none of the named objects."""
    columns = [export.format.columns[name] for name in _names(export, object_id)]
    return int(export.frame[columns].isna().all(axis=1).sum())


def _names(export: Export, object_id: str | Sequence[str] | None) -> list[str]:
    known = export.format
    wanted = object_id or known.object_id
    names = [wanted] if isinstance(wanted, str) else list(dict.fromkeys(wanted))
    of_column = {column: name for name, column in known.columns.items()}
    names = [name if name in known.objects else of_column.get(name, name) for name in names]
    if unknown := [name for name in names if name not in known.objects]:
        raise ParameterError(
            f"object_id '{unknown[0]}': {known.title} offers {', '.join(known.objects)} (usually {known.object_id})"
        )
    return names


_CROWDTANGLE = ("crowdtangle-facebook", "crowdtangle-api")
_OWNER_TYPES = ("page", "group", "profile")


def link_object(known: Format, where: str) -> str:
    """Return the name of a format's object that is a web address; InputError where it has none."""
    if found := [name for name in ("link", "url", "text_link") if name in known.objects]:
        return found[0]  # the most certain
    raise InputError(
        f"{where}: is read as {known.name}, which holds no links (only {', '.join(known.objects)}); "
        "use 'coordlib detect' for those"
    )


def export_link_shares(export: Export) -> pd.DataFrame:
    """Turn any export that holds links into the table of link shares CooRnet's functions take, one row per post and link."""
    if export.format.name in _CROWDTANGLE:
        return crowdtangle_link_shares(export)
    known = export.format
    links = export.frame[known.columns[link_object(known, export.report.source)]].dropna().explode()
    rows = export.frame.loc[links.index].reset_index(drop=True)
    table = rows[["account_id", "posted_at", "content_id"]].set_axis(["account.url", "date", "id"], axis=1)
    table.insert(0, "expanded", links.astype("str").to_numpy())
    table = table.assign(**coornet_columns(rows, "texts"))
    # In CooRnet's words, where the Meta Content Library says it.
    kind = first_filled(rows, ("post_owner.type", "surface.type")).str.strip().str.lower()
    table["account.accountType"] = kind.where(~kind.isin(_OWNER_TYPES), "facebook_" + kind)
    return table.assign(**coornet_columns(rows, "counts"))


def crowdtangle_link_shares(export: Export) -> pd.DataFrame:
    """Turn a CrowdTangle export into the table of link shares CooRnet's functions take.

    Parameters
    ----------
    export
        Read in the format ``crowdtangle-facebook`` or ``crowdtangle-api``; another is an InputError.

    Returns
    -------
    DataFrame
        One row per post and link: ``expanded``, ``date`` (UTC seconds),
        ``account.*``, ``statistics.actual.*`` (Int64), ``platformId``, ``postUrl``, ``type``,
        ``title``, ``description``, ``message`` and ``is_orig`` (the link is the one that was
        posted, not one it was forwarded to). Posts without a link are left out.

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
    if export.format.name not in _CROWDTANGLE:
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
    columns = {
        "platformId": frame["content_id"],
        "platform": "Facebook",
        **coornet_columns(frame, "crowdtangle_texts"),
        **coornet_columns(frame, "crowdtangle_counts"),
        "account.url": "https://www.facebook.com/" + frame["account_id"],
        "account.platform": "Facebook",
        "account.accountType": f"facebook_{'group' if 'Group Name' in frame.columns else 'page'}",
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
            table[name] = as_counts(table[name])
    if "account.url" not in table.columns:
        table["account.url"] = frame["account_id"]
    if "is_orig" in frame.columns:
        table["is_orig"] = frame["is_orig"].str.lower().isin(["true", "1", "t"])
    table["coordlib.original"] = first_filled(frame, ("expandedLinks.original", "link"))
    return table


# --- CrowdTangle's "historical data" files ---

#: CooRnet's pattern; between ``$`` and ``_`` lie all capitals, digits and most punctuation.
_LINK_COORNET = r"(https?://(?:[a-zA-Z]|[0-9]|[$-_@.&+]|[!*\(\),]|(?:%[0-9a-fA-F][0-9a-fA-F]))+)"


def get_urls_from_ct_histdata(
    path: Path | str, *, newformat: bool | None = None, compat: Compat = None
) -> pd.DataFrame:
    """Return the distinct URLs of a CrowdTangle historical CSV with the day each was first posted.

    Parameters
    ----------
    path, newformat
        The file (CSV, also .gz or .zst, or Parquet); which generation of column names it has, None recognises it.
    compat
        ``"coornet"`` repeats CooRnet 1.7.0: its cleaning of URLs, its pattern for links in texts,
        ``Link`` and ``YouTube`` as the only spellings of the types, no address for a link without a
        title, and the day as the text says it, whatever its zone.

    Returns
    -------
    DataFrame
        ``url`` (str, clean, sorted) and ``date`` (datetime64, the UTC day of its first post).

    Raises
    ------
    UnknownFormatError, TimeFormatError
        Neither generation's columns are there, or a date cannot be read.

    Notes
    -----
    The address of a post: its expanded link, else its link; the link alone for a re-share or a
    YouTube video; for every other kind of post the text after ``:=:`` in the message, then in the
    description, then the first link in the description, then in the message.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "history.csv"
    >>> _ = file.write_text("Type,Link Text,Message,Description,Post Created,Link,Final Link\\n"
    ...     "Link,News,,,2020-04-16 23:48:29 EDT,https://s.example/1,https://news.example/a?fbclid=1\\n")
    >>> get_urls_from_ct_histdata(file).astype(str).values.tolist()
    [['https://news.example/a', '2020-04-17']]
    """
    original = check_compat(compat)
    table = read_table(path, allow_no_rows=True)
    names = _generation(table, newformat, str(path))
    posts = pd.DataFrame({ours: table[theirs].replace("", None) for ours, theirs in names.items()})
    posts["url"] = _addresses(posts, original)
    posts = clean_urls(posts, "url", compat=compat)
    posts["date"] = _days(posts["date"], original, str(path))
    return posts.groupby("url", sort=True)["date"].min().reset_index().astype({"url": "str"})


def _generation(table: pd.DataFrame, newformat: bool | None, where: str) -> dict[str, str]:
    """Return our name of each column to its name in the generation the file is of."""
    kinds = {None: ("newer", "older"), True: ("newer",), False: ("older",)}[newformat]
    known = {kind: {name: one for name, (one,) in coornet_names(f"history_{kind}").items()} for kind in kinds}
    missing = {kind: [name for name in known[kind].values() if name not in table] for kind in kinds}
    nearest = min(missing, key=lambda kind: len(missing[kind]))
    if not missing[nearest]:
        return known[nearest]
    raise UnknownFormatError(
        f"{where}: not a CrowdTangle historical file; its {nearest} columns "
        f"{', '.join(missing[nearest])} are missing; the columns there are: {', '.join(map(str, table.columns))}"
    )


def _addresses(posts: pd.DataFrame, original: bool) -> pd.Series:
    kind = posts["type"] if original else posts["type"].str.strip().str.lower()
    link, youtube = ("Link", "YouTube") if original else ("link", "youtube")
    url = posts["final"].fillna(posts["link"])
    url = url.mask(posts["title"].eq(RESHARE).fillna(False), posts["link"])
    if original:  # R: a comparison with a missing title is missing, and so is the address
        url = url.mask(posts["title"].isna())
    in_text = (
        _marked(posts["message"])
        .fillna(_marked(posts["description"]))
        .fillna(_first_link(posts["description"], original))
        .fillna(_first_link(posts["message"], original))
    )
    url = url.mask(kind.ne(link).fillna(True).astype(bool), in_text)
    return url.mask(kind.eq(youtube).fillna(False).astype(bool), posts["link"])


def _marked(texts: pd.Series) -> pd.Series:
    return texts.str.extract(r":=:(.*)", expand=False)


def _first_link(texts: pd.Series, original: bool) -> pd.Series:
    if original:
        return texts.str.extract(_LINK_COORNET, expand=False)
    return texts.map(lambda text: next(iter(links_in(text)), None), na_action="ignore").astype("str")


def _days(dates: pd.Series, original: bool, where: str) -> pd.Series:
    if original:
        return pd.to_datetime(dates.str.slice(0, 10), format="%Y-%m-%d")
    seconds = utc_seconds(dates)
    refuse_unreadable(dates, seconds, lambda row: f"{where}, row {dates.index[row] + 2}", needed=True)
    return pd.to_datetime(seconds.astype("int64"), unit="s").dt.floor("D")
