"""Simulated worlds with known truth: ``world`` builds one, ``archive`` writes it as daily folders, ``shares`` and
``links`` make tables of shares. Everything made here says that it is simulated.

Apart, and imported by nothing else in the library: ``service``, the Research API over such a world.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
