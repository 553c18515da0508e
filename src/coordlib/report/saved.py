"""What the last cell of a report's notebook shows: its files, what they were made from, and how to cite them: a sentence, BibTeX,
CSL-JSON, RIS and the tags of a page's head."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coordlib.report.configuration import Site
from coordlib.report.display import Html, stack
from coordlib.report.record import RunRecord, code_version, package_versions, report_title
from coordlib.report.tables import facts
from coordlib.report.words import escape, in_words
from coordlib.times import ISO, utc_text

#: Files of a report that are offered one by one, and what they hold.
_FILES = {
    "accounts.csv": "accounts of the network",
    "networks.csv": "networks (connected components)",
    "posts.csv": "every post in a pair behind an edge",
    "edges.csv": "edges over the threshold",
    "pairs.csv": "the evidence: every pair of posts behind every edge",
    "discovered.csv": "pairs of accounts that share more than their activity explains",
    "component_summary.csv": "components of link sharing",
    "cluster_summary.csv": "Louvain clusters of link sharing",
    "highly_connected_coordinated_entities.csv": "accounts that share links together",
    "top_coord_urls.csv": "URLs with most engagement",
    "top_coord_shares.csv": "coordinated posts with most engagement",
    "ct_shares_marked.csv": "every post of a URL shared more than once, coordinated or not",
    "labels.json": "how each label was made",
    "network.graphml": "the network for Gephi, igraph or networkx",
    "run.json": "parameters, versions, hashes of inputs and outputs, counts",
    "README.md": "what every column means",
}
#: Where a page says how it is cited; what stands there is put in when the site is rendered.
CITED = Html(
    "<p>How this version is cited stands on its page, and in README.md and the citation files of its zip.</p>",
    '<div class="cl-cite"><!-- cited --></div>',
)


@dataclass(frozen=True, repr=False)
class SavedReport:
    """The files of a report: where they are, how to cite them, what they were made from."""

    folder: Path
    run: RunRecord
    draft: bool

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        if self.draft:
            where = escape("/".join(self.folder.parts[-4:]))
            parts = [Html(f"<p>A draft in <code>{where}</code>: {escape(self._names())}.</p>")]
        else:
            parts = [_downloads(self.folder, str(self.run["name"])), CITED]
        return stack(*parts, _provenance(self.run))._repr_mimebundle_()

    def __repr__(self) -> str:
        return f"{self.folder}: {self._names()}"

    def _names(self) -> str:
        return ", ".join(sorted(path.name for path in self.folder.iterdir()))


def _downloads(folder: Path, name: str) -> Html:
    """Links to the files of a report, the zip of all of them first."""
    package, notebook = escape(f"coordlib-{name}.zip"), escape(f"notebook-{name}.ipynb")
    rows = [
        f'<li><a href="{file}" download>{file}</a>{_size(folder / file)}: {what}</li>'
        for file, what in _FILES.items()
        if (folder / file).exists()
    ]
    rows.append(f'<li><a href="{notebook}" download>{notebook}</a>: this page as an executed notebook</li>')
    return Html(
        f'<p><a class="cl-button" href="{package}" download>All files of this report (zip)</a></p><p>With a description '
        "for programs (Frictionless Data Package, RO-Crate) and the hash of each. Or one by one:</p>"
        f'<ul class="cl-files">{"".join(rows)}</ul>'
    )


def _size(path: Path) -> str:
    """The size of a file; JSON is written again when the day is sealed, so its size would differ from run to run."""
    if path.suffix == ".json":
        return ""
    size = path.stat().st_size
    return f", {size:,} bytes" if size < 1000 else f", {size / 1000:,.0f} kB"


def _provenance(run: RunRecord) -> Html:
    """What the report was made from: parameters, versions, hashes of inputs, the notebook."""
    known: dict[str, object] = {"Code": run.get("code_version") or code_version()}
    if (started := run.get("started_at")) is not None:
        known["started at"] = utc_text(started, ISO) if isinstance(started, int | float) else started
    known |= {f"parameter {name}": in_words(v) for name, v in sorted((run.get("parameters") or {}).items())}
    known |= {f"input {name}": f"SHA-256 {v}" for name, v in sorted((run.get("inputs") or {}).items())}
    packages = run.get("packages") or package_versions()
    known |= {f"package {name}": version for name, version in sorted(packages.items())}
    if notebook := run.get("notebook"):
        edited = ", edited" if notebook.get("edited") else ""
        known["Notebook"] = f"{notebook['name']}{edited}, SHA-256 {notebook['sha256']}"
    return Html(
        f"<details class=cl-provenance><summary>Parameters, versions, hashes</summary>{facts(known, 'Provenance').html}</details>"
    )


def published_on(run: RunRecord) -> str:
    """Return the day a version was published, YYYY-MM-DD (records of before: the day its run began)."""
    return str(run.get("published_at") or run.get("started_at") or run["date"])[:10]


class Citation:
    """A version of a report as others cite it: its run record, and who publishes it where."""

    def __init__(self, run: RunRecord, site: Site) -> None:
        self.run, self.site = run, site
        self.version, self.published = int(run.get("version") or 1), published_on(run)
        self.title, self.publisher = report_title(run), site.institution or site.name
        name = str(run.get("name") or run["date"])
        place = f"{'days' if run.get('kind', 'day') == 'day' else 'analyses'}/{name}"
        #: Permanent address of the version; none while the site has no address.
        self.url = f"{site.address}/reports/{place}/v{self.version}/" if site.address else None
        #: DOI of this very version, else that of the series.
        self.doi = site.dois.get(f"{name}-v{self.version}") or site.doi
        words = re.sub(r"[^A-Za-z0-9-]+", "-", name).strip("-")
        self.key = f"coordinated-sharing-{words}-v{self.version}"
        self.software = f"coordlib {run.get('code_version') or code_version()}"
        digits = str(run.get("content_sha256") or "")[:16]
        self.content = f"Content {digits}" if digits else ""
        #: Authors as CSL has them: persons in two parts, institutions as they are; and as text, the family name first.
        self.people = [_person(one) for one in site.authors] or [{"literal": site.people[0]}]
        self.names = [_inverted(person) for person in self.people]

    @property
    def sentence(self) -> str:
        """The citation as a sentence."""
        who, day = "; ".join(self.names), self.published
        words = f"{who} ({day[:4]}). {self.title} (version {self.version}, published {day})."
        publisher = f"{self.site.name}." if self.site.name not in who else ""
        where = f"https://doi.org/{self.doi}" if self.doi else self.url
        parts = [words, publisher, f"Made with {self.software}.", where, self.content and f"{self.content}."]
        return " ".join(part for part in parts if part)

    @property
    def bibtex(self) -> str:
        """The citation as a BibTeX entry."""
        names = [f"{{{who['literal']}}}" if "literal" in who else _inverted(who) for who in self.people]
        fields = {
            "author": " and ".join(names),
            "title": "{" + self.title + "}",
            "year": self.published[:4],
            "date": self.published,
            "version": f"version {self.version}",
            "publisher": self.publisher,
            "howpublished": f"Web page, made with {self.software}",
            "url": self.url,
            "doi": self.doi,
            "note": self.content,
        }
        texts = {name: str(value).replace("\\", "") for name, value in fields.items() if value}
        escaped = {name: re.sub(r"([%&#_])", r"\\\1", text) for name, text in texts.items()}
        lines = [f"  {name} = {{{text}}}" for name, text in escaped.items()]
        return f"@misc{{{self.key},\n" + ",\n".join(lines) + "\n}"

    @property
    def csl(self) -> dict[str, Any]:
        """The citation as an item of CSL-JSON, as reference managers read it."""
        item = {
            "id": self.key,
            "type": "dataset",
            "title": self.title,
            "author": self.people,
            "issued": {"date-parts": [[int(part) for part in self.published.split("-")]]},
            "version": str(self.version),
            "publisher": self.publisher,
            "container-title": self.site.name,
            "URL": self.url,
            "DOI": self.doi,
            "license": self.site.licence,
            "note": f"Made with {self.software}." + (f" {self.content}." if self.content else ""),
        }
        return {name: value for name, value in item.items() if value}

    @property
    def ris(self) -> str:
        """The citation as RIS."""
        lines = [
            ("TY", "DATA"),
            *(("AU", name) for name in self.names),
            ("TI", self.title),
            ("PY", self.published[:4]),
            ("DA", self.published.replace("-", "/")),
            ("ET", str(self.version)),
            ("PB", self.publisher),
            ("T2", self.site.name),
            ("UR", self.url),
            ("DO", self.doi),
            ("N1", str(self.csl["note"])),
        ]
        return "".join(f"{tag}  - {' '.join(text.split())}\n" for tag, text in lines if text) + "ER  - \n"

    @property
    def creators(self) -> list[dict[str, str]]:
        """Authors as schema.org has them."""
        return [
            {"@type": "Organization", "name": person["literal"]}
            if "literal" in person
            else {"@type": "Person", "familyName": person["family"], "givenName": person["given"]}
            for person in self.people
        ]

    @property
    def head(self) -> str:
        """The citation tags (Highwire, Dublin Core), the permanent address and JSON-LD for a page's head."""
        site, organization, day = self.site, {"@type": "Organization"}, self.published.replace("-", "/")
        dataset = {
            "@context": "https://schema.org",
            "@type": "Dataset",
            "name": self.title,
            "datePublished": self.published,
            "version": str(self.version),
            "creator": self.creators,
            "isPartOf": {"@type": "DataCatalog", "name": site.name},
            "isAccessibleForFree": True,
            "url": self.url,
            "license": site.licence,
            "identifier": self.doi and f"https://doi.org/{self.doi}",
            "publisher": site.institution and {**organization, "name": site.institution},
            "funder": site.funder and {**organization, "name": site.funder},
        }
        tags = [
            ("citation_title", self.title),
            *(("citation_author", name) for name in self.names),
            ("citation_publication_date", day),
            ("citation_online_date", day),
            ("citation_public_url", self.url),
            ("citation_doi", self.doi),
            ("citation_publisher", self.publisher),
            ("DC.title", self.title),
            *(("DC.creator", name) for name in self.names),
            ("DC.date", self.published),
            ("DC.type", "Dataset"),
            ("DC.identifier", self.url),
            ("DC.rights", self.site.licence),
        ]
        lines = [f'<meta name="{name}" content="{escape(value)}">' for name, value in tags if value]
        if self.url:
            lines.append(f'<link rel="canonical" href="{escape(self.url)}">')
        told = {name: value for name, value in dataset.items() if value}
        text = json.dumps(told, ensure_ascii=False, sort_keys=True).replace("<", "\\u003c")
        return "\n".join([*lines, f'<script type="application/ld+json">{text}</script>'])

    def files(self) -> dict[str, str]:
        """Return the citation as files: name to text."""
        item = json.dumps([self.csl], ensure_ascii=False, indent=2, sort_keys=True) + "\n"
        return {"citation.bib": f"{self.bibtex}\n", "citation.ris": self.ris, "citation.csl.json": item}

    def box(self) -> str:
        """Return how to cite, as a page has it: a sentence, files for reference managers, BibTeX."""
        links = ", ".join(f'<a href="{name}" download>{name}</a>' for name in self.files())
        return (
            f'<div class="cl-cite"><p>{escape(self.sentence)}</p><p>For reference managers: {links}</p>'
            f"<details><summary>BibTeX</summary><pre><code>{escape(self.bibtex)}</code></pre></details></div>"
        )


def _person(name: str) -> dict[str, str]:
    """Two parts of a name, 'Family, Given' or 'Given Family'; one word is taken as it is."""
    family, comma, given = (part.strip() for part in name.partition(","))
    if not comma:
        given, _, family = name.strip().rpartition(" ")
    return {"family": family, "given": given} if given or comma else {"literal": family}


def _inverted(person: Mapping[str, str]) -> str:
    return person.get("literal") or f"{person['family']}, {person['given']}"
