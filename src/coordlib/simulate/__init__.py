"""A simulated world with known truth, as an archive on disk and as the Research API on loopback.

``world`` builds it, ``archive`` writes it as daily folders, ``server`` serves it; ``shares`` and
``links`` make tables of shares. Everything made here says that it is simulated.
"""
