"""How to cite a version of a report: a sentence, BibTeX, CSL-JSON, RIS and the tags of a page's head."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from coordlib.places import file_name
from coordlib.report.configuration import Site
from coordlib.report.display import Html
from coordlib.report.record import RunRecord, code_version
from coordlib.report.words import escape

#: Stands on a page where it says how it is cited, until the site is rendered.
CITE_HERE = '<div class="cl-cite"><!-- cited --></div>'
CITED = Html(
    "<p>How this version is cited stands on its page, and in README.md and the citation files of its zip.</p>",
    CITE_HERE,
)


def published_on(run: RunRecord) -> str:
    """Return the day a version was published, YYYY-MM-DD (as long as it is not sealed: the day its run began)."""
    return str(run.published_at or run.started_at or run.date)[:10]


class Citation:
    """A version of a report as others cite it: its run record, and who publishes it where."""

    def __init__(self, run: RunRecord, site: Site) -> None:
        self.run, self.site = run, site
        self.version, self.published = run.version, published_on(run)
        self.title, self.publisher = run.report_title, site.institution or site.name
        name = run.name or run.date
        place = f"{'days' if run.kind == 'day' else 'analyses'}/{name}"
        #: Permanent address of the version; none while the site has no address.
        self.url = f"{site.address}/reports/{quote(place)}/v{self.version}/" if site.address else None
        #: DOI of this very version, else that of the series.
        self.doi = site.dois.get(f"{name}-v{self.version}") or site.doi
        words = file_name(name, "A-Za-z0-9-", apart=False)
        self.key = f"coordinated-sharing-{words}-v{self.version}"
        self.software = f"coordlib {run.code_version or code_version()}"
        digits = (run.content_sha256 or "")[:16]
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
