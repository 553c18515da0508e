"""Small helpers that keep the notebooks thin: checked parameters and folders."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from coordlib.workflow.params import Parameters
from coordlib.workflow.project import find_workspace


def check_parameters(model: type[Parameters], values: Mapping[str, Any]) -> dict[str, Any]:
    """Validate the parameters a notebook was edited to, and return those the model knows.

    Pass ``globals()`` of the notebook: names that are not parameters are ignored here, since a notebook
    has many; a misspelt parameter given to papermill is refused before the notebook starts.

    Raises
    ------
    ParameterError
        A value is outside its range.
    """
    known = {name: values[name] for name in model.model_fields if name in values}
    return model.load(known, where="parameters cell").for_notebook()


def day_folder(workspace: Path | str, date: str, output_dir: Path | str | None = None) -> Path:
    """Return the folder of a day's files: ``output_dir`` if given, else that of the workspace's drafts.

    The runner gives the report's own folder; a notebook run by hand would leave a published day without its page.
    """
    return Path(output_dir) if output_dir else find_workspace(workspace).draft_folder(date)


def analysis_folder(workspace: Path | str, name: str, output_dir: Path | str | None = None) -> Path:
    """Return the folder of an analysis: ``output_dir`` if given, else the workspace's."""
    return Path(output_dir) if output_dir else find_workspace(workspace).analysis_folder(name)
