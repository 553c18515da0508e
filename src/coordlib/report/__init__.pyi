from . import charts
from .display import Html
from .link_result import LinkReport, draw_url_timeline_chart, get_outputs, write_link_outputs
from .network_view import NetworkView
from .package import SavedReport
from .post_set import PostSet
from .result import Report
from .tables import Table

__all__ = [
    "Html",
    "LinkReport",
    "NetworkView",
    "PostSet",
    "Report",
    "SavedReport",
    "Table",
    "charts",
    "draw_url_timeline_chart",
    "get_outputs",
    "write_link_outputs",
]
