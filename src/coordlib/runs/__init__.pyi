from .checked import check_parameters
from .dataset import detect_dataset
from .discover import add_seeds, discover_seeds, discovery_query
from .edge_list import EdgeList
from .import_shares import BlueskyReport, collect_links, import_shares
from .link_sharing import LinkInput, detect_links, link_facts, load_link_shares, make_link_report
from .notebook_sweep import NotebookSweep, SweepDone, read_sweep, sweep_notebooks
from .notebooks import run_notebook
from .reporting import SweepReport, label_link_networks, label_networks, make_report, make_sweep_report
from .stored import load_day, load_discovery, load_table

__all__ = [
    "BlueskyReport",
    "EdgeList",
    "LinkInput",
    "NotebookSweep",
    "SweepDone",
    "SweepReport",
    "add_seeds",
    "check_parameters",
    "collect_links",
    "detect_dataset",
    "detect_links",
    "discover_seeds",
    "discovery_query",
    "import_shares",
    "label_link_networks",
    "label_networks",
    "link_facts",
    "load_day",
    "load_discovery",
    "load_link_shares",
    "load_table",
    "make_link_report",
    "make_report",
    "make_sweep_report",
    "read_sweep",
    "run_notebook",
    "sweep_notebooks",
]
