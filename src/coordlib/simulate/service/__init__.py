"""The Research API over a simulated world, on loopback: for the demo, teaching, tests and benchmarks.

Nothing else in the library imports this package; it needs the extra ``coordlib[simulate]``. Every answer says in a
header that it is simulated.
"""

from coordlib.simulate.service.api import Service
from coordlib.simulate.service.config import Fault, ServerConfig, archive_faults, load_config, read_faults
from coordlib.simulate.service.server import running_server, serve

__all__ = [
    "Fault",
    "ServerConfig",
    "Service",
    "archive_faults",
    "load_config",
    "read_faults",
    "running_server",
    "serve",
]
