"""Commands from tables to findings: ``detect``, ``links``, ``report``, ``sweep``, ``benchmark``, ``calibrate``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, cast, get_args

from typer import Argument, Option, echo

from coordlib.cli import options as opt
from coordlib.cli.app import app
from coordlib.errors import MissingColumnError, ParameterError, RunError, new_names
from coordlib.files import refuse_input, written
from coordlib.parameters import DetectionParameters, LinkSharing, OwnTable, ParameterSweep
from coordlib.report.words import plural

METHOD = ("time_window", "min_participation", "edge_weight", "min_weight")
_MAPPING = f"{OwnTable.model_fields['mapping'].description} (default: none)"


@app.command()
@opt.parameters_of(DetectionParameters, *METHOD, "evidence")
def detect(
    shares: Annotated[
        Path,
        Argument(
            help="Table of shares (CSV or JSON lines, also .gz or .zst, or Parquet), a folder or a quoted pattern of them, or any export 'coordlib import' recognises.",
            show_default=False,
        ),
    ],
    output: Annotated[Path, Option(*opt.OUT, help="Edges: .csv, .parquet or .graphml.", show_default=False)],
    time_window_low: Annotated[
        int,
        Option(min=0, help="… and at least this far apart (seconds): 1 leaves out posts of the same second."),
    ] = 0,
    subgraph: Annotated[int, Option(help="0: all edges, marked; 1: only edges over the threshold.")] = 1,
    accounts: Annotated[
        Path | None,
        Option(
            help="Also the accounts of these edges, with network, degree and strength: .csv or .parquet.",
            show_default=False,
        ),
    ] = None,
    object_id: Annotated[
        str, Option(help="Column of what was shared; near_text and the like are made of text.")
    ] = "object_id",
    account_id: Annotated[str, Option(help="Column of who shared it.")] = "account_id",
    content_id: Annotated[str, Option(help="Column of the post's id.")] = "content_id",
    timestamp_share: Annotated[
        str, Option(help="Column of the time: UTC seconds or date and time.")
    ] = "timestamp_share",
    mapping: Annotated[Path | None, Option(help="YAML file that says which column means what.")] = None,
    any_time: Annotated[
        bool,
        Option("--any-time", help="Take any number as seconds, also times before 1990 and after tomorrow."),
    ] = False,
    duplicates: Annotated[
        str, Option(help="A content listed twice for one object: error, drop or keep.")
    ] = "error",
    memory: Annotated[
        str | None,
        Option(
            help="Work through tables larger than memory in about so much of it, such as 1GB (default: all at once).",
            show_default=False,
        ),
    ] = None,
    scheduler: Annotated[
        str | None, Option(help="Address of a Dask scheduler whose workers do the work.", show_default=False)
    ] = None,
    *,
    given: dict[str, Any],
) -> None:
    """Find accounts that repeatedly share the same objects within a short time of each other."""
    if duplicates not in ("error", "drop", "keep"):
        raise ParameterError(f"--duplicates {duplicates}: choose error, drop or keep")
    parameters = DetectionParameters.load(given, where="detect")
    columns = {
        "object_id": object_id,
        "account_id": account_id,
        "content_id": content_id,
        "timestamp_share": timestamp_share,
    }
    classes, low = parameters.evidence.classes, time_window_low
    if classes and low:
        raise ParameterError("--time-window-low goes without --evidence, which tests all of the window")
    if memory or scheduler:
        only = {"--mapping": mapping, "--time-window-low": low, "--any-time": any_time, "--evidence": classes}
        if there := [name for name, value in only.items() if value]:
            raise ParameterError(
                f"{', '.join(there)} goes without --memory and --scheduler, which take a plain table of shares"
            )
        from coordlib.runs.dataset import connected, detect_dataset

        options: dict[str, Any] = {"subgraph": subgraph, "accounts": accounts, "duplicates": duplicates}
        with connected(scheduler) as client:
            said = detect_dataset(
                shares, output, columns, parameters, **options, memory=memory or "1GB", client=client
            ).summary()
    else:
        from coordlib.runs.edge_list import detect_file, detect_tested
        from coordlib.runs.share_files import Reading

        how = Reading(columns, cast(Any, duplicates), parameters.time_window, mapping, any_time)
        if classes:
            said = detect_tested(shares, output, parameters, how, subgraph, accounts)
        else:
            said = detect_file(
                shares, output, parameters, how, subgraph=subgraph, accounts=accounts, time_window_low=low
            ).summary()
    echo(said)


@app.command()
@opt.parameters_of(
    LinkSharing,
    *("time_window", "q", "p", "edge_weight", "clean_urls", "keep_ourl_only", "gtimestamps", "compat"),
    *("order_by", "top", "seed"),
)
def links(
    shares: Annotated[
        Path, Argument(help="Table of shares: CSV or Parquet, CrowdTangle's columns or an export.")
    ],
    output: Annotated[Path | None, Option(*opt.OUT, help="Folder for the tables and the network.")] = None,
    workspace: Annotated[
        Path | None, Option(*opt.PLACE, help="Make a report page in this workspace as well.")
    ] = None,
    parameters: opt.ParameterFile = None,
    interval: Annotated[float | None, Option(hidden=True)] = None,
    percentile_edge_weight: Annotated[float | None, Option(hidden=True)] = None,
    render: Annotated[bool, Option(help="Render the site at the end, where a report page is made.")] = True,
    *,
    given: dict[str, Any],
) -> None:
    """Find accounts that repeatedly share the same URLs within a short time of each other (CooRnet)."""
    from coordlib.report.link_result import LINK_FILES, write_link_outputs
    from coordlib.report.record import RunRecord
    from coordlib.runs.analysis import analyse_links
    from coordlib.runs.link_sharing import detect_links, link_facts, load_link_shares
    from coordlib.runs.reporting import label_link_networks
    from coordlib.sources.label_endpoint import LabelEndpoint

    if output is None and workspace is None:
        raise ParameterError(
            "links: say where results go, --output FOLDER for tables or --workspace W for a report page"
        )
    base = opt.in_its_place(LinkSharing.from_yaml(parameters) if parameters else LinkSharing.load())
    old = {"--interval": interval, "--percentile-edge-weight": percentile_edge_weight}
    flags = {f"--{name.replace('_', '-')}": value for name, value in given.items()}
    flags |= {flag: value for flag, value in old.items() if value is not None}
    flags = new_names(flags, dict(zip(old, ("--time-window", "--edge-weight"), strict=True)), "links")
    given = {flag[2:].replace("-", "_"): value for flag, value in flags.items()} | {"shares": str(shares)}
    given |= {"workspace": str(workspace)} if workspace is not None else {}
    values = LinkSharing.load({**base.for_notebook(), **given}, where="links")
    if output is not None:
        if output.is_dir():
            for name in LINK_FILES:
                refuse_input(output / name, shares, parameters)
        endpoint = LabelEndpoint.from_environment()
        source = load_link_shares(shares)
        found = detect_links(source.shares, values)
        labels = label_link_networks(found, endpoint=endpoint)
        write_link_outputs(found, output, labels=labels, top=values.top, order_by=values.order_by)
        for name, value in link_facts(source, found).items():
            echo(f"{name}: {value}")
        echo(f"tables: {output}")
    if workspace is not None:
        folder = analyse_links(values)
        counts = RunRecord.read(folder).counts
        echo(
            f"{plural(counts.n_accounts, 'account')} of {counts.n_accounts_all:,} in "
            f"{plural(counts.n_networks, 'network')}, from {plural(counts.n_posts, 'share')}"
        )
        echo(opt.where_it_is(folder, how="rename the file for a page of its own"))
        opt.show_site(workspace, None, "auto", render)


@app.command()
@opt.parameters_of(OwnTable, "format", "name", "object_id", *METHOD, "evidence")
def report(
    source: Annotated[Path, Argument(metavar="FILE", help="Posts: any file 'coordlib import' reads.")],
    workspace: opt.Workspace,
    parameters: opt.ParameterFile = None,
    mapping: Annotated[Path | None, Option(help=_MAPPING)] = None,
    render: opt.Render = True,
    engine: opt.SiteEngine = "auto",
    output: opt.SiteFolder = None,
    *,
    given: dict[str, Any],
) -> None:
    """Make a report of a file of posts: page, tables, evidence, network, citation, zip (notebook 06)."""
    from coordlib.report.first_screen import first_lines, more_lines, summary_facts
    from coordlib.runs.analysis import report_table

    base = opt.in_its_place(OwnTable.from_yaml(parameters)).for_notebook() if parameters else {}
    given |= {"source": str(source.resolve()), "workspace": str(workspace)}
    given |= {"mapping": str(mapping.resolve())} if mapping else {}
    done = report_table(OwnTable.load(base | given, where="report"))
    for line in [*first_lines(done.run), *more_lines(done.run)]:
        echo(line)
    for key, value in summary_facts(done.run).items():
        echo(f"{key}: {value}")
    if done.run.outcome == "tied":
        weight = f"{done.run.weight_threshold:g}"
        echo(f"no edge is kept, as the heaviest all weigh {weight}: --min-weight {weight} keeps them")
    echo(opt.where_it_is(done.folder))
    opt.show_site(workspace, output, engine, render)


@app.command()
def sweep(
    parameters: Annotated[
        Path,
        Option(
            *opt.FILE, help="YAML file, for example params/parameter-sweep.yml or params/sweep-notebooks.yml."
        ),
    ],
    workspace: opt.Workspace,
    jobs: Annotated[int | None, Option(help="Notebooks at a time (none: one per core).", min=1)] = None,
    name: Annotated[
        str | None, Option(help="Name of the page (none: that of the day or the file, with '-sweep').")
    ] = None,
    render: opt.Render = True,
    engine: opt.SiteEngine = "auto",
    output: opt.SiteFolder = None,
) -> None:
    """Try many parameters: a file with 'notebook:' runs that notebook at every point, any other makes one page (notebook 04)."""
    from coordlib.runs.analysis import report_sweep
    from coordlib.runs.notebook_sweep import NotebookSweep, sweep_notebooks
    from coordlib.yaml_files import read_yaml

    values = read_yaml(parameters)
    if "notebook" not in values:
        options = ParameterSweep.load(values | {"workspace": str(workspace)}, where=str(parameters))
        opt.in_its_place(options)
        echo(opt.where_it_is(report_sweep(options, name)))
        opt.show_site(workspace, output, engine, render)
        return
    if name is not None:
        raise ParameterError(
            "--name: is for a page of a sweep; notebooks at every point have folders of their own"
        )
    done = sweep_notebooks(NotebookSweep.load(values, where=str(parameters)), workspace, jobs=jobs)
    echo(f"{done.ran} points ran, {done.kept} were done before, {len(done.failed)} failed: {done.folder}")
    if done.comparison is not None:
        echo(str(done.comparison))
    for point, message in done.failed.items():
        echo(f"{point}: {message}")
    if done.failed:
        raise RunError(f"{len(done.failed)} points failed; the same command runs them again")


@app.command()
@opt.parameters_of(DetectionParameters, "time_window", "min_participation")
def benchmark(
    sources: Annotated[
        list[Path] | None,
        Argument(
            metavar="[FILE]...",
            help="Labelled posts, or folders of them, as in archives of information operations (none: four simulated campaigns).",
            show_default=False,
        ),
    ] = None,
    object_id: Annotated[
        str | None,
        Option(help="What counts as the same: repost, hashtags, links, text, … (none: the usual one)."),
    ] = None,
    output: Annotated[Path | None, Option(*opt.OUT, help="Write the table here too (CSV).")] = None,
    *,
    given: dict[str, Any],
) -> None:
    """Compare three ways of ordering accounts where it is known who belongs to a campaign."""
    import pandas as pd

    from coordlib.describe.ranking import benchmark as compare
    from coordlib.posts import object_column
    from coordlib.report.tables import write_csv
    from coordlib.runs.stored import read_labelled
    from coordlib.simulate.shares import Pattern, simulate_labelled, simulate_pattern

    parameters = DetectionParameters.load(given, where="benchmark")
    method = parameters.time_window, parameters.min_participation
    if output is not None:
        refuse_input(output, *(sources or []), endings=[".csv"])
    if object_id is not None and not sources:
        raise ParameterError(
            f"object_id = '{object_id}': is for files; the simulated campaigns have their own"
        )
    if sources:
        posts = read_labelled(sources)
        column = object_column(object_id or str(posts.attrs["object_id"]), posts.columns)
        if column not in posts:
            raise MissingColumnError.from_names({column}, posts.columns, str(sources[0]))
        found = compare(posts, *method, column)
    else:
        echo(
            "simulated: a campaign in three patterns, and groups that hide (name files to use your own data)"
        )
        worlds: dict[str, pd.DataFrame] = {name: simulate_pattern(name) for name in get_args(Pattern)}
        worlds["hidden groups"] = simulate_labelled()
        tables = {name: compare(world, *method) for name, world in worlds.items()}
        found = pd.concat(tables, names=["data"]).reset_index("data").reset_index(drop=True)
    shown = found.round({name: 3 for name in found if name not in ("accounts", "coordinated")})
    echo(shown.dropna(axis="columns", how="all").to_string(index=False, na_rep="–"))
    if output is not None:
        with written(output) as beside:
            write_csv(found, beside)


@app.command()
@opt.parameters_of(DetectionParameters, *METHOD)
def calibrate(
    source: Annotated[
        Path | None,
        Argument(
            metavar="[FILE]",
            help="Your posts, any file 'coordlib import' reads (none: simulated ones).",
            show_default=False,
        ),
    ] = None,
    object_id: Annotated[
        str | None, Option(help="What counts as the same: a column of the posts (none: the usual one).")
    ] = None,
    runs: Annotated[int, Option(min=1, help="Worlds for every setting.")] = 5,
    seed: Annotated[int, Option(min=0, help="The same seed gives the same table.")] = 1,
    output: Annotated[
        Path | None, Option(*opt.OUT, help="Write it here too: .csv, all numbers, or .md, the table shown.")
    ] = None,
    *,
    given: dict[str, Any],
) -> None:
    """Measure what given parameters find, miss and falsely accuse on posts like your own, in which nobody coordinates."""
    from coordlib.describe.calibration import calibrate as measure
    from coordlib.describe.calibration import calibration_table
    from coordlib.posts import object_column, prep_data
    from coordlib.report.tables import write_csv
    from coordlib.simulate.shares import simulate_background
    from coordlib.sources.exports import read_export
    from coordlib.times import DAYS_WITHOUT_HOUR, refuse_days

    parameters = DetectionParameters.load(given, where="calibrate")
    if output is not None:
        refuse_input(output, source, endings=[".csv", ".md"])
    if object_id is not None and source is None:
        raise ParameterError(f"object_id = '{object_id}': is for a file; the simulated posts have their own")
    if source is None:
        shares = simulate_background()
    else:
        export = read_export(source)
        name = object_id or str(export.posts.attrs["object_id"])
        posts = export.posts_with(name)
        if DAYS_WITHOUT_HOUR in export.report.notes:
            refuse_days(str(source), parameters.time_window)
        column = object_column(name, posts.columns)
        if column not in posts:
            raise MissingColumnError.from_names({column}, posts.columns, str(source))
        shares = prep_data(posts, column, timestamp_share="posted_at", duplicates="drop")
    found = measure(shares, **parameters.model_dump(include=set(METHOD)), runs=runs, seed=seed)
    facts = f"{found.attrs['posts']:,} shares of {found.attrs['accounts']:,} accounts, {plural(runs, 'run')} a row"
    where = source.name if source else "simulated posts"
    text = f"{where}: {facts}; window {parameters.time_window} seconds\n\n{calibration_table(found)}"
    echo(text)
    if output is not None:
        with written(output) as beside:
            if output.suffix.lower() == ".csv":
                write_csv(found, beside)
            else:
                beside.write_text(text + "\n", encoding="utf-8")
