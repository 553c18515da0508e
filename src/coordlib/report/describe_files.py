"""What the files of a report mean: a README for people, a data package and an RO-Crate 1.2 for programs."""

from __future__ import annotations

import mimetypes
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Template

from coordlib.report.checksums import sha256_file
from coordlib.report.citation import Citation
from coordlib.report.configuration import Site
from coordlib.report.dictionary import describe_column, tables_of
from coordlib.report.display import TEMPLATES
from coordlib.report.notebook_steps import kept_words
from coordlib.report.record import RunRecord
from coordlib.report.words import in_words

#: Where the RO-Crate is.
CRATE = "ro-crate-metadata.json"
_INPUT = "Input, not in the crate; SHA-256 {}"
_TYPES = {
    ".md": "text/markdown",
    ".graphml": "application/graphml+xml",
    ".ipynb": "application/x-ipynb+json",
    ".bib": "text/x-bibtex",
    ".ris": "application/x-research-info-systems",
    ".csv": "text/csv",
}


def readme(record: RunRecord, tables: Mapping[str, pd.DataFrame]) -> str:
    """Return the README of a day: what is here, made how, meaning what, cited how."""
    kind, told = record.kind, []
    meanings = {name: table.row for name, table in tables_of(kind).items()}
    for name, table in tables.items():
        known = [describe_column(name, str(label), kind) for label in table.columns]
        cells = [(one.name, one.type, one.unit, one.definition, one.formula) for one in known]
        columns = [[cell.replace("|", "\\|") for cell in row] for row in cells]
        told.append((name, f"{len(table):,}", meanings.get(name, ""), columns))
    template = Template((TEMPLATES / "README.md").read_text(encoding="utf-8"), trim_blocks=True)
    text: str = template.render(
        title=record.report_title,
        simulated=record.simulated,
        tables=told,
        parameters=[(name, in_words(value)) for name, value in sorted(record.parameters.items())],
        kept=kept_words(record),
        evidence="pairs" if "pairs" in tables else "posts",
        sentence=Citation(record, Site()).sentence,
    )
    return text.rstrip() + "\n"


def datapackage(record: RunRecord, tables: Mapping[str, pd.DataFrame], folder: Path) -> dict[str, Any]:
    """Return the Frictionless descriptor of a day's tables."""
    kind, resources = record.kind, []
    meanings = {name: table.row for name, table in tables_of(kind).items()}
    for name, table in tables.items():
        path, fields = folder / f"{name}.csv", []
        for one in (describe_column(name, str(label), kind) for label in table.columns):
            said = {"description": one.definition, "unit": one.unit, "formula": one.formula}
            fields.append(
                {"name": one.name, "type": one.type, **{key: text for key, text in said.items() if text}}
            )
        resources.append(
            {
                "name": name,
                "path": path.name,
                "profile": "tabular-data-resource",
                "format": "csv",
                "mediatype": "text/csv",
                "encoding": "utf-8",
                "bytes": path.stat().st_size,
                "hash": f"sha256:{sha256_file(path)}",
                "description": f"A row is {meanings.get(name, 'a row')}.",
                "schema": {"fields": fields, "missingValues": [""]},
            }
        )
    return {
        "profile": "tabular-data-package",
        "name": f"coordlib-{record.date}",
        "title": record.report_title,
        "version": str(record.version),
        "resources": resources,
    }


def crate(folder: Path, cited: Citation, names: Iterable[str]) -> dict[str, Any]:
    """Return the metadata of an RO-Crate of the files `names` below a folder: who made it, from what, with which software."""
    run, site = cited.run, cited.site
    people = [
        {"@id": f"#author-{n}", "name": f"{who.get('givenName')} {who.get('familyName')}", **who}
        for n, who in enumerate(cited.creators, 1)
    ]
    files = []
    for name in names:
        path = folder / name
        form = _TYPES.get(path.suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
        about = {"name": name, "contentSize": str(path.stat().st_size), "encodingFormat": form}
        files.append(_entity(name, "File", **about, sha256=sha256_file(path)))
    given = enumerate(sorted(run.inputs.items()), 1)
    inputs = [
        _entity(f"#input-{n}", "CreativeWork", name=name, description=_INPUT.format(value))
        for n, (name, value) in given
    ]
    version = cited.software.removeprefix("coordlib ")
    software = _entity(
        "#coordlib",
        "SoftwareApplication",
        name="coordlib",
        url="https://pypi.org/project/coordlib/",
        softwareVersion=version,
        version=version,
    )
    root = _entity(
        "./",
        "Dataset",
        name=cited.title,
        description=f"Accounts that posted the same at nearly the same time, and the pairs of posts this rests on: {cited.title}, version {cited.version}.",
        datePublished=cited.published,
        version=str(cited.version),
        license={"@id": "#licence"},
        author=_ids(people),
        publisher={"@id": "#publisher"},
        hasPart=_ids(files),
        mentions=[{"@id": "#run"}],
        url=cited.url,
        identifier=cited.doi and f"https://doi.org/{cited.doi}",
    )
    made = _entity(
        "#run",
        "CreateAction",
        name="Detection and report",
        instrument={"@id": "#coordlib"},
        object=_ids(inputs),
        result=_ids(files),
        startTime=run.started_at or None,
        endTime=run.published_at or None,
    )
    stated, terms = "No licence is stated", "Ask the people who run the site."
    if site.licence:
        stated, terms = site.licence, f"Licence of the tables and texts: {site.licence}."
    licence = _entity("#licence", "CreativeWork", name=stated, description=terms)
    publisher = _entity("#publisher", "Organization", name=site.institution or site.name)
    standard = {"@id": "https://w3id.org/ro/crate/1.2"}
    descriptor = _entity(CRATE, "CreativeWork", conformsTo=standard, about={"@id": "./"})
    graph = [descriptor, root, licence, publisher, *people, software, made, *inputs, *files]
    return {"@context": "https://w3id.org/ro/crate/1.2/context", "@graph": graph}


def _entity(place: str, kind: str, /, **about: Any) -> dict[str, Any]:
    """A part of the crate; what is not known is left out."""
    known = {key: value for key, value in about.items() if value not in (None, "")}
    return {"@id": place, "@type": kind, **known}


def _ids(entities: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [{"@id": entity["@id"]} for entity in entities]
