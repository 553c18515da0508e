"""What a site says about itself: title and address, read from its ``_quarto.yml``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from coordlib.errors import PublishError
from coordlib.places import project_root

SIMULATED_SUFFIX = " — simulated data"


def read_config(path: Path) -> dict[str, Any]:
    """Read a ``_quarto.yml``; a broken one is an error that names the file."""
    try:
        value = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError, UnicodeDecodeError) as error:
        raise PublishError(f"{path}: not readable as YAML ({' '.join(str(error).split())})") from error
    if not isinstance(value, dict):
        raise PublishError(f"{path}: expected 'name: value' lines")
    return value


def site_root(folder: Path) -> Path | None:
    """Return the nearest folder above that holds a ``_quarto.yml`` (a day lies three below it)."""
    for candidate in list(folder.resolve().parents)[:4]:
        if (candidate / "_quarto.yml").is_file():
            return candidate
    return None


def is_simulated(folder: Path) -> bool:
    """Whether a report folder lies in the workspace of a simulated world."""
    return any((parent / "simulated.json").is_file() for parent in list(folder.resolve().parents)[:3])


def site_facts(folder: Path) -> dict[str, str]:
    """Return author, site title and permanent address of a day's page, as far as the site states them."""
    root = site_root(folder)
    config = (root or project_root()) / "_quarto.yml"
    website = (read_config(config).get("website") or {}) if config.is_file() else {}
    title = str(website.get("title") or "").removesuffix(SIMULATED_SUFFIX)
    facts = {"site_title": title, "author": title} if title else {}
    base = str(website.get("site-url") or "").rstrip("/")
    if base and root:
        facts["url"] = f"{base}/{folder.resolve().relative_to(root).as_posix()}/index.html"
    return facts
