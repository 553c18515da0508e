"""Detect, describe and publish coordinated sharing on social media.

The public names are listed in ``__init__.pyi``. Each is loaded when it is first used, so that a notebook
that only detects does not wait for the parts that run notebooks or collect.
"""

import lazy_loader

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
