from . import charts
from .display import Html
from .evidence import EvidenceView
from .link_result import LinkReport, LinkResults, draw_url_timeline_chart, get_outputs, write_link_outputs
from .network_view import NetworkView
from .package import SavedReport
from .post_set import PostSet
from .record import Counts, Evidence, Kept, OtherSettings, RunRecord, Template
from .result import Report
from .tables import Table

__all__ = [
    "Counts",
    "Evidence",
    "EvidenceView",
    "Html",
    "Kept",
    "LinkReport",
    "LinkResults",
    "NetworkView",
    "OtherSettings",
    "PostSet",
    "Report",
    "RunRecord",
    "SavedReport",
    "Table",
    "Template",
    "charts",
    "draw_url_timeline_chart",
    "get_outputs",
    "write_link_outputs",
]
