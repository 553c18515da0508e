"""Small helpers that keep the notebooks thin: checked parameters and folders."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from coordlib.errors import UnknownParameterError
from coordlib.runs.parameters import Parameters
from coordlib.runs.workspace import find_workspace


def check_parameters(model: type[Parameters], values: Mapping[str, Any]) -> dict[str, Any]:
    """Validate the parameters a notebook was edited to, and return those the model knows.

    Pass ``globals()`` of the notebook. Bare papermill adds a misspelt parameter as one more variable and goes on
    with the default: a plain value whose name is almost that of a parameter is refused here. Other names are
    the notebook's own.

    Raises
    ------
    UnknownParameterError
        A name that is almost a parameter's, with that parameter.
    ParameterError
        A value is outside its range.
    """
    misspelt = [
        name
        for name, value in values.items()
        if name not in model.model_fields
        and not name.startswith("_")
        and isinstance(value, str | int | float | list | None)
        and difflib.get_close_matches(name, model.model_fields, n=1, cutoff=0.8)
    ]
    if misspelt:
        raise UnknownParameterError.from_names(misspelt, model.model_fields, "parameters")
    known = {name: values[name] for name in model.model_fields if name in values}
    return model.load(known, where="parameters cell").for_notebook()


def day_folder(workspace: Path | str, date: str, output_dir: Path | str | None = None) -> Path:
    """Return the folder of a day's files: ``output_dir`` if given, else that of the workspace's drafts.

    The runner gives the report's own folder; a notebook run by hand would leave a published day without its page.
    """
    return Path(output_dir) if output_dir else find_workspace(workspace).draft_folder(date)


def analysis_folder(workspace: Path | str, name: str, output_dir: Path | str | None = None) -> Path:
    """Return the folder of an analysis, made if absent: ``output_dir`` if given, else the workspace's."""
    folder = Path(output_dir) if output_dir else find_workspace(workspace).analysis_folder(name)
    folder.mkdir(parents=True, exist_ok=True)
    return folder
