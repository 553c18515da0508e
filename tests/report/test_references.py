"""The reference list."""

from __future__ import annotations

from pathlib import Path

import pytest

from coordlib.errors import FileFormatError, PublishError
from coordlib.site.references import read_references, references_html


def bib(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "r.bib"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_projects_own_references_are_complete_and_linked(project: Path) -> None:
    path = project / "reports" / "references.bib"
    html = references_html(path)
    for key, entry in read_references(path).items():
        assert {"author", "title", "year"} <= set(entry), key
        assert f'id="ref-{key}"' in html
    assert 'href="https://doi.org/10.5117/CCR2025.1.7.RIGH"' in html


def test_accents_are_decoded_and_titles_keep_their_letters(tmp_path: Path) -> None:
    path = bib(
        tmp_path,
        "@misc{a, author = {M\\\"uller, J. and L{\\'o}pez, A.}, title = {The {CooRTweet} Way}, year = 2020}",
    )
    assert "Müller, J. &amp; López, A. (2020). The CooRTweet Way." in references_html(path)


@pytest.mark.parametrize("field", ["title", "author", "doi", "url", "journal", "year"])
def test_no_field_can_become_an_element_or_an_attribute(tmp_path: Path, field: str) -> None:
    evil = '"><script>alert(1)</script>'
    html = references_html(bib(tmp_path, f"@misc{{k, {field} = {{{evil}}}}}"))
    assert "<script" not in html
    assert '"><' not in html.replace('references"><', "").replace('ref-k"><', "")


def test_only_a_doi_or_a_web_address_becomes_a_link(tmp_path: Path) -> None:
    html = references_html(
        bib(tmp_path, "@misc{a, title={A}, doi={javascript:x}, url={javascript:alert(1)}}")
    )
    assert "href" not in html


def test_a_broken_entry_names_file_and_line(tmp_path: Path) -> None:
    with pytest.raises(FileFormatError, match=r"r\.bib, line 2"):
        references_html(bib(tmp_path, "@misc{a, title = {A}}\n@misc{b, title = {B}\n"))


def test_an_unknown_key_or_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(PublishError, match="no entry named zzz"):
        references_html(bib(tmp_path, "@misc{a, title = {A}}"), keys=["zzz"])
    with pytest.raises(PublishError, match="cannot be read"):
        references_html(tmp_path / "no.bib")
