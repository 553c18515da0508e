"""The reference list: a page and a BibTeX file that say the same."""

from __future__ import annotations

import re
from pathlib import Path


def test_the_page_and_the_bibtex_file_name_the_same_works(project: Path) -> None:
    page = (project / "reports" / "references.qmd").read_text(encoding="utf-8")
    entries = re.split(
        r"^@\w+\{", (project / "reports" / "references.bib").read_text(encoding="utf-8"), flags=re.M
    )[1:]
    lines = {
        re.search(r"\{#ref-(\w+)\}", line)[1]: line for line in page.splitlines() if line.startswith("- ")
    }  # type: ignore[index]
    assert list(lines) == sorted(entry.partition(",")[0] for entry in entries)
    for entry in entries:
        line = lines[entry.partition(",")[0]]
        for name, value in re.findall(r"^  (\w+) = \{(.*)\},?$", entry, re.M):
            plain = re.sub(r"[{}\\]", "", value).replace("--", "–")
            said = plain.split(" and ") if name == "author" else [plain]
            assert all(part in line for part in said), (name, plain)


def test_the_site_has_the_page_and_the_file(project: Path) -> None:
    config = (project / "_quarto.yml").read_text(encoding="utf-8")
    assert '"reports/*.qmd"' in config and '"reports/references.bib"' in config
