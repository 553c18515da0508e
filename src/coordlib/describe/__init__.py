"""What a network is made of: its accounts, components, posts, the pairs behind its edges, and labels for them."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
