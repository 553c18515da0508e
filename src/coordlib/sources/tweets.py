"""Tweets as the Twitter/X API v2 delivered them: JSON files to tables, tables to shares (as CooRTweet does)."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, get_args

import pandas as pd

from coordlib.columns import check_table
from coordlib.errors import DamagedLinesWarning, EmptyInputError, ParameterError
from coordlib.ids import valid_text
from coordlib.posts import prep_data
from coordlib.sources.json_files import EMPTY_PAGE, json_records
from coordlib.sources.tables import DAMAGED
from coordlib.times import as_seconds

Intent = Literal["retweets", "hashtags", "urls", "urls_domains", "cotweet"]

_NEEDED = ("tweet_id", "author_id", "created_at")
_NESTED = ("conversation_id", "in_reply_to_user_id", "referenced_tweets", "entities")
_TEXTS = {*_NEEDED, "user_id", "conversation_id", "in_reply_to_user_id", "text"}
_KEPT = (
    *("text", "possibly_sensitive", "public_metrics", "lang", "edit_history_tweet_ids"),
    *("attachments", "geo"),
)
_METRICS = ("retweet_count", "reply_count", "like_count", "quote_count", "impression_count", "bookmark_count")
_ENTITIES = {
    "urls": ("url", "expanded_url", "display_url", "title", "description", "unwound_url", "start", "end"),
    "mentions": ("username", "id", "start", "end"),
    "hashtags": ("tag", "start", "end"),
}
#: What academictwitteR names the files.
_FILES = {"data": "data*.json*", "users": "user*.json*"}
_OWN_URL = r"https?://(?:www\.|mobile\.)?(?:twitter|x)\.com(?:/|$)"
_MENTION, _HASHTAG = re.compile(r"@.+?(?:\s|$)"), re.compile(r"#.+?(?:\s|$)")


def load_tweets_json(source: Path | str | Sequence[Path | str]) -> pd.DataFrame:
    """Load tweets from the JSON files of the Twitter/X API v2.

    For much material use :func:`load_many_tweets_json`, which keeps only the columns needed.

    Parameters
    ----------
    source
        A folder (its files ``data*.json``, also ``.jsonl`` and ``.gz``, are read, as academictwitteR names them),
        one file, or several files. A file holds a list of tweets, an API answer with ``data``, or one of
        either per line.

    Returns
    -------
    pandas.DataFrame
        One row per tweet, first occurrence kept; ``tweet_id`` (str) and the API's other fields, nested ones as
        Python dicts and lists.

    Raises
    ------
    InputError
        No such file or folder, no matching file, or not JSON; names the file and the line.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "data_1.json"
    >>> _ = file.write_text('{"data": [{"id": "1", "author_id": "9", "geo": null}]}')
    >>> load_tweets_json(file)["tweet_id"].tolist()
    ['1']
    """
    return _unique_rows(_records(source, "data"), "tweet_id")


def load_many_tweets_json(
    source: Path | str | Sequence[Path | str], keep_cols: Sequence[str] | None = _KEPT
) -> pd.DataFrame:
    """Load tweets one by one, keeping only the columns that :func:`preprocess_tweets` needs and `keep_cols`.

    Parameters and result are those of :func:`load_tweets_json`; with ``keep_cols=None`` only the needed columns stay.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "data_1.json"
    >>> _ = file.write_text('{"data": [{"id": "1", "author_id": "9", "geo": null}]}')
    >>> load_many_tweets_json(file, keep_cols=None).columns.tolist()
    ['tweet_id', 'author_id']
    """
    wanted = {"id", *_NEEDED, *_NESTED, *(keep_cols or ())}
    rows = ({k: v for k, v in row.items() if k in wanted} for row in _records(source, "data"))
    return _unique_rows(rows, "tweet_id")


def load_twitter_users_json(source: Path | str | Sequence[Path | str]) -> pd.DataFrame:
    """Load user profiles from the JSON files of the Twitter/X API v2.

    Parameters
    ----------
    source
        As in :func:`load_tweets_json`, with files ``user*.json``; also under ``users`` or ``includes.users``.

    Returns
    -------
    pandas.DataFrame
        One row per user, first occurrence kept; ``user_id`` (str) and the API's other fields.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "users_1.json"
    >>> _ = file.write_text('{"users": [{"id": "9", "username": "ann"}]}')
    >>> load_twitter_users_json(file).values.tolist()
    [['9', 'ann']]
    """
    return _unique_rows(_records(source, "users"), "user_id")


def _records(source: Path | str | Sequence[Path | str], kind: str) -> Iterator[dict[str, Any]]:
    """Yield the records in a folder's matching files, in one file, or in several; a few damaged lines are left out with a warning."""
    paths, pattern = list(map(Path, [source] if isinstance(source, str | Path) else source)), _FILES[kind]
    if isinstance(source, str | Path) and paths[0].is_dir():
        paths = sorted(paths[0].glob(pattern))
    if not paths:
        raise EmptyInputError(
            f"{source}: no file named {pattern}; name the files one by one if they are called otherwise"
        )
    for path in paths:
        damaged: list[str] = []
        for record in json_records(path, places=(kind, "includes")):
            if DAMAGED in record:
                damaged.append(record[DAMAGED])
            elif EMPTY_PAGE not in record:
                yield record
        if damaged:
            warnings.warn(
                f"{path}: damaged lines left out: {len(damaged):,}, such as {damaged[0]}",
                DamagedLinesWarning,
                stacklevel=2,
            )


