"""The ``coordlib`` command: every capability of the library from a terminal or from cron.

A module of commands is loaded when one of them is called, and what the command works with when it runs, because one
second for a list of commands is what people notice first.
"""

from coordlib.cli.app import app, main

__all__ = ["app", "main"]
