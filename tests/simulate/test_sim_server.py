"""The server as a program: its command, its port, its absence, and worlds that do not depend on the machine."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import httpx
import pytest

from coordlib.errors import MissingDependencyError, ParameterError
from coordlib.simulate.service import ServerConfig, Service, running_server, serve

DIGEST = """
import hashlib, sys
import pandas as pd
from coordlib.simulate.world import build_world
world = build_world(accounts=150, days=5, seed=9)
text = world.videos.to_csv() + world.accounts.to_csv() + world.truth.to_csv() + repr(world.captions)
print(hashlib.sha256(text.encode()).hexdigest())
"""


def environment(project, **more):
    return os.environ | {"PYTHONPATH": str(project / "src")} | more


def test_a_world_depends_neither_on_the_hash_seed_nor_on_the_time_zone(project):
    digests = {
        subprocess.run(
            [sys.executable, "-c", DIGEST],
            env=environment(project, PYTHONHASHSEED=seed, TZ=zone),
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for seed, zone in (("1", "Asia/Tokyo"), ("2", "America/New_York"))
    }
    assert len(digests) == 1


@pytest.mark.slow
def test_the_command_serves_until_it_is_interrupted(project, tmp_path):
    code = "from coordlib.cli.app import main; main()"
    command = ["simulate", "serve", "--accounts", "60", "--days", "3", "--port", "0", "--faults", "archive"]
    server = subprocess.Popen(
        [sys.executable, "-c", code, *command, "--truth", str(tmp_path / "truth")],
        env=environment(project),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert server.stdout is not None
        line = server.stdout.readline()
        url = line.split()[3]
        assert httpx.get(f"{url}/__sim/stats", timeout=30).json()["calls"] == {}
        assert (tmp_path / "truth" / "truth.csv").exists()
    finally:
        server.send_signal(signal.SIGINT)
        _, errors = server.communicate(timeout=60)
    assert server.returncode in {0, 130}
    assert "Traceback" not in errors


def test_every_answer_says_that_it_is_simulated(sim):
    sim.faults({"name": "gateway_504_html", "endpoint": "user/info"})
    answers = [sim.query(), sim.post("user/info", {}), sim.http.post("/v2/oauth/token/")]
    assert [answer.status_code for answer in answers] == [200, 504, 401]
    assert all(answer.headers["coordlib-simulated"] == "1" for answer in answers)


def test_a_taken_port_is_one_line(sim_world):
    with running_server(sim_world) as url, pytest.raises(ParameterError, match="choose another"):
        serve(sim_world, port=httpx.URL(url).port)


@pytest.mark.parametrize("package", ["starlette", "uvicorn"])
def test_without_the_extra_the_message_says_how_to_install_it(sim_world, monkeypatch, package):
    monkeypatch.setitem(sys.modules, package, None)
    for name in [name for name in sys.modules if name.startswith(f"{package}.")]:
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(MissingDependencyError, match=r"coordlib\[simulate\]"):
        serve(sim_world, port=0)


def test_the_captured_page_with_27_of_100_videos_can_be_reproduced(sim_world):
    service = Service(sim_world, ServerConfig(drop_share=0.73))
    assert 0.7 < service.catalogue.gone.mean() < 0.8


@pytest.mark.parametrize(
    ("what", "body", "words"),
    [
        ("faults", b"{bad", "not JSON"),
        ("faults", b"[1]", "JSON object"),
        ("faults", b'{"faults": 5}', "valid list"),
        ("faults", b'{"faults": ["internal_error"]}', "faults.0"),
        ("faults", b"{}", "faults: field required"),
        ("faults", b'{"faults": [{"name": "intrnal_error"}]}', "internal_error"),
        ("clock", b'{"advance": "soon"}', "clock: advance"),
        ("clock", b'{"tick": -1}', "greater than or equal to 0"),
        ("clock", b'{"now": "yesterday"}', "clock: now"),
        ("nothing", b"{}", "use faults, clock, reset"),
    ],
)
def test_the_admin_endpoints_answer_a_mistake_in_words_and_change_nothing(sim_world, what, body, words):
    service = Service(sim_world, ServerConfig())
    with running_server(sim_world, service=service) as url:
        before = httpx.get(f"{url}/__sim/clock").json()
        answer = httpx.post(f"{url}/__sim/{what}", content=body)
        assert answer.status_code == 400 and words in answer.json()["error"]
        assert httpx.get(f"{url}/__sim/clock").json() == before
        assert httpx.get(f"{url}/__sim/faults").json() == {"faults": []}
