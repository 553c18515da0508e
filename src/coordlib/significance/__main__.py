"""Compiles what the test of the network needs and keeps it, so that the first notebook does not wait."""

from __future__ import annotations

import pandas as pd

from coordlib.detect import detect_groups
from coordlib.posts import SHARE_COLUMNS
from coordlib.significance.network import network_significance

if __name__ == "__main__":
    posts = [("o", f"a{number % 3}", f"c{number}", number) for number in range(6)]
    shares = pd.DataFrame(posts, columns=SHARE_COLUMNS)
    network_significance(shares, detect_groups(shares, 60, 1), min_weight=1, draws=1)
