"""The client key and secret: where they are read from, and how they are kept out of everything else."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn, Self

from coordlib.errors import CredentialsError, MissingDependencyError
from coordlib.service import HIDDEN, read_file
from coordlib.shown import Shown

#: Name under which the system keyring keeps key and secret, and those of the variables.
KEYRING_SERVICE = "coordlib-tiktok"
KEY_NAME, SECRET_NAME = "TIKTOK_CLIENT_KEY", "TIKTOK_CLIENT_SECRET"


@dataclass(frozen=True, repr=False)
class Credentials(Shown):
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
        environ, dotenv
            Variables to look in (none: those of the process); a file of ``NAME=value`` lines (none to skip),
            whose values are not put into the environment.
        keyring
            Whether to ask the system keyring (package ``keyring``), where it is installed.

        Raises
        ------
        CredentialsError
            Nothing was found; the message names the places.
        """
        variables = os.environ if environ is None else environ
        for place in [variables] if dotenv is None else [variables, read_file(dotenv)]:
            if (key := place.get(KEY_NAME)) and (secret := place.get(SECRET_NAME)):
                return cls(key.strip(), secret.strip())
        with contextlib.suppress(MissingDependencyError, CredentialsError):
            if keyring:
                return cls.from_keyring()
        raise CredentialsError(
            f"no credentials: set {KEY_NAME} and {SECRET_NAME} in the environment or in a .env file, "
            f"or store both in the keyring under '{KEYRING_SERVICE}'"
        )

    @classmethod
    def from_keyring(cls) -> Self:
        """Read key and secret from the system keyring; an error where it is not installed or has no such entry."""
        try:
            import keyring

            key, secret = (keyring.get_password(KEYRING_SERVICE, name) for name in (KEY_NAME, SECRET_NAME))
        except ImportError:
            what = "reading credentials from the keyring"
            raise MissingDependencyError.for_extra("keyring", "keyring", what) from None
        except Exception as error:
            raise CredentialsError(
                f"the keyring cannot be read ({type(error).__name__}); use the environment or .env"
            ) from None
        if not key or not secret:
            raise CredentialsError(
                f"the keyring has no entry: run 'keyring set {KEYRING_SERVICE} {KEY_NAME}' and the same with {SECRET_NAME}"
            )
        return cls(key, secret)
