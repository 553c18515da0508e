"""A report as an RO-Crate 1.2: what it is, who made it, from what, with which software, and every file with its hash.

Written without a library: the crate is one JSON file with the same bytes for the same report.
"""

from __future__ import annotations

import mimetypes
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from coordlib.report.checksums import sha256_file
from coordlib.report.citation import Citation

CRATE = "ro-crate-metadata.json"
_TYPES = {
    ".md": "text/markdown",
    ".graphml": "application/graphml+xml",
    ".ipynb": "application/x-ipynb+json",
    ".bib": "text/x-bibtex",
    ".ris": "application/x-research-info-systems",
    ".csv": "text/csv",
}
_UNKNOWN = "application/octet-stream"


def crate(folder: Path, cited: Citation, names: Iterable[str]) -> dict[str, Any]:
    """Return the metadata of a crate."""
    run, site = cited.run, cited.site
    people = [
        {"@id": f"#author-{n}", "@type": "Organization", "name": person["literal"]}
        if "literal" in person
        else {
            "@id": f"#author-{n}",
            "@type": "Person",
            "name": f"{person['given']} {person['family']}",
            **_names(person),
        }
        for n, person in enumerate(cited.people, 1)
    ]
    files = [
        {
            "@id": name,
            "@type": "File",
            "name": name,
            "contentSize": str((folder / name).stat().st_size),
            "encodingFormat": _TYPES.get(Path(name).suffix) or mimetypes.guess_type(name)[0] or _UNKNOWN,
            "sha256": sha256_file(folder / name),
        }
        for name in names
    ]
    inputs = [
        {
            "@id": f"#input-{n}",
            "@type": "CreativeWork",
            "name": name,
            "description": f"Input, not in the crate; SHA-256 {value}",
        }
        for n, (name, value) in enumerate(sorted((run.get("inputs") or {}).items()), 1)
    ]
    software = {
        "@id": "#coordlib",
        "@type": "SoftwareApplication",
        "name": "coordlib",
        "url": "https://pypi.org/project/coordlib/",
        **dict.fromkeys(("softwareVersion", "version"), cited.software.removeprefix("coordlib ")),
    }
    root = {
        "@id": "./",
        "@type": "Dataset",
        "name": cited.title,
        "description": f"Accounts that posted the same at nearly the same time, and the pairs of posts this rests on: {cited.title}, version {cited.version}.",
        "datePublished": cited.published,
        "version": str(cited.version),
        "license": {"@id": "#licence"},
        "author": [{"@id": person["@id"]} for person in people],
        "publisher": {"@id": "#publisher"},
        "hasPart": [{"@id": file["@id"]} for file in files],
        "mentions": [{"@id": "#run"}],
        **({"url": cited.url} if cited.url else {}),
        **({"identifier": f"https://doi.org/{cited.doi}"} if cited.doi else {}),
    }
    made = {
        "@id": "#run",
        "@type": "CreateAction",
        "name": "Detection and report",
        "instrument": {"@id": "#coordlib"},
        "object": [{"@id": one["@id"]} for one in inputs],
        "result": [{"@id": file["@id"]} for file in files],
        **{
            key: time
            for key, time in {"startTime": run.get("started_at"), "endTime": run.get("published_at")}.items()
            if time
        },
    }
    licence = {
        "@id": "#licence",
        "@type": "CreativeWork",
        "name": site.licence or "No licence is stated",
        "description": f"Licence of the tables and texts: {site.licence}."
        if site.licence
        else "Ask the people who run the site.",
    }
    publisher = {"@id": "#publisher", "@type": "Organization", "name": site.institution or site.name}
    descriptor = {
        "@id": CRATE,
        "@type": "CreativeWork",
        "conformsTo": {"@id": "https://w3id.org/ro/crate/1.2"},
        "about": {"@id": "./"},
    }
    graph = [descriptor, root, licence, publisher, *people, software, made, *inputs, *files]
    return {"@context": "https://w3id.org/ro/crate/1.2/context", "@graph": graph}


def _names(person: dict[str, str]) -> dict[str, str]:
    return {"givenName": person["given"], "familyName": person["family"]}
