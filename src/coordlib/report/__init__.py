"""Reports: tables, figures, the network view, a report's files, and the words around them.

Everything an account wrote is hostile text: it leaves these functions escaped, as data, or not at all.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
