"""The ``coordlib`` command: every capability of the library from a terminal or from cron.

Each group of commands has a module of its own that registers itself on :data:`app`.
"""

from coordlib.cli.app import app, main

__all__ = ["app", "main"]
