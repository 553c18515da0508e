"""Files of posts in which it is known who belongs to a campaign."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from coordlib.describe.benchmark import LABELS, NO_LABEL
from coordlib.errors import InputError, MissingColumnError
from coordlib.sources.exports import read_export


def read_labelled(sources: Sequence[Path]) -> pd.DataFrame:
    """Read one archive from its files, or from folders of them, as one table of posts with its label beside.

    Raises
    ------
    MissingColumnError
        A file without a label, or without one that the first file has; it is named.
    InputError
        An empty folder.
    """
    files: list[Path] = []
    for source in sources:
        files += sorted(path for path in source.iterdir() if path.is_file()) if source.is_dir() else [source]
    if not files:
        raise InputError(f"{sources[0]}: the folder holds no files")
    parts, usual = [], ""
    for file in files:
        export = read_export(file)
        labels = [name for name in LABELS if name in export.frame]
        if not labels:
            raise MissingColumnError(f"{file}: {NO_LABEL}")
        posts = export.posts
        usual = usual or str(posts.attrs["object_id"])
        parts.append(posts.assign(**{name: export.frame[name].to_numpy() for name in labels}))
    table = pd.concat(parts, ignore_index=True)
    for name in LABELS:
        if name in table and table[name].isna().any():
            raise InputError(f"column '{name}' is not filled in every row of the {len(files)} files")
    table.attrs["object_id"] = usual
    return table
