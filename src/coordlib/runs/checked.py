"""The parameters of a notebook, checked before its first step."""

from __future__ import annotations

import ast
import atexit
import difflib
import gc
from contextlib import suppress
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

    Notes
    -----
    From here on a DataFrame in the notebook shows ``$`` as it is: in what an account wrote it begins no formula. And
    Python looks for garbage in circles less often, which took one part in twenty of a notebook's time, and no more when its
    process ends, where the search through everything that was loaded took one part in ten.
    """
    cells = [str(source) for source in values.get("In", []) if source]
    injected = [source for source in cells if source.startswith("# Parameters\n")]
    brought, own = _assigned(injected), _assigned([cell for cell in cells if cell not in injected])
    unknown = brought - own - {*model.model_fields, *model.renamed}
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
    # Without the tag papermill's cell runs first of all, and the notebook's own sets its names again.
    lost = brought & own & set(model.model_fields)
    if lost and cells[0] in injected:
        raise ParameterError(
            f"{', '.join(sorted(lost))}: given, and set again by the notebook's own cell, which has lost its tag; "
            "give the cell of the parameters the tag 'parameters'"
        )
    known = {name: values[name] for name in (*model.model_fields, *model.renamed) if name in values}
    pd.set_option("display.html.use_mathjax", False)
    gc.set_threshold(50_000)
    atexit.register(gc.freeze)
    checked = model.load(known, where="parameters cell").for_notebook()
    values.update({name: checked[model.renamed.get(name, name)] for name in known})
    return checked


def _assigned(cells: list[str]) -> set[str]:
    """Names that cells assign."""
    found: set[str] = set()
    for cell in cells:
        with suppress(SyntaxError):  # a magic command
            targets = [node.targets for node in ast.parse(cell).body if isinstance(node, ast.Assign)]
            found |= {name.id for names in targets for name in names if isinstance(name, ast.Name)}
    return found
