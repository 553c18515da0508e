"""What a site says about itself: who makes it, where it is, how it names accounts; from its ``site.yml``."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import yaml
from pydantic import Field, field_validator

from coordlib.errors import PublishError
from coordlib.parameters import Parameters
from coordlib.places import SIMULATED

SIMULATED_SUFFIX = " — simulated data"
SITE_FILE = "site.yml"


class Site(Parameters):
    """``site.yml`` of a workspace. It is read when the site is rendered, so a line changed there changes every page."""

    address: str | None = Field(None, description="Where the site is published, https://…")
    title: str | None = Field(None, description="Name of the site.")
    authors: list[str] = Field([], description="Who is cited: 'Given Family' or 'Family, Given'.")
    institution: str | None = Field(None, description="Who runs the site; cited where no author is named.")
    contact: str | None = Field(
        None, description="Mail or web address for 'an account is named that should not be'."
    )
    funder: str | None = Field(None, description="Who pays for it.")
    licence: str | None = Field(None, description="Licence of the tables and texts, such as CC-BY-4.0.")
    about: str | None = Field(None, description="What is watched and since when, in a sentence or two.")
    doi: str | None = Field(None, description="DOI of the series, once it is deposited.")
    dois: dict[str, str] = Field(
        {}, description="DOI of single versions: 2026-11-23-v1: 10.5281/zenodo.1234567"
    )
    identities: Literal["handles", "pseudonyms"] = Field(
        "handles", description="Whether pages name accounts as the platform does, or by pseudonyms."
    )

    @field_validator("address")
    @classmethod
    def _is_address(cls, value: str | None) -> str | None:
        if not value:
            return None
        from w3lib.url import safe_url_string

        parts = urlsplit(value.strip())
        if parts.scheme not in ("https", "http") or not parts.netloc:
            raise ValueError("expected an address that starts with https:// or http:// and names a host")
        if "?" in value or "#" in value:
            raise ValueError(
                "expected an address without ? and #, because the addresses of the pages begin with it"
            )
        return safe_url_string(value).rstrip("/")  # as it stands in links, feed and sitemap: ASCII

    @field_validator("doi", "dois")
    @classmethod
    def _is_doi(cls, value: str | dict[str, str] | None) -> str | dict[str, str] | None:
        given = value.values() if isinstance(value, dict) else [value or "10."]
        if not all(doi.startswith("10.") for doi in given):
            raise ValueError("expected a DOI that starts with 10.")
        return value

    @property
    def people(self) -> list[str]:
        """Who is cited."""
        return self.authors or [self.institution or self.title or "The monitoring project"]

    @property
    def name(self) -> str:
        """Name of the site."""
        return self.title or "Coordinated sharing monitor"


def read_config(path: Path) -> dict[str, Any]:
    """Read a ``_quarto.yml``; a broken one is an error that names the file."""
    try:
        value = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError, UnicodeDecodeError) as error:
        raise PublishError(f"{path}: not readable as YAML ({' '.join(str(error).split())})") from error
    if not isinstance(value, dict):
        raise PublishError(f"{path}: expected 'name: value' lines")
    return value


def read_site(workspace: Path) -> Site:
    """Read what a workspace says about its site; title and address may also stand in its ``_quarto.yml``, as before."""
    own = workspace / SITE_FILE
    site = Site.from_yaml(own) if own.is_file() else Site()
    config = workspace / "_quarto.yml"
    website = (read_config(config).get("website") or {}) if config.is_file() else {}
    title = str(website.get("title") or "").removesuffix(SIMULATED_SUFFIX) or None
    address = Site.load({"address": str(website.get("site-url") or "")}, where=str(config)).address
    return site.model_copy(update={"title": site.title or title, "address": site.address or address})


def is_simulated(folder: Path) -> bool:
    """Whether a report folder lies in the workspace of a simulated world."""
    return any((parent / SIMULATED).is_file() for parent in list(folder.resolve().parents)[:3])