def _unique_rows(rows: Iterable[Mapping[str, Any]], key: str) -> pd.DataFrame:
    kept: dict[str, dict[str, Any]] = {}
    for row in rows:
        number = row.get("id", row.get(key))
        if number is not None:
            rest = {name: value for name, value in row.items() if name not in ("id", key)}
            kept.setdefault(str(number), {key: str(number), **rest})
    columns = {}
    for name in dict.fromkeys([key, *(name for row in kept.values() for name in row)]):
        values = [_valid(row.get(name)) for row in kept.values()]
        columns[valid_text(name)] = pd.Series(values, dtype="str" if name in _TEXTS else object)
    return pd.DataFrame(columns)


def _valid(value: Any) -> Any:
    return valid_text(value) if isinstance(value, str) else value


def preprocess_tweets(tweets: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Unnest tweets into long tables.

    Parameters
    ----------
    tweets
        Result of :func:`load_tweets_json`. Not changed.

    Returns
    -------
    dict of str to pandas.DataFrame
        ``tweets`` (one row each, with ``created_timestamp`` int64 UTC seconds and ``public_metrics_*`` counts),
        ``referenced`` (``tweet_id``, ``referenced_tweet_id``, ``type``), ``urls`` (with ``domain``),
        ``mentions`` and ``hashtags``; every nested row has its ``tweet_id``.

    Raises
    ------
    MissingColumnError, TimeFormatError
        ``tweet_id``, ``author_id`` or ``created_at`` is absent, or a ``created_at`` cannot be read.

    Examples
    --------
    >>> tweets = pd.DataFrame({"tweet_id": ["1"], "author_id": ["9"], "created_at": ["2026-01-02T10:00:00Z"],
    ...                        "entities": [{"hashtags": [{"tag": "tea", "start": 4, "end": 8}]}]})
    >>> preprocess_tweets(tweets)["hashtags"].values.tolist()
    [['1', 'tea', 4, 8]]
    """
    check_table(tweets, _NEEDED, "tweets (see load_tweets_json)")
    main = tweets.drop(columns=["entities", "referenced_tweets", "public_metrics"], errors="ignore").copy()
    main["created_timestamp"] = as_seconds(tweets["created_at"], "created_at").to_numpy()
    for metric in _METRICS:
        counts = [value.get(metric) for value in _nested(tweets, "public_metrics", dict)]
        if any(count is not None for count in counts):
            main[f"public_metrics_{metric}"] = pd.array(counts, dtype="Int64")
    tables = {"tweets": main.reset_index(drop=True)}
    references = _long(tweets, _nested(tweets, "referenced_tweets", list), ("id", "type"))
    tables["referenced"] = references.rename(columns={"id": "referenced_tweet_id"})
    entities = list(_nested(tweets, "entities", dict))
    for kind, columns in _ENTITIES.items():
        tables[kind] = _long(tweets, (value.get(kind) or [] for value in entities), columns)
    tables["urls"]["domain"] = _domains(tables["urls"]["expanded_url"])
    return tables


def preprocess_twitter_users(users: pd.DataFrame) -> pd.DataFrame:
    """Unnest user profiles: counts as ``public_metrics_*`` columns, the profile's link as columns of its own.

    Parameters
    ----------
    users
        Result of :func:`load_twitter_users_json`, with ``user_id`` and ``username``. Not changed.

    Returns
    -------
    pandas.DataFrame
        One row per user and link in the profile (one without a link), with ``expanded_url``, ``display_url``, ``domain``.

    Examples
    --------
    >>> users = pd.DataFrame({"user_id": ["9"], "username": ["ann"], "public_metrics": [{"followers_count": 5}]})
    >>> preprocess_twitter_users(users)["public_metrics_followers_count"].tolist()
    [5]
    """
    check_table(users, ("user_id", "username"), "users (see load_twitter_users_json)")
    main = users.drop(columns=["entities", "public_metrics"], errors="ignore").reset_index(drop=True)
    metrics = list(_nested(users, "public_metrics", dict))
    for name in sorted({name for value in metrics for name in value}):
        main[f"public_metrics_{name}"] = pd.array([value.get(name) for value in metrics], dtype="Int64")
    lists = [(value.get("url") or {}).get("urls") or [] for value in _nested(users, "entities", dict)]
    links = _long(users, lists, ("expanded_url", "display_url"), "user_id")
    links["domain"] = _domains(links["expanded_url"])
    return main.merge(links, on="user_id", how="left")


def reshape_tweets(
    tables: Mapping[str, pd.DataFrame],
    intent: Intent,
    drop_retweets: bool = True,
    drop_replies: bool = True,
    drop_hashtags: bool = False,
) -> pd.DataFrame:
    """Make shares of preprocessed tweets: choose what counts as the shared object.

    Parameters
    ----------
    tables
        Result of :func:`preprocess_tweets`.
    intent
        ``"retweets"`` the retweeted tweet (the originals that are there are included, as their own object),
        ``"hashtags"`` the hashtag, ``"urls"`` the expanded URL, ``"urls_domains"`` its domain without
        ``www.`` (both without links to twitter.com and x.com), ``"cotweet"`` the normalised text.
    drop_retweets, drop_replies, drop_hashtags
        For ``"cotweet"``: leave out retweets and replies; take hashtags out of the text.

    Returns
    -------
    pandas.DataFrame
        Shares as :func:`coordlib.prep_data` returns them.

    Notes
    -----
    Retweets are those the API calls so; CooRTweet also asks for a mention at position 3 ("RT @"), which
    older answers lack. Unlike CooRTweet, ``drop_hashtags`` keeps the rest of the normalisation, and a cotweet
    whose text is empty after it (only mentions, say) is no object.

    Examples
    --------
    >>> tweets = pd.DataFrame({"tweet_id": ["1"], "author_id": ["9"], "created_at": ["2026-01-02T10:00:00Z"],
    ...                        "entities": [{"hashtags": [{"tag": "tea", "start": 4, "end": 8}]}]})
    >>> reshape_tweets(preprocess_tweets(tweets), "hashtags").values.tolist()
    [['tea', '9', '1', 1767348000]]
    """
    if intent not in get_args(Intent):
        raise ParameterError(
            f"intent = {intent!r}: choose 'retweets', 'hashtags', 'urls', 'urls_domains' or 'cotweet'"
        )
    if lacking := sorted({"tweets", "referenced", "urls", "hashtags"} - set(tables)):
        raise ParameterError(f"tweets are not preprocessed: no {', '.join(lacking)}; call preprocess_tweets")
    if intent == "retweets":
        frame, column = _retweets(tables), "object"
    elif intent == "cotweet":
        frame, column = _cotweets(tables, drop_retweets, drop_replies, drop_hashtags), "object"
    elif intent == "hashtags":
        frame, column = _joined(tables, tables["hashtags"]), "tag"
    else:
        own = tables["urls"]["expanded_url"].fillna("").str.match(_OWN_URL)
        frame = _joined(tables, tables["urls"][~own])
        column = "expanded_url"
        if intent == "urls_domains":
            frame["domain"], column = frame["domain"].str.replace(r"^www\.", "", regex=True), "domain"
    return prep_data(frame, column, "author_id", "tweet_id", "created_timestamp")


def _joined(tables: Mapping[str, pd.DataFrame], nested: pd.DataFrame) -> pd.DataFrame:
    meta = tables["tweets"][["tweet_id", "author_id", "created_timestamp"]]
    return nested.merge(meta, on="tweet_id", how="inner")


def _retweets(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    retweets = tables["referenced"][(tables["referenced"]["type"] == "retweeted").to_numpy()]
    retweets = _joined(tables, retweets.rename(columns={"referenced_tweet_id": "object"}))
    main = tables["tweets"].assign(object=tables["tweets"]["tweet_id"])
    originals = main[main["tweet_id"].isin(retweets["object"]).to_numpy()]
    columns = ["object", "author_id", "tweet_id", "created_timestamp"]
    return pd.concat([retweets[columns], originals[columns]], ignore_index=True)


def _cotweets(
    tables: Mapping[str, pd.DataFrame], drop_retweets: bool, drop_replies: bool, drop_hashtags: bool
) -> pd.DataFrame:
    main, referenced = tables["tweets"], tables["referenced"]
    check_table(main, ("text",), "tweets")
    dropped = [*(["retweeted"] if drop_retweets else []), *(["replied_to"] if drop_replies else [])]
    out = referenced["tweet_id"][referenced["type"].isin(dropped).to_numpy()]
    main = main[~main["tweet_id"].isin(out).to_numpy()]
    texts = main["text"].astype("str")
    if drop_hashtags:
        texts = texts.map(remove_hashtags, na_action="ignore")
    normal = texts.map(normalize_text, na_action="ignore").astype("str")
    return main.assign(object=normal)[(normal.fillna("") != "").to_numpy()]


def normalize_text(text: str) -> str:
    """Return a text without mentions of accounts and without ``RT``, in lower case, trimmed.

    Examples
    --------
    >>> normalize_text("RT @somebody Vote NOW ")
    'vote now'
    """
    return _MENTION.sub("", text).replace("RT", "").lower().strip(" \t\r\n")


def remove_hashtags(text: str) -> str:
    """Return a text without its hashtags.

    Examples
    --------
    >>> remove_hashtags("vote now #election #2024")
    'vote now '
    """
    return _HASHTAG.sub("", text)


def _nested(table: pd.DataFrame, column: str, kind: type) -> Iterator[Any]:
    """Values of a nested column; an empty one where there is none."""
    values: Iterable[Any] = table[column].tolist() if column in table.columns else [None] * len(table)
    for value in values:
        yield value if isinstance(value, kind) else kind()


def _long(
    table: pd.DataFrame, lists: Iterable[list[Any]], columns: Sequence[str], key: str = "tweet_id"
) -> pd.DataFrame:
    """One row per item of the list of each row, named by its `key`."""
    rows = [
        (owner, *(_valid(item.get(name)) for name in columns))
        for owner, items in zip(table[key].tolist(), lists, strict=True)
        for item in items
        if isinstance(item, dict)
    ]
    long = pd.DataFrame(rows, columns=[key, *columns])
    return long.astype({name: "Int64" if name in ("start", "end") else "str" for name in long.columns})


def _domains(urls: pd.Series) -> pd.Series:
    return urls.str.replace(r"^https?://", "", regex=True).str.replace(r"/.*$", "", regex=True).astype("str")
