"""Whatever a run leaves behind, key, secret and token are not in it."""

from __future__ import annotations

import io
from contextlib import redirect_stderr, redirect_stdout
from typing import Any

import pytest

from coordlib import CoordError
from coordlib.runs.monitor import monitor_day
from coordlib.simulate.service import read_faults

pytestmark = pytest.mark.usefixtures("without_pages")


def test_no_file_and_no_output_of_a_run_holds_a_secret(station: Any, caplog: pytest.LogCaptureFixture):
    key, secret = "aw1-key-of-this-test", "s3cret-of-this-test"
    station.service.config.clients.clear()
    station.service.config.clients[key] = secret
    echo = f"bad request for {key} {secret}"
    station.service.state.use(
        read_faults(
            [
                {"name": "internal_error", "probability": 0.3, "message": echo},
                {"name": "token_revoked", "first": 1},
            ]
        )
    )
    said = io.StringIO()
    with caplog.at_level(0), redirect_stdout(said), redirect_stderr(said):
        for date in station.days[:2]:
            station.monitor(date, accounts_per_query=4)
        connect = station.connect
        station.service.config.clients[key] = "changed"
        try:
            monitor_day(station.root, station.days[2], connect)
        except CoordError as error:
            said.write(f"{error!r} {error.__cause__!r} {error.__context__!r}")
    tokens = list(station.service.state.tokens)
    assert tokens
    places = {"output": said.getvalue().encode(), "log": caplog.text.encode()}
    places |= {str(path): path.read_bytes() for path in station.root.rglob("*") if path.is_file()}
    assert str(station.root / "coordlib.sqlite") in places
    found = [
        (name, word)
        for name, content in places.items()
        for word in (key, secret, *tokens)
        if word.encode() in content
    ]
    assert found == []
