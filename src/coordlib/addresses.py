"""Web addresses of accounts and posts, made from a template and nothing an account could choose freely."""

from __future__ import annotations

from urllib.parse import quote

#: Address of a TikTok account; ``{account}`` is percent-encoded before it is put in.
TIKTOK = "https://www.tiktok.com/@{account}"


def account_address(account: object, template: str = TIKTOK) -> str:
    """Return the address of an account.

    Examples
    --------
    >>> account_address('a"><script>')
    'https://www.tiktok.com/@a%22%3E%3Cscript%3E'
    """
    return template.replace("{account}", quote(str(account), safe=""))


def video_address(account: object, video_id: object) -> str | None:
    """Return the address of a TikTok video, or None where the id is not a number.

    Examples
    --------
    >>> video_address("a.b", "7676140814108206909")
    'https://www.tiktok.com/@a.b/video/7676140814108206909'
    """
    digits = str(video_id)
    return f"{account_address(account)}/video/{digits}" if digits.isascii() and digits.isdigit() else None
