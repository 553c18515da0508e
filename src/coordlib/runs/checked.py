"""The parameters of a notebook, checked before its first step."""

from __future__ import annotations

import ast
import difflib
from collections.abc import Mapping
from typing import Any

import pandas as pd

from coordlib.errors import ParameterError, UnknownParameterError
from coordlib.parameters import Parameters


def check_parameters(model: type[Parameters], values: dict[str, Any]) -> dict[str, Any]:
    """Check the parameters a notebook was edited to or called with, and put them back in their proper types.

    Parameters
    ----------
    model
        The notebook's parameters, such as ``cl.DailyMonitoring``.
    values
        ``globals()`` of the notebook. Bare papermill adds a misspelt parameter as one more variable and goes on
        with the default: a name that papermill brought and no earlier cell has, or a plain value whose name is
        almost that of a parameter, is refused here. Other names are the notebook's own.

    Notes
    -----
    From here on a DataFrame in the notebook shows ``$`` as it is: in what an account wrote it begins no formula.

    Returns
    -------
    dict
        The parameters, checked.

    Raises
    ------
    UnknownParameterError
        A name nobody knows, with the nearest that is known.
    ParameterError
        A value is outside its range or of the wrong type, or papermill's values came before the notebook's own.
    """
    unknown = _injected(values) - {*model.model_fields, *model.renamed}
    unknown |= {
        name
        for name, value in values.items()
        if name not in model.model_fields
        and not name.startswith("_")
        and isinstance(value, str | int | float | list | None)
        and difflib.get_close_matches(name, model.model_fields, n=1, cutoff=0.8)
    }
    if unknown:
        raise UnknownParameterError.from_names(unknown, model.model_fields, "parameters")
    lost = _taken_back(values) & set(model.model_fields)
    if lost:
        raise ParameterError(
            f"{', '.join(sorted(lost))}: given, and set again by the notebook's own cell, which has lost its tag; "
            "give the cell of the parameters the tag 'parameters'"
        )
    known = {name: values[name] for name in (*model.model_fields, *model.renamed) if name in values}
    pd.set_option("display.html.use_mathjax", False)
    checked = model.load(known, where="parameters cell").for_notebook()
    values.update({name: checked[model.renamed.get(name, name)] for name in known})
    return checked


def _injected(values: Mapping[str, Any]) -> set[str]:
    """Names that papermill's own cell assigned and no other cell before it did."""
    brought: set[str] = set()
    own: set[str] = set()
    for source in values.get("In", []):
        (brought if str(source).startswith("# Parameters\n") else own).update(_assigned(str(source)))
    return brought - own


def _taken_back(values: Mapping[str, Any]) -> set[str]:
    """Names of papermill's own cell where it ran first of all, as it does without the tag, and another set them again."""
    first, *others = [str(source) for source in values.get("In", []) if source] or [""]
    if not first.startswith("# Parameters\n"):
        return set()
    return _assigned(first) & set().union(*map(_assigned, others))


def _assigned(source: str) -> set[str]:
    try:
        tree = ast.parse(source)
    except SyntaxError:  # a cell with a magic command
        return set()
    names = [node.targets for node in tree.body if isinstance(node, ast.Assign)]
    return {target.id for targets in names for target in targets if isinstance(target, ast.Name)}
