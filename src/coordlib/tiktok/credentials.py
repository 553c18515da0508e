"""The client key and secret: where they are read from, and how they are kept out of everything else."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn, Self
from urllib.parse import quote, quote_plus

from dotenv import dotenv_values

from coordlib.errors import CredentialsError, MissingDependencyError

#: Name under which the system keyring keeps key and secret.
KEYRING_SERVICE = "coordlib-tiktok"

KEY_NAME, SECRET_NAME = "TIKTOK_CLIENT_KEY", "TIKTOK_CLIENT_SECRET"

#: What stands in a text where a secret was.
HIDDEN = "[hidden]"


@dataclass(frozen=True, repr=False)
class Credentials:
    """A client key and its secret, which no ``repr``, ``str``, format or pickle shows.

    Examples
    --------
    >>> Credentials("aw1example", "s3cret-example")
    Credentials([hidden])
    """

    client_key: str = field(repr=False)
    client_secret: str = field(repr=False)

    def __post_init__(self) -> None:
        for name, value in ((KEY_NAME, self.client_key), (SECRET_NAME, self.client_secret)):
            if not isinstance(value, str) or not value.strip():
                raise CredentialsError(
                    f"{name} is empty; set it in the environment, in .env or in the keyring"
                )

    def __repr__(self) -> str:
        return f"Credentials({HIDDEN})"

    __str__ = __repr__

    def __reduce__(self) -> NoReturn:
        raise TypeError("credentials are not pickled: read them again where they are needed")

    @classmethod
    def find(
        cls,
        *,
        environ: Mapping[str, str] | None = None,
        dotenv: Path | str | None = ".env",
        keyring: bool = True,
    ) -> Self:
        """Look for key and secret in the environment, then in a ``.env`` file, then in the system keyring.

        Parameters
        ----------
        environ
            Variables to look in (none: those of the process).
        dotenv
            File of ``NAME=value`` lines; none to skip. Its values are not put into the environment.
        keyring
            Whether to ask the system keyring (package ``keyring``), where it is installed.

        Raises
        ------
        CredentialsError
            Nothing was found; the message names the places.
        """
        variables: Mapping[str, str | None] = os.environ if environ is None else environ
        places: list[Mapping[str, str | None]] = [variables]
        if dotenv is not None and Path(dotenv).is_file():
            places.append(_from_file(Path(dotenv)))
        for place in places:
            key, secret = place.get(KEY_NAME), place.get(SECRET_NAME)
            if key and secret:
                return cls(key.strip(), secret.strip())
        if keyring and (found := _from_keyring(required=False)) is not None:
            return cls(*found)
        raise CredentialsError(
            f"no credentials: set {KEY_NAME} and {SECRET_NAME} in the environment or in a .env file, "
            f"or store both in the keyring under '{KEYRING_SERVICE}'"
        )

    @classmethod
    def from_keyring(cls) -> Self:
        """Read key and secret from the system keyring.

        Raises
        ------
        MissingDependencyError
            The package ``keyring`` is not installed.
        CredentialsError
            The keyring has no such entry.
        """
        found = _from_keyring(required=True)
        if found is None:
            raise CredentialsError(
                f"the keyring has no entry: run 'keyring set {KEYRING_SERVICE} {KEY_NAME}' and the same with {SECRET_NAME}"
            )
        return cls(*found)


def _from_file(file: Path) -> Mapping[str, str | None]:
    try:
        # Values are taken as they stand: a secret may hold '${'. Some editors begin a file with a mark.
        return dotenv_values(file, interpolate=False, encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise CredentialsError(
            f"{file}: cannot be read ({type(error).__name__}); make it a UTF-8 text file you may read"
        ) from None


def _from_keyring(*, required: bool) -> tuple[str, str] | None:
    try:
        import keyring
    except ImportError:
        if required:
            raise MissingDependencyError.for_extra(
                "keyring", "keyring", "reading credentials from the keyring"
            ) from None
        return None
    try:
        key = keyring.get_password(KEYRING_SERVICE, KEY_NAME)
        secret = keyring.get_password(KEYRING_SERVICE, SECRET_NAME)
    except Exception as error:
        if required:
            raise CredentialsError(
                f"the keyring cannot be read ({type(error).__name__}); use the environment or .env"
            ) from None
        return None
    return (key, secret) if key and secret else None


def redact(value: Any, *secrets: str | None) -> str:
    """Return a text in which each secret is replaced, whatever sent it back to us, and however it was encoded.

    A service that repeats the form it was sent repeats it percent-encoded.

    Examples
    --------
    >>> redact("client_secret=s3cr%3Dt&client_key=k1", "s3cr=t", "k1")
    'client_secret=[hidden]&client_key=[hidden]'
    """
    text = str(value)
    for secret in filter(None, secrets):
        forms = {secret, quote(secret, safe=""), quote(secret), quote_plus(secret), json.dumps(secret)[1:-1]}
        for form in sorted(forms, key=lambda item: (-len(item), item)):
            text = re.sub(re.escape(form), HIDDEN, text, flags=re.IGNORECASE if "%" in form else 0)
    return text
