"""The options that several commands share, each said once, and the last step of those that make pages.

Every command loads this: what only some need is loaded where it is needed.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, TypeVar, get_args

from typer import Option, echo

from coordlib.errors import ParameterError
from coordlib.parameters import Engine, Parameters

#: What the options are called that many commands have, each with words of its own.
PLACE, FILE, OUT = ("--workspace", "-w"), ("--parameters", "-f"), ("--output", "-o")

Workspace = Annotated[Path, Option(*PLACE, help="Folder of the workspace.")]
ParameterFile = Annotated[
    Path | None, Option(*FILE, help="YAML file with parameters; the folder params holds one of each kind.")
]
Render = Annotated[bool, Option(help="Render the site at the end.")]
SiteEngine = Annotated[Engine, Option(help="Site engine.")]
SiteFolder = Annotated[Path | None, Option(*OUT, help="Folder of the site (none: WORKSPACE/_site).")]
BaseUrl = Annotated[
    str, Option(envvar="COORDLIB_BASE_URL", help="Address of the service, or of a simulated one.")
]


Command = Callable[..., None]
Model = TypeVar("Model", bound=Parameters)


def parameters_of(model: type[Parameters], *names: str) -> Callable[[Command], Command]:
    """Give a command an option for each named parameter of a model, in the model's own words, with its default.

    The command takes those that were written on the command line as its last argument, ``given``.
    """

    def decorate(command: Command) -> Command:
        def with_given(**values: Any) -> None:
            given = {name: value for name in names if (value := values.pop(name)) is not None}
            command(**values, given=given)

        signature = inspect.signature(command, eval_str=True)
        own = [parameter for name, parameter in signature.parameters.items() if name != "given"]
        options = [_option(model, name) for name in names]
        with_given.__signature__ = signature.replace(parameters=[*own, *options])  # type: ignore[attr-defined]
        with_given.__name__, with_given.__doc__ = command.__name__, command.__doc__
        return with_given

    return decorate


def _option(model: type[Parameters], name: str) -> inspect.Parameter:
    field = model.model_fields[name]
    flag = f"-{name}" if len(name) == 1 else f"--{name.replace('_', '-')}"
    flags = f"{flag}/--no-{flag[2:]}" if field.annotation is bool else flag
    # Text where the model has a choice or a day: what does not fit is refused in the model's words.
    plain = {int, float, bool} & {field.annotation, *get_args(field.annotation)}
    kind: Any = plain.pop() if plain else str
    usual, said = field.default, str(field.description)
    # The default, where the model's words do not say it.
    if not (isinstance(usual, Parameters) or (usual is None and "none:" in said)):
        said += f" (default: {'none' if usual is None else usual})"
    annotation = Annotated[kind | None, Option(flags, help=said)]
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation)


def in_its_place(values: Model) -> Model:
    """Return the parameters of a file, which must not name a place for the files: a command has its own."""
    if (place := getattr(values, "output_dir", None)) is not None:
        raise ParameterError(
            f"output_dir = '{place}': only a notebook run by hand takes it, a report made by a command has its "
            "place in WORKSPACE/reports; take it out of the file"
        )
    return values


def where_it_is(folder: Path, how: str = "--name gives a page of its own") -> str:
    """Say where a report lies, and that it took the place of another one of this name."""
    from coordlib.report.record import RunRecord

    version = RunRecord.read(folder).version
    kept = f" (version {version}: the one before is kept in reports/versions; {how})" if version > 1 else ""
    return f"report: {folder}{kept}"


def show_site(workspace: Path, output: Path | None, engine: Engine, render: bool = True) -> None:
    """Render the site, where it is wanted, and say where it is."""
    if not render:
        return
    from coordlib.report.configuration import SITE_FILE, read_site
    from coordlib.site.build import render_site

    echo(f"site: {render_site(workspace, output, engine=engine) / 'index.html'}")
    site, place = read_site(workspace), workspace / SITE_FILE
    if site.address is None:
        echo(f"{place}: no address yet; citations of reports need one", err=True)
    if not site.authors and not site.institution:
        echo(
            f"{place}: no authors and no institution yet; citations say '{site.people[0]}'",
            err=True,
        )
