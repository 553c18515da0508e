from .mapping import (
    Format,
    ObjectSource,
    format_by_name,
    format_names,
    load_mapping,
    recognise,
)
from .model import Export, ExportReport, merge_reports
from .read import (
    iter_export,
    normalise,
    read_export,
)
from .shares import crowdtangle_link_shares, export_link_shares, link_object, to_shares, without_object

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
    "merge_reports",
    "normalise",
    "read_export",
    "recognise",
    "to_shares",
    "without_object",
]
