"""Simulated worlds with known truth: ``world`` builds one, ``archive`` writes it as daily folders, ``shares`` and
``links`` make tables of shares. Everything made here says that it is simulated.

Apart, and imported by nothing else in the library: ``service``, the Research API over such a world.
"""
