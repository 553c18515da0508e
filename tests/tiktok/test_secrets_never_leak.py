"""Key, secret and token appear in nothing a run leaves behind or says."""

from __future__ import annotations

import copy
import datetime as dt
import logging
import pickle
import traceback
from urllib.parse import quote, quote_plus

import httpx
import pytest

from coordlib import CoordError
from coordlib.errors import CredentialsError
from coordlib.store import open_store
from coordlib.tiktok import Credentials, Query, any_of
from coordlib.tiktok.endpoints import VIDEO_QUERY

QUERY = Query(and_=[any_of("username", ["user1"])])


def spy(script):
    """Whether a text or bytes holds one of the secrets."""
    secrets = (script.SECRET, script.KEY, script.TOKEN)

    def leaks(text):
        text = text.decode("latin-1") if isinstance(text, bytes) else str(text)
        return [secret for secret in secrets if secret in text]

    return leaks


def test_nothing_a_run_leaves_behind_holds_a_secret(tmp_path, connect, service, script, caplog, capfd):
    leaks = spy(script)
    caplog.set_level(logging.DEBUG)
    echo = f"you sent {script.TOKEN} {script.SECRET} {script.KEY}"
    service.videos = script.make_videos(1, 5)
    turns = iter(
        [
            script.error(500, "internal_error", echo),
            script.error(429, "rate_limit_exceeded", echo),
            script.error(400, script.TOKEN, echo),
            httpx.Response(504, text=f"<title>{echo}</title>", headers={"content-type": "text/html"}),
        ]
    )
    service.before = lambda r, b: next(turns, None)
    with open_store(tmp_path / "w.sqlite") as store, pytest.warns(UserWarning) as warned:
        client = connect(store=store)
        outcome = client.videos(QUERY, dt.date(2026, 11, 1), dt.date(2026, 11, 1))
        said = [
            repr(client),
            repr(outcome),
            repr(client._token),
            repr(client._token._credentials),
            str(client._token._credentials),
        ]
        said += [f"{client._token._credentials}", repr(vars(client))]
        client.close()
    assert outcome.n_rows == 1
    files = [file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()]
    assert files
    for text in (*said, *files, caplog.text, *capfd.readouterr(), *(str(item.message) for item in warned)):
        assert not leaks(text)


@pytest.mark.parametrize("status", [400, 401, 429])
def test_no_exception_or_traceback_holds_a_secret(connect, service, script, status):
    leaks = spy(script)
    codes = {400: "scope_not_authorized", 401: "access_token_invalid", 429: "daily_quota_limit_exceeded"}
    service.before = lambda r, b: script.error(
        status, codes[status], f"{script.TOKEN} {script.SECRET} {script.KEY}"
    )
    with pytest.raises(CoordError) as caught:
        connect().request(VIDEO_QUERY, json={})
    assert not leaks("".join(traceback.format_exception(caught.value)))


def test_a_refused_login_does_not_repeat_key_or_secret(connect, script):
    def service(request):
        text = f"client {script.KEY} with {script.SECRET} is wrong"
        return httpx.Response(401, json={"error": "invalid_client", "error_description": text})

    with pytest.raises(CredentialsError) as caught:
        connect(transport=httpx.MockTransport(service)).request(VIDEO_QUERY, json={})
    assert not spy(script)("".join(traceback.format_exception(caught.value)))


def test_a_secret_that_comes_back_encoded_or_cut_is_taken_out_as_well(connect, script, store):
    secret = "s3cr=t&%+Zz9"
    before = "x" * 195
    for echo in (quote(secret, safe=""), quote_plus(secret).lower(), f"{before}{secret}"):

        def service(request, echo=echo):
            return httpx.Response(
                401, json={"error": "invalid_client", "error_description": echo, "log_id": echo}
            )

        client = connect(
            transport=httpx.MockTransport(service),
            credentials=Credentials("key-of-this-test", secret),
            store=store,
        )
        with pytest.raises(CredentialsError) as caught:
            client.request(VIDEO_QUERY, json={})
        told = str(caught.value) + str(
            [tuple(row) for row in store.connection.execute("SELECT * FROM requests")]
        )
        assert "s3cr" not in told


def test_a_broken_connection_does_not_tell_the_token(connect, service, script, store):
    def fail(request, body):
        raise httpx.ConnectError(f"header {request.headers['authorization']}", request=request)

    service.before = fail
    answer = connect().request(VIDEO_QUERY, json={})
    assert not spy(script)(answer.describe())


def test_credentials_are_not_copied_into_pickles(script):
    credentials = Credentials(script.KEY, script.SECRET)
    for copier in (pickle.dumps, copy.deepcopy):
        with pytest.raises(TypeError, match="not pickled"):
            copier(credentials)


def test_credentials_come_from_the_environment_then_from_the_file(tmp_path):
    file = tmp_path / ".env"
    file.write_text("TIKTOK_CLIENT_KEY=file-key\nTIKTOK_CLIENT_SECRET='file secret'\n")
    both = {"TIKTOK_CLIENT_KEY": "k", "TIKTOK_CLIENT_SECRET": "s"}
    assert Credentials.find(environ=both, dotenv=file, keyring=False).client_key == "k"
    assert Credentials.find(environ={}, dotenv=file, keyring=False).client_secret == "file secret"
    half = {"TIKTOK_CLIENT_KEY": "k"}
    assert Credentials.find(environ=half, dotenv=file, keyring=False).client_key == "file-key"
    with pytest.raises(CredentialsError, match=r"TIKTOK_CLIENT_KEY.*keyring"):
        Credentials.find(environ=half, dotenv=None, keyring=False)


def test_a_secret_in_the_file_is_taken_as_it_stands_also_after_a_mark_at_the_beginning(tmp_path):
    file = tmp_path / ".env"
    text = "\ufeffTIKTOK_CLIENT_KEY=k\nTIKTOK_CLIENT_SECRET='a${HOME}b'\n"
    file.write_text(text, encoding="utf-8")
    assert Credentials.find(environ={}, dotenv=file, keyring=False).client_secret == "a${HOME}b"


def test_a_credentials_file_that_is_no_text_is_named_and_not_shown(tmp_path):
    file = tmp_path / ".env"
    file.write_bytes(b"TIKTOK_CLIENT_SECRET=s3cr\xe9t-of-this\n")
    with pytest.raises(CredentialsError, match=r"\.env: cannot be read") as caught:
        Credentials.find(environ={}, dotenv=file, keyring=False)
    assert "of-this" not in "".join(traceback.format_exception(caught.value))


def test_credentials_come_from_the_keyring_when_nothing_else_has_them():
    keyring = pytest.importorskip("keyring")
    from keyring.backend import KeyringBackend

    class Memory(KeyringBackend):
        priority = 1

        def get_password(self, service, username):
            return {"TIKTOK_CLIENT_KEY": "rk", "TIKTOK_CLIENT_SECRET": "rs"}[username]

        def set_password(self, service, username, password): ...

        def delete_password(self, service, username): ...

    before = keyring.get_keyring()
    keyring.set_keyring(Memory())
    try:
        assert Credentials.find(environ={}, dotenv=None).client_secret == "rs"
        assert Credentials.from_keyring().client_key == "rk"
    finally:
        keyring.set_keyring(before)
