"""What researchers have saved or can ask for: archives, exports, tweets, Bluesky, Media Cloud, label endpoints."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
