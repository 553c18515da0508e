"""The ``coordlib`` command: every capability of the library from a terminal or from cron.

The modules register their commands on :data:`app`. What a command works with is loaded when it is called, because one
second for a list of commands is what people notice first.
"""

from coordlib.cli import collecting, detection, simulated, watched, workspace
from coordlib.cli.app import app, main

__all__ = ["app", "collecting", "detection", "main", "simulated", "watched", "workspace"]
