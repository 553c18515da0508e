"""``SHA256SUMS``: the hash of every file of a folder, and of itself; ``sha256sum -c SHA256SUMS`` reads it too."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from coordlib.files import files_below, write_text

SUMS = "SHA256SUMS"
_OWN = "# SHA-256 of the lines above: "


def sha256_file(path: Path | str) -> str:
    """Return the SHA-256 of a file as hexadecimal text."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sums_of(hashes: Mapping[str, str]) -> str:
    """Return the text of ``SHA256SUMS``; its last line, a comment to others, is the hash of the lines above."""
    lines = "".join(f"{value}  {name}\n" for name, value in sorted(hashes.items()))
    return f"{lines}{_OWN}{hashlib.sha256(lines.encode()).hexdigest()}\n"


def write_sums(folder: Path, *left_out: str) -> None:
    """Write the hash of every file of a folder, those below it too, but not of hidden and left-out ones."""
    kept = [name for name in files_below(folder) if not name.rsplit("/", 1)[-1].startswith(".")]
    write_text(
        folder / SUMS,
        sums_of({name: sha256_file(folder / name) for name in kept if name not in {SUMS, *left_out}}),
    )


def wrong_files(found: Mapping[str, str], sums: bytes) -> list[str]:
    """Hold files against ``SHA256SUMS``; return a line for each that is changed, missing or not listed."""
    text = sums.decode("utf-8", errors="replace")
    lines, mark, _ = text.rpartition(_OWN)
    if not mark or sums != (lines + mark + hashlib.sha256(lines.encode()).hexdigest() + "\n").encode():
        return [f"{SUMS}: is not the file that was published"]
    listed = {name: value for value, name in (line.split("  ", 1) for line in lines.splitlines())}
    changed = [name for name, value in listed.items() if name in found and found[name] != value]
    return (
        [f"{name}: is not the file that was published (its SHA-256 differs)" for name in changed]
        + [f"{name}: is missing" for name in listed if name not in found]
        + [f"{name}: was not published with the others" for name in sorted(set(found) - set(listed))]
    )
