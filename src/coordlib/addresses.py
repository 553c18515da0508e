"""Web addresses of accounts and posts, made from a template and nothing an account could choose freely."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import quote

#: Address of an account by platform; ``{account}`` is percent-encoded before it is put in.
ACCOUNT_PAGES = {
    "tiktok": "https://www.tiktok.com/@{account}",
    "bluesky": "https://bsky.app/profile/{account}",
}

#: A name that is none: see :mod:`coordlib.report.post_set`.
PSEUDONYM = re.compile(r"account-[0-9a-f]{12}")


@lru_cache(maxsize=100_000)
def account_address(account: object, platform: object = "tiktok") -> str | None:
    """Return the address of an account, or None where the platform's is not known."""
    template = None if PSEUDONYM.fullmatch(str(account)) else ACCOUNT_PAGES.get(str(platform))
    return template and template.replace("{account}", quote(str(account), safe=""))


def video_address(account: object, content_id: object) -> str | None:
    """Return the address of a TikTok video, or None where the id is not a number or the account a pseudonym."""
    page, digits = account_address(account), str(content_id)
    return f"{page}/video/{digits}" if page and digits.isascii() and digits.isdigit() else None
