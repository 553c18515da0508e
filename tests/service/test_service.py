"""JSON over HTTP: bounded answers, retries that end, an address that is wrong, secrets that come back."""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import quote, quote_plus

import httpx
import pytest

from coordlib.errors import CredentialsError, ParameterError, ServiceError
from coordlib.service import HIDDEN, Service, check_address, environment, hidden, read_file

SECRET = "s3cr=t&%+Zz9é"


def tea(answer: Callable[[httpx.Request], httpx.Response], waits: list[float] | None = None) -> Service:
    """A service of the given answers, on a clock that only waiting moves."""
    waits = [] if waits is None else waits
    return Service(
        "Tea",
        "https://tea.example",
        transport=httpx.MockTransport(answer),
        sleep=waits.append,
        clock=lambda: 1000.0 + sum(waits),
        secrets=[SECRET],
    )


@pytest.mark.parametrize(
    "spelling",
    [
        SECRET,
        quote(SECRET, safe=""),
        quote(SECRET).lower(),
        quote_plus(SECRET),
        quote(quote(SECRET)),
        "".join(f"%{byte:02X}" for byte in SECRET.encode()),
        "".join(f"\\u{ord(letter):04x}" for letter in SECRET),
        SECRET.replace("&", "&amp;").replace("=", "&#61;").replace("+", "&#x2B;"),
        SECRET.encode().hex().upper(),
        *(base64.b64encode(f"{before}{SECRET}:x".encode()).decode() for before in ("", "k", "ke", "key")),
        *(base64.urlsafe_b64encode(f"{before}{SECRET}".encode()).decode() for before in ("", "?", "??")),
    ],
)
def test_a_secret_is_taken_out_however_it_is_spelled(spelling: str) -> None:
    told = hidden(f"you sent '{spelling}' to us", "another-secret", SECRET)
    assert told == f"you sent '{HIDDEN}' to us"


def test_a_text_without_the_secret_stays_as_it_is() -> None:
    text = "HTTP 400, s3cr, log_id 20261123103045AABBCCDDEEFF00112233 & more"
    assert hidden(text, SECRET, None, "") == text


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("http://tea.example", "https://"),
        ("tea.example", "has to be an address"),
        ("ftp://tea.example", "address"),
        ("https://me:pw@tea.example", "password"),
        ("http://127.0.0.1.tea.example", "https://"),
    ],
)
def test_a_secret_goes_over_no_open_line(address: str, reason: str) -> None:
    with pytest.raises(ParameterError, match=f"base_url.*{reason}") as caught:
        check_address(address, "base_url")
    assert "pw" not in str(caught.value).replace("password", "")


def test_this_machine_needs_no_encryption() -> None:
    for address in ("http://localhost:1", "http://127.0.0.1:1/v1", "http://[::1]:1", "https://tea.example"):
        check_address(address, "base_url")
    check_address("http://tea.example", "label", secret=False)


def test_an_address_that_was_never_reached_is_named_after_one_more_try() -> None:
    waits: list[float] = []

    def nobody(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("[Errno -2] Name or service not known")

    with (
        tea(nobody, waits) as service,
        pytest.raises(
            ServiceError, match=r"https://tea\.example cannot be reached \(ConnectError: .*not known\)"
        ),
    ):
        service.ask("GET", "/")
    assert sum(waits) < 5


def test_a_host_that_answered_before_is_waited_for() -> None:
    answers = iter(
        [httpx.Response(200), httpx.ConnectError("gone"), httpx.ConnectError("gone"), httpx.Response(204)]
    )

    def service_answers(request: httpx.Request) -> httpx.Response:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    waits: list[float] = []
    with tea(service_answers, waits) as service:
        service.ask("GET", "/")
        assert service.ask("GET", "/").status == 204
    assert waits == [2.0, 4.0]


def test_a_gateway_error_that_stays_ends() -> None:
    waits: list[float] = []
    with (
        tea(lambda request: httpx.Response(504, text="<html>"), waits) as service,
        pytest.raises(ServiceError, match="no answer after 5 tries"),
    ):
        service.ask("GET", "/")
    assert waits == [2.0, 4.0, 8.0, 16.0]


def test_a_rate_limit_is_waited_out_or_named() -> None:
    answers = iter([httpx.Response(429, headers={"retry-after": "7"}), httpx.Response(200)])
    waits: list[float] = []
    with tea(lambda request: next(answers), waits) as service:
        assert service.ask("GET", "/").status == 200
    assert waits == [7.0]
    with (
        tea(lambda r: httpx.Response(429, headers={"retry-after": "7200"})) as service,
        pytest.raises(ServiceError, match="in 120 minutes"),
    ):
        service.ask("GET", "/")


def test_no_answer_is_read_beyond_its_bound() -> None:
    def endless(request: httpx.Request) -> httpx.Response:
        def parts() -> Iterator[bytes]:
            while True:
                yield b"x" * 65_536

        return httpx.Response(200, content=parts())

    transport = httpx.MockTransport(endless)
    with Service("Tea", "https://tea.example", transport=transport, largest=1 << 20) as service:
        assert service.send("GET", "/").trouble == "an answer of more than 1 MB"


def test_an_answer_that_trickles_is_given_up_in_time() -> None:
    def slowly(request: httpx.Request) -> httpx.Response:
        def parts() -> Iterator[bytes]:
            while True:
                yield b"x"

        return httpx.Response(200, content=parts())

    with Service(
        "Tea", "https://tea.example", transport=httpx.MockTransport(slowly), patience=0.01
    ) as service:
        assert "not complete" in service.send("GET", "/").trouble


def test_what_cannot_be_asked_tells_no_secret() -> None:
    with (
        tea(lambda request: httpx.Response(200)) as service,
        pytest.raises(ServiceError, match="cannot be asked") as caught,
    ):
        service.send("GET", "/", headers={"Authorization": f"Bearer {SECRET}"})
    assert SECRET not in str(caught.value)


def test_an_answer_that_is_no_json_object_is_an_empty_one() -> None:
    for body in (b"<html>", b"[1]", b"\xff", b"[" * 100_000, b""):
        with tea(lambda request, body=body: httpx.Response(200, content=body)) as service:
            assert service.send("GET", "/").object() == {}


class Hasty(BaseHTTPRequestHandler):
    """Closes the line in the middle of its answer."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("content-length", "100")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, format: str, *args: object) -> None:
        pass


def test_half_an_answer_is_trouble() -> None:
    with HTTPServer(("127.0.0.1", 0), Hasty) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        with Service("Tea", f"http://127.0.0.1:{server.server_address[1]}") as service:
            assert "RemoteProtocolError" in service.send("GET", "/").trouble
        thread.join()


def test_variables_come_over_those_of_the_file(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("\ufeffA='a${B}'\nB=\nC=file\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("C", "process")
    found = environment()
    assert (found["A"], found.get("B"), found["C"]) == ("a${B}", None, "process")
    (tmp_path / ".env").write_bytes(b"A=\xff")
    with pytest.raises(CredentialsError, match="UTF-8"):
        read_file()
