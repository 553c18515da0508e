"""What an edge is evidence of: tests that hold in worlds without coordination, and classes in plain words."""

from coordlib.significance.classes import (
    SIGNIFICANT,
    UNDECIDED,
    evidence_headline,
    evidence_sentence,
    evidence_table,
)
from coordlib.significance.edge import edge_significance
from coordlib.significance.network import network_sentence, network_significance

__all__ = [
    "SIGNIFICANT",
    "UNDECIDED",
    "edge_significance",
    "evidence_headline",
    "evidence_sentence",
    "evidence_table",
    "network_sentence",
    "network_significance",
]
