"""Checking a published report: are its files those published, and do its numbers follow from its posts, also when run again?"""

from __future__ import annotations

import hashlib
import io
import re
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError

from coordlib.errors import FileFormatError, RunError
from coordlib.places import Workspace
from coordlib.report.checksums import SUMS, wrong_files
from coordlib.report.record import RunRecord
from coordlib.runs.notebooks import MODELS, run_notebook, template_facts
from coordlib.runs.verify_tables import Numbers, Verification
from coordlib.site.publish import VIEWS, as_made, zip_is_whole
from coordlib.sources.published import report_files

#: What a computer puts into a folder by itself.
_OF_THE_MACHINE = re.compile(r"(^|/)(\.DS_Store|Thumbs\.db|desktop\.ini|\.ipynb_checkpoints/.*)$")


def verify(source: Path | str, *, again: bool = True) -> Verification:
    """Check a published report: a zip or folder of it, or the address of one; of a folder of versions the newest.

    In the workspace of the report its notebook is run `again` and every table compared; the result names file and line of what
    differs. What has neither ``run.json`` nor ``SHA256SUMS`` is no report (FileFormatError).
    """
    done = Verification()
    files, folder = report_files(source)
    if strays := sorted(filter(_OF_THE_MACHINE.search, files)):
        files = {name: data for name, data in files.items() if name not in strays}
        done.left_out.append(f"what the computer put there ({', '.join(strays[:3])})")
    for name in [name for name in files if name.endswith(".zip") and "/" not in name]:
        inside = _unpacked(name, files.pop(name), done)
        if "run.json" in files or SUMS in files:
            done.damaged.clear()
        else:
            files = inside
    # What a reader sees is made of the files, and changes when a neighbour is published; versions have folders of their own.
    listed = files.get(SUMS, b"").decode("utf-8", errors="replace")
    shown = {name for name in files if VIEWS.fullmatch(name) and f"  {name}\n" not in listed}
    views = sorted(name for name in files if name in shown or re.match(r"v\d+/", name))
    files = {name: data for name, data in files.items() if name not in views}
    if not {"run.json", SUMS} & set(files):
        if done.wrong:
            return done
        raise FileFormatError(f"{source}: is no report of coordlib (neither run.json nor {SUMS} is in it)")
    _hashes(files, done)
    files = {name.removesuffix(".gz"): as_made(name, data) for name, data in files.items()}
    if views:
        done.left_out.append(f"the page as it looks ({', '.join(views[:3])}): it is made from the files")
    if record := _record(files, done):
        Numbers(files, record, done).follow()
        above = folder.resolve().parents if folder else ()
        workspace = Workspace(above[2]) if len(above) > 2 else None
        if again and workspace is not None and workspace.database.is_file():
            _again(workspace, files, record, done)
        else:
            done.left_out.append(
                "whether all posts that were looked at lead to the same network and the same classes of evidence, and what the tables "
                "say of labels, texts, views and likes: those posts are not in the report"
            )
    return done


def _unpacked(name: str, data: bytes, done: Verification) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for item in archive.infolist():
                try:
                    found[item.filename.split("/", 1)[-1]] = archive.read(item)
                except Exception as error:  # zlib's and zipfile's own, all of them damage
                    done.damaged[item.filename.split("/", 1)[-1]] = str(error)
    except (zipfile.BadZipFile, ValueError, NotImplementedError, UnicodeDecodeError) as error:
        done.wrong.append(f"{name}: is damaged ({error})")
        return found
    if zip_is_whole(data) and not done.damaged:
        done.checked.append(f"{name}: the zip as it was published")
    else:
        why = "; ".join(f"{inside} is damaged: {error}" for inside, error in done.damaged.items())
        done.wrong.append(f"{name}: is not the zip that was published ({why or 'its hash differs'})")
    return found


def _hashes(files: Mapping[str, bytes], done: Verification) -> None:
    found = {name: hashlib.sha256(data).hexdigest() for name, data in files.items() if name != SUMS}
    if SUMS in done.damaged:
        done.left_out.append(f"hashes: {SUMS} is damaged")
    elif SUMS in files:
        told = {f"{name}: is missing" for name in done.damaged}
        done.wrong += [line for line in wrong_files(found, files[SUMS]) if line not in told]
        done.checked.append(f"the SHA-256 of {len(found):,} files")
    else:
        done.left_out.append(f"hashes: there is no {SUMS}")


def _record(files: Mapping[str, bytes], done: Verification) -> RunRecord | None:
    if "run.json" not in files:
        return None
    try:
        record = RunRecord.model_validate_json(files["run.json"])
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        done.wrong.append(f"run.json: is no record of a run ({where}: {first['msg']})")
        return None
    for name, value in record.outputs.items():
        if name in files and hashlib.sha256(files[name]).hexdigest() != value:
            done.wrong.append(f"{name}: is not the file that run.json names")
    if made := record.notebook:
        edited = "edited by those who ran it" if made.edited else "that of coordlib"
        done.checked.append(f"made by {made.name}, {edited}, with coordlib {record.code_version}")
    return record


def _again(workspace: Workspace, files: Mapping[str, bytes], record: RunRecord, done: Verification) -> None:
    """Run the notebook of a report again, and compare every table."""
    notebook = record.notebook
    if record.kind != "day" or notebook is None or notebook.name not in MODELS:
        done.left_out.append("the notebook again: it is run again for days only")
        return
    template = workspace.notebook(notebook.name)
    if template_facts(template)["sha256"] != notebook.sha256:
        done.left_out.append(f"the notebook again: {template.name} has been changed since")
        return
    known = MODELS[template.name].model_fields
    values = {name: value for name, value in record.parameters.items() if name in known}
    with tempfile.TemporaryDirectory() as place:
        made = Path(place) / "again"
        given = {**values, "workspace": str(workspace.root.resolve()), "output_dir": str(made)}
        try:
            run_notebook(template, Path(place) / "notebook.ipynb", given)
        except RunError as error:
            done.wrong.append(f"the notebook: fails now ({error})")
            return
        for path in sorted([*made.glob("*.csv"), *made.glob("*.graphml")]):
            was, now = (data.splitlines() for data in (files.get(path.name, b""), path.read_bytes()))
            if files.get(path.name, b"") != path.read_bytes():
                differs = (n for n, (one, two) in enumerate(zip(was, now, strict=False)) if one != two)
                line = next(differs, min(len(was), len(now))) + 1
                done.wrong.append(
                    f"{path.name}, line {line}: differs when the notebook is run again ({len(was):,} lines, {len(now):,} now)"
                )
    done.checked.append(f"{template.name}: run again on the stored posts")
