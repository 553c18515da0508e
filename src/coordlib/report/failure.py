"""The page of a day whose report could not be made; a good page that is there stays, with a note."""

from __future__ import annotations

from pathlib import Path

from coordlib.errors import PublishError
from coordlib.files import write_json
from coordlib.report.checksums import write_sums
from coordlib.report.configuration import is_simulated
from coordlib.report.first_screen import day_banner
from coordlib.report.notebook_page import FAILED_AGAIN, add_note, page_notebook, write_notebook
from coordlib.report.package import is_published, next_version, page_meta, seal
from coordlib.report.record import RunRecord, code_version
from coordlib.report.text import clean_text, escape, hide_folders


def failure_page(folder: Path | str, date: str, message: str, traceback_text: str) -> Path:
    """Write the page of a day whose report could not be made, with the traceback as inert text."""
    folder = Path(folder)
    message, traceback_text = hide_folders(message), hide_folders(traceback_text)
    target = folder / "index.ipynb"
    try:
        if is_published(folder):
            note = (
                '<div class="cl-banner cl-warn" role="note"><strong>A later run of this day failed.</strong> This is the '
                f"report of the run before. {escape(message)}</div>"
            )
            add_note(target, FAILED_AGAIN, note)
            write_sums(folder)
            return target
        folder.mkdir(parents=True, exist_ok=True)
        run: RunRecord = {
            "name": folder.name,
            "date": date,
            "outcome": "failed",
            "message": clean_text(message),
            "code_version": code_version(),
            "simulated": is_simulated(folder),
            "version": next_version(folder),
        }
        write_json(folder / "run.json", run)
        shown = escape(traceback_text[-20_000:])
        details = (
            f'<p class="cl-error">{escape(message)}</p><details><summary>Technical details</summary>'
            f'<pre class="cl-trace" tabindex="0">{shown}</pre></details>'
        )
        write_notebook(target, page_notebook(page_meta(run), [day_banner(run), details]))
        seal(folder)
    except OSError as error:
        raise PublishError(
            f"{folder}: the failure page cannot be written ({error.strerror or error})"
        ) from error
    return target
