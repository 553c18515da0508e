"""A client of the TikTok Research API that wastes no request and loses no row: queries are checked before they are sent, every
page is stored with its ledger row in one transaction, and the plans spend the day's requests where they bring most.

One request at a time: :class:`TikTokResearch`. A monitoring day: :func:`plan_accounts` and :func:`plan_captions`, worked off by a
:class:`Collector`; a killed run that is started again under its name goes on where it stopped. Refreshing: ``compliance.refresh``.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
