"""What a handler is given, and what it hands back: plain data, which only the service wraps."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from coordlib.simulate.service.catalogue import Catalogue
from coordlib.simulate.service.config import ServerConfig
from coordlib.simulate.service.faults import Faults
from coordlib.simulate.service.state import State
from coordlib.simulate.world import World


@dataclass
class Context:
    """The world that is served, the switches, and what changes while it is."""

    world: World
    config: ServerConfig
    catalogue: Catalogue = field(repr=False)
    state: State = field(repr=False)
    faults: Faults = field(repr=False)

    @property
    def newest(self) -> float:
        """Creation time of the newest videos the archive shows now."""
        return self.state.now - self.config.archive_delay


@dataclass(frozen=True)
class Found:
    """What a request found: the object under ``data``, or a text file; and how many rows it holds."""

    data: dict[str, Any]
    rows: int = 0
    text: str | None = None
