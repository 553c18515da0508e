"""Read what researchers have saved from platforms and collection tools.

>>> import tempfile, pathlib
>>> file = pathlib.Path(tempfile.mkdtemp()) / "videos.csv"
>>> _ = file.write_text("video_id,author_name,create_time,video_description\\n"
...                     "7583486171670498590,tea.time,2025-12-13 23:19:49,Have you heard?\\n", encoding="utf-8")
>>> export = read_export(file)
>>> export.format.name, export.report.accounts
('traktok', 1)
>>> to_shares(export, object="text")["object_id"].to_list()
['Have you heard?']
"""

from coordlib.sources.exports.crowdtangle import crowdtangle_link_shares
from coordlib.sources.exports.link_shares import export_link_shares, link_object
from coordlib.sources.exports.mapping import (
    Format,
    ObjectSource,
    format_by_name,
    format_names,
    load_mapping,
    recognise,
)
from coordlib.sources.exports.model import Export, ExportReport
from coordlib.sources.exports.read import (
    iter_export,
    merge,
    merge_reports,
    normalise,
    read_export,
)
from coordlib.sources.exports.shares import to_shares, without_object

__all__ = [
    "Export",
    "ExportReport",
    "Format",
    "ObjectSource",
    "crowdtangle_link_shares",
    "export_link_shares",
    "format_by_name",
    "format_names",
    "iter_export",
    "link_object",
    "load_mapping",
    "merge",
    "merge_reports",
    "normalise",
    "read_export",
    "recognise",
    "to_shares",
    "without_object",
]
