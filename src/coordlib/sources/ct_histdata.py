"""The list of shared URLs in a CrowdTangle "historical data" file, with the day each was first seen."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from coordlib.errors import UnknownFormatError
from coordlib.sources.exports.model import coornet_names
from coordlib.sources.tables import read_table
from coordlib.times import refuse_unreadable, utc_seconds
from coordlib.urls import Compat, check_compat, clean_urls, links_in

_RESHARE = "This is a re-share of a post"
#: CooRnet's pattern; between ``$`` and ``_`` lie all capitals, digits and most punctuation.
_LINK_COORNET = r"(https?://(?:[a-zA-Z]|[0-9]|[$-_@.&+]|[!*\(\),]|(?:%[0-9a-fA-F][0-9a-fA-F]))+)"


def get_urls_from_ct_histdata(
    path: Path | str, *, newformat: bool | None = None, compat: Compat = None
) -> pd.DataFrame:
    """Return the distinct URLs of a CrowdTangle historical CSV with the day each was first posted.

    Parameters
    ----------
    path
        The file (CSV, gzipped CSV or Parquet).
    newformat
        Which generation of column names it has; None recognises it.
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
    posts = posts.assign(day=_days(posts["date"], original, str(path)))
    first = posts.groupby("url", sort=True)["day"].min().reset_index()
    return first.rename(columns={"day": "date"}).astype({"url": "str"})


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
    url = url.mask(posts["title"].eq(_RESHARE).fillna(False), posts["link"])
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
