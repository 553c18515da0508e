"""``python -m coordlib.cli`` is the ``coordlib`` command."""

from coordlib.cli.app import main

main()
