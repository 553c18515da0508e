"""Several modalities or platforms: each layer detected by itself, then one network of them all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import compress

import numpy as np
import pandas as pd

from coordlib.columns import check_table
from coordlib.detect.edges import coordinated_edges
from coordlib.detect.pairs import PAIR_COLUMNS, detect_groups
from coordlib.detect.similar_pairs import NO_VALUE
from coordlib.detect.threshold import check_whole
from coordlib.errors import InputError, ParameterError
from coordlib.near.captions import MADE
from coordlib.posts import prep_data

Layers = Iterable[str] | Mapping[str, str] | None
#: Layers that are looked for where a table of posts has the column, or a text to make it from.
LAYERS = (
    "text",
    "near_text",
    "hashtag_sequence",
    "links",
    "music_id",
    "effect_ids",
    "voice_to_text",
    "image_text",
)


def layer_shares(posts: pd.DataFrame, layers: Layers = None) -> pd.DataFrame:
    """Make the shares of several layers of one table of posts.

    Parameters
    ----------
    posts
        A table of posts. It is not changed.
    layers
        Columns of it, or names of layers with the column of each. ``near_text``, ``reworded_text`` and
        ``hashtag_sequence`` are made from ``text``. None: those of caption, near-copied caption, sequence of hashtags, address,
        music, effect, transcript and image text that the posts have.

    Returns
    -------
    pandas.DataFrame
        Shares with a ``layer`` column for :func:`coordlib.detect_layers`: a row for each object of each post. Cells that
        are empty, ``0`` or ``NA`` are no objects. ``attrs["coverage"]`` says for each layer which part of the posts has
        an object in it: about 40 of 100 TikTok posts have a transcript, so its absence says nothing.

    Raises
    ------
    MissingColumnError, ParameterError
        A column that is not there; no layer.

    Notes
    -----
    No object is left out for being popular: what many share by chance is weighed by
    :func:`coordlib.edge_significance`, layer by layer. A song alone is weak evidence (Wohlert et al. 2025,
    arXiv:2506.05868), and so were transcripts on TikTok (Luceri et al. 2025, arXiv:2505.10867).

    Examples
    --------
    >>> posts = pd.DataFrame({"content_id": ["1", "2"], "account_id": ["a", "b"], "posted_at": [0, 5],
    ...     "text": ["Stop the count, everyone! #a #b #c", "Stop the count everyone #a #b #c"], "music_id": ["7", "0"]})
    >>> shares = layer_shares(posts)
    >>> shares.attrs["coverage"]
    {'text': 1.0, 'near_text': 1.0, 'hashtag_sequence': 1.0, 'music_id': 0.5}
    >>> combine_layers(detect_layers(shares, 60, 1))["layers"].tolist()
    [['hashtag_sequence', 'near_text']]
    """
    check_table(posts, (), "posts")
    columns = _layer_columns(posts, layers)
    if not columns:
        raise ParameterError("layers: none is given, and the posts have no column of a usual layer")
    tables, coverage = [], {}
    for name, column in columns.items():
        shares = prep_data(posts, object_id=column, timestamp_share="posted_at")
        objects = shares["object_id"].str.strip().str.lower()
        shares = shares[(objects.notna() & ~objects.isin([*NO_VALUE, "[]"])).to_numpy()]
        coverage[name] = round(shares["content_id"].nunique() / max(posts["content_id"].nunique(), 1), 4)
        tables.append(shares.assign(layer=pd.Series(name, index=shares.index, dtype="str")))
    found = pd.concat(tables, ignore_index=True)
    found.attrs = {"coverage": coverage}
    return found


def _layer_columns(posts: pd.DataFrame, layers: Layers) -> dict[str, str]:
    if layers is None:
        made = MADE if "text" in posts.columns else ()
        return {name: name for name in LAYERS if name in made or name in posts.columns}
    listed = isinstance(layers, Iterable) and not isinstance(layers, str)
    names = tuple(layers) if listed else ("",)
    columns = dict(layers) if isinstance(layers, Mapping) else {name: name for name in names}
    if not all(isinstance(name, str) and name for name in (*columns, *columns.values())):
        raise ParameterError(f"layers = {layers!r}: give a list of columns, or names with columns")
    return columns


def detect_layers(
    shares: pd.DataFrame,
    time_window: int | Mapping[str, int] = 120,
    min_participation: int | Mapping[str, int] = 2,
) -> pd.DataFrame:
    """Detect pairs in each layer of the shares separately.

    Parameters
    ----------
    shares
        Shares with a ``layer`` column (``prep_data(…, layer=…)``): a modality such as URL, hashtag or
        image, or a platform. A link that is both a URL and a domain is two objects, one per layer, even where their
        ids are the same text.
    time_window, min_participation
        For all layers, or by layer name.

    Returns
    -------
    pandas.DataFrame
        Pairs with a ``layer`` column; layers in sorted order, rows of a layer in their order.

    Raises
    ------
    MissingColumnError, InputError, ParameterError
        There is no ``layer`` column; rows without a layer; a window or participation is missing for one.

    Examples
    --------
    >>> shares = pd.DataFrame({"object_id": ["x", "x", "x"], "account_id": ["a", "b", "c"],
    ...     "content_id": ["1", "2", "3"], "timestamp_share": [0, 5, 9], "layer": ["url", "url", "domain"]})
    >>> detect_layers(shares, 10, 1)[["layer", "account_id", "account_id_y"]].values.tolist()
    [['url', 'a', 'b']]
    """
    check_table(shares, ["layer"], "shares (name it in prep_data)")
    _refuse_rows_without_layer(shares, "shares")
    layer = shares["layer"].astype("str")
    tables = []
    for name in sorted(layer.unique()):
        window = _of(time_window, name, "time_window")
        least = _of(min_participation, name, "min_participation")
        pairs = detect_groups(shares[(layer == name).to_numpy()], window, least)
        tables.append(pairs.assign(layer=pd.Series([name] * len(pairs), dtype="str")))
    if not tables:
        return detect_groups(shares, 0, 0).assign(layer=pd.Series([], dtype="str"))
    return pd.concat(tables, ignore_index=True)


def _refuse_rows_without_layer(table: pd.DataFrame, what: str) -> None:
    if (missing := table["layer"].isna().to_numpy()).any():
        row = missing.argmax() + 1
        raise InputError(f"{what}: row {row} has no layer; drop such rows or name their layer")


def _of(value: int | Mapping[str, int], layer: str, name: str) -> int:
    if not isinstance(value, Mapping):
        return value
    if layer not in value:
        raise ParameterError(f"{name}: no value for layer '{layer}'; given are {', '.join(sorted(value))}")
    return value[layer]


def combine_layers(
    pairs: pd.DataFrame,
    edge_weight: float = 0.9,
    min_layers: int = 1,
) -> pd.DataFrame:
    """Join the layers' edges into one table: who coordinated in which layers, and how much in each.

    Parameters
    ----------
    pairs
        Pairs with a ``layer`` column, from :func:`detect_layers`.
    edge_weight
        Quantile of the weights. ``weight_threshold`` marks edges over the threshold of at least one layer, each layer
        against its own weights: layers differ in how often their objects are shared.
    min_layers
        Keep edges of at least so many layers.

    Returns
    -------
    pandas.DataFrame
        The columns of :func:`coordlib.coordinated_edges` over all layers (an object counts once per layer in
        ``n_objects``), then ``layers`` (sorted list of str), ``n_layers`` and, for every layer,
        ``weight_LAYER`` (int64, 0 where the two accounts are not paired in it). Sorted by the two accounts.

    Raises
    ------
    MissingColumnError, ParameterError
        There is no ``layer`` column; a quantile outside 0–1, `min_layers` below 1.

    Examples
    --------
    >>> shares = pd.DataFrame({"object_id": ["x", "x", "x", "x"], "account_id": ["a", "b", "a", "b"],
    ...     "content_id": ["1", "2", "1", "2"], "timestamp_share": [0, 5, 0, 5],
    ...     "layer": ["url", "url", "domain", "domain"]})
    >>> edges = combine_layers(detect_layers(shares, 10, 1))
    >>> edges[["weight", "weight_domain", "weight_url", "n_layers"]].values.tolist()
    [[2, 1, 1, 2]]

    :func:`coordlib.edges_to_graph` makes the network of it.
    """
    check_whole(min_layers, "min_layers", least=1)
    check_table(pairs, (*PAIR_COLUMNS, "layer"), "pairs (see detect_layers)")
    _refuse_rows_without_layer(pairs, "pairs (see detect_layers)")
    ends, measures = ["account_id", "account_id_y"], ["weight", "n_objects", "weight_threshold"]
    edges = coordinated_edges(pairs, edge_weight)
    by_edge = pd.MultiIndex.from_frame(edges[ends])
    names = sorted(pairs["layer"].unique())
    parts = []
    for name in names:
        part = coordinated_edges(pairs[(pairs["layer"] == name).to_numpy()], edge_weight, objects=False)
        parts.append(part.set_index(ends)[measures].reindex(by_edge, fill_value=0))
    layers = np.array(parts, dtype=np.int64).reshape(len(names), len(edges), len(measures))
    weights = layers[:, :, 0]
    edges["n_objects"] = layers[:, :, 1].sum(axis=0)
    edges["weight_threshold"] = layers[:, :, 2].max(axis=0, initial=0)
    edges["layers"] = pd.Series([list(compress(names, column)) for column in weights.T > 0], dtype=object)
    edges["n_layers"] = (weights > 0).sum(axis=0)
    edges = edges.assign(**{f"weight_{name}": weight for name, weight in zip(names, weights, strict=True)})
    return edges[edges["n_layers"] >= min_layers].sort_values(ends, kind="stable", ignore_index=True)
