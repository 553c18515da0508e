"""Texts that count as the same though they are not equal: near-duplicate captions, and what differs in them."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
