"""The files of a published report: from its folder, its zip, or its address (the zip, or what its ``SHA256SUMS`` names)."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urljoin

from coordlib.errors import FileFormatError
from coordlib.files import files_below
from coordlib.service import Service

#: In a page that leads to a version, where it leads.
_LEADS = re.compile(rb'http-equiv="refresh" content="0; url=((?:\.\./|[\w-]+/)*v\d+/)index\.html"')
#: More than any report has, in one file.
_MOST_BYTES = 500_000_000
_MOST_FILES = 10_000


def report_files(source: Path | str) -> tuple[dict[str, bytes], Path | None]:
    """Return the files of a report, name to bytes, and its folder if it lies in one. The source is a folder (of
    versions: the newest), a zip, or the address of a zip, of a version or of what leads to one."""
    if re.fullmatch(r"\s*(https?:/*)?\s*", str(source)):
        raise FileFormatError(f"'{source}': is no folder, no zip and no address of a report")
    if re.match(r"https?://", str(source)):
        return _fetched(str(source)), None
    place = Path(source)
    try:
        if not place.is_dir():
            return {place.name: place.read_bytes()}, None
        versions = [path.parent for path in place.glob("v*/run.json") if path.parent.name[1:].isdigit()]
        folder = max(versions, key=lambda version: int(version.name[1:]), default=place)
        return {name: (folder / name).read_bytes() for name in files_below(folder)}, folder
    except OSError as error:
        raise FileFormatError(f"{source}: cannot be read ({error.strerror})") from None


def _fetched(address: str) -> dict[str, bytes]:
    with Service("the report", address, patience=600, largest=_MOST_BYTES, as_it_lies=True) as site:
        if address.endswith(".zip"):
            return {address.rsplit("/", 1)[1]: _get(site, address)}
        base = address.removesuffix("index.html").rstrip("/") + "/"
        if leads := _LEADS.search(_get(site, base, missing=b"")):
            base = urljoin(base, leads[1].decode())
        sums = _get(site, urljoin(base, "SHA256SUMS"))
        lines = sums.decode("utf-8", errors="replace").splitlines()
        names = [line.split("  ", 1)[1] for line in lines if "  " in line]
        outside = any(name.startswith(("/", ".")) or ".." in name or ":" in name for name in names)
        if outside or len(names) > _MOST_FILES:
            raise FileFormatError(f"{base}SHA256SUMS: names files that no report has")
        found = {name: _get(site, urljoin(base, name), missing=b"") for name in names}
        return {**{name: data for name, data in found.items() if data}, "SHA256SUMS": sums}


def _get(site: Service, address: str, missing: bytes | None = None) -> bytes:
    reply = site.ask("GET", address, tries=3, follow_redirects=True)
    if reply.status == 200:
        return reply.body
    if missing is not None:
        return missing
    raise FileFormatError(f"{address}: there is no report (HTTP {reply.status})")
