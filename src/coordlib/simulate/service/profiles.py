"""Profiles of accounts: who can be asked about, and what is told."""

from __future__ import annotations

from coordlib.simulate.ids import chance
from coordlib.simulate.service.context import Context, Found
from coordlib.simulate.service.faults import Call
from coordlib.simulate.service.validate import InvalidParams, check_fields
from coordlib.tiktok.endpoints import USER_INFO

_INFO = 47
REFUSALS = (
    "API cannot return this user's information",
    "username {name} is private",
    "username {name} information cannot be returned",
)


def user_info(context: Context, call: Call) -> Found:
    """Return the profile of an account; counts are live."""
    names = check_fields(call.fields, USER_INFO.fields)
    account, catalogue = _account(context, call), context.catalogue
    row = catalogue.world.accounts.iloc[account]
    videos = catalogue.rows_of(account, context.state.now)
    about = f"simulated account, line {account}\nsecond line, with a comma"
    info = {
        "display_name": str(row["display_name"]),
        "bio_description": "" if account % 3 else about,
        "avatar_url": f"https://sim.invalid/{account}.webp",
        "is_verified": bool(row["verified"]),
        "follower_count": int(row["followers"]),
        "following_count": int(row["following"]),
        "likes_count": int(catalogue.final["like_count"][videos].sum()),
        "video_count": len(videos),
    }
    if chance(account, _INFO)[0] < 0.1:
        info["bio_url"] = f"https://sim.invalid/page/{account}"
    return Found({name: info[name] for name in names if name in info}, 1)


def _account(context: Context, call: Call) -> int:
    """Return the account a request names, refused where the service would not return it."""
    name = call.body.get("username")
    if not isinstance(name, str) or not name:
        raise InvalidParams("Invalid username")
    account = context.catalogue.number.get(name.casefold())
    if account is None:
        raise InvalidParams(f"username {name} is invalid: cannot find the user")
    fault = context.faults.strike("user_refused", call)
    if fault is not None or context.catalogue.private[account]:
        wording = REFUSALS[account % len(REFUSALS)]
        raise InvalidParams((fault.message if fault and fault.message else wording).format(name=name))
    return account
