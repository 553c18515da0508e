"""What runs: notebooks, days, discoveries, sweeps, and the readers of what they stored."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
