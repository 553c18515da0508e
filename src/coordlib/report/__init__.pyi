from . import charts
from .link_charts import draw_url_timeline_chart
from .link_outputs import get_outputs, write_link_outputs
from .tables import Table

__all__ = [
    "Table",
    "charts",
    "draw_url_timeline_chart",
    "get_outputs",
    "write_link_outputs",
]
