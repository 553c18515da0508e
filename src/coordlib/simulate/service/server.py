"""The simulated Research API as a real HTTP server, on loopback only.

``running_server`` starts it in a thread for tests and notebooks; ``serve`` runs it in the foreground. Besides the
API it answers ``/__sim/faults``, ``/__sim/clock``, ``/__sim/reset`` and ``/__sim/stats``.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from coordlib.errors import CoordError, MissingDependencyError, ParameterError
from coordlib.simulate.service.api import HANDLERS, Service
from coordlib.simulate.service.config import TOKEN, ClockChange, FaultChange, ServerConfig, read_faults
from coordlib.simulate.world import World
from coordlib.tiktok.session import SIMULATED
from coordlib.times import utc_text

if TYPE_CHECKING:
    import uvicorn
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response

HOST = "127.0.0.1"


def _app(service: Service) -> Starlette:
    """Return the ASGI application of a service."""
    from starlette.applications import Starlette
    from starlette.responses import JSONResponse, Response
    from starlette.routing import Route

    async def api(request: Request) -> Response:
        fields, body = request.query_params.get("fields"), await request.body()
        told = (request.headers.get(name, "") for name in ("authorization", "content-type"))
        reply = service.answer(request.url.path, fields, body, *told)
        # Silence until the client gives up, the server stops or the longest wait is over.
        until = time.monotonic() + reply.hang
        stopping = request.app.state.stopping
        while time.monotonic() < until and not (stopping() or await request.is_disconnected()):
            await asyncio.sleep(0.02)
        # Every answer says what it is, so that nothing made from it is taken for real.
        return Response(reply.content, reply.status, headers={SIMULATED: "1"}, media_type=reply.media_type)

    async def admin(request: Request) -> Response:
        body = await request.body()
        try:
            values = json.loads(body) if request.method == "POST" and body else {}
            return JSONResponse(_administer(service, request.path_params["what"], request.method, values))
        except CoordError as error:
            return JSONResponse({"error": str(error)}, 400)
        except ValueError:
            return JSONResponse({"error": "the body is not JSON"}, 400)

    paths = (TOKEN, *(f"research/{name}" for name in HANDLERS))
    routes = [Route(f"/v2/{path}{end}", api, methods=["POST"]) for path in paths for end in ("/", "")]
    return Starlette(routes=[Route("/__sim/{what}", admin, methods=["GET", "POST"]), *routes])


def _administer(service: Service, what: str, method: str, values: Any) -> dict[str, Any]:
    """Do what an admin endpoint asks and return its answer; ``reset`` forgets all and sets the clock to the start."""
    if not isinstance(values, dict):
        raise ParameterError("expected a JSON object")
    state = service.state
    if what == "faults":
        if method == "POST":
            state.use(read_faults(FaultChange.load(values, where="faults").faults))
        return {"faults": [fault.model_dump(exclude_none=True) for fault in state.faults]}
    if what == "clock":
        change = ClockChange.load(values, where="clock")
        state.now = (state.now if change.now is None else change.now.timestamp()) + change.advance
        state.tick = state.tick if change.tick is None else change.tick
        return {"now": state.now, "utc": utc_text(state.now, "%Y-%m-%dT%H:%M:%S+00:00"), "tick": state.tick}
    if what == "reset" and method == "POST":
        state.reset(service.start)
        return {"now": state.now}
    if what == "stats":
        used = [{"client": c, "day": d, "used": n} for (c, d), n in state.used.items()]
        return {"now": state.now, "calls": state.calls, "faults_fired": state.fired, "quota_used": used}
    raise ParameterError(f"/__sim/{what}: use faults, clock, reset (POST) or stats")


@contextlib.contextmanager
def _prepared(service: Service, port: int) -> Iterator[tuple[uvicorn.Server, socket.socket, str]]:
    """Give a server that is not running yet, a socket that listens on loopback, and the address of both."""
    try:
        import uvicorn

        app = _app(service)
    except ImportError as error:
        package = str(error.name).partition(".")[0]
        raise MissingDependencyError.for_extra(package, "simulate", "the simulated Research API") from None
    # asyncio switches the delay of small packets off only for sockets that say TCP.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, port))
            # Listening before the server runs: the first request waits in the queue instead of being refused.
            listener.listen(128)
        except OSError as error:
            raise ParameterError(
                f"port {port} on {HOST} cannot be used ({error.strerror}); choose another, 0 takes a free one"
            ) from None
        quiet = {"log_level": "warning", "access_log": False, "ws": "none", "lifespan": "off", "http": "h11"}
        config = uvicorn.Config(app, HOST, port, loop="asyncio", timeout_graceful_shutdown=2, **quiet)  # type: ignore[arg-type]
        server = uvicorn.Server(config)
        app.state.stopping = lambda: server.should_exit
        yield server, listener, f"http://{HOST}:{listener.getsockname()[1]}"


def serve(
    world: World,
    config: ServerConfig | None = None,
    port: int = 8765,
    ready: Callable[[str], None] = lambda url: None,
) -> None:
    """Serve a world on 127.0.0.1 until interrupted; `ready` gets the base URL as soon as requests are accepted."""
    with _prepared(Service(world, config), port) as (server, listener, url):
        ready(url)
        server.run(sockets=[listener])


@contextlib.contextmanager
def running_server(
    world: World, config: ServerConfig | None = None, service: Service | None = None
) -> Iterator[str]:
    """Run the server in a thread, on a free port, and yield its base URL, for example ``http://127.0.0.1:40123``.

    With `service` an existing one, so that a test can look into it, instead of one of `world` and `config`.
    """
    with _prepared(service or Service(world, config), 0) as (server, listener, url):
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        try:
            yield url
        finally:
            server.should_exit = True
            thread.join(timeout=10)
