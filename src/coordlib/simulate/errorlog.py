"""The error logs of a simulated archive, in the wording and with the shares of the real one."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

_MESSAGES = {
    "500": ("500 Internal Server Error", "internal_error", "Something is wrong. Please try again later."),
    "504": ("504 Gateway Timeout", "Error", "An error occurred while processing your request."),
    "401": (
        "401 Unauthorized",
        "access_token_invalid",
        "The access token is invalid or not found in the request.",
    ),
    "429": (
        "429 Too Many Requests",
        "daily_quota_limit_exceeded",
        "The API daily quota limit exceeded. Please try again later",
    ),
}


def log_id(rng: np.random.Generator, second: int) -> str:
    """Return a log id: 14 digits of UTC time and 20 upper-case hexadecimal digits."""
    stamp = dt.datetime.fromtimestamp(second, dt.UTC).strftime("%Y%m%d%H%M%S")
    return stamp + "".join("0123456789ABCDEF"[k] for k in rng.integers(0, 16, 20))


def day_errors(seed: int, now: int, state: str) -> pd.DataFrame:
    """Return the error log of a day: columns timestamp, type, message.

    Parameters
    ----------
    seed, now
        Seed of the world and UTC midnight of the day.
    state
        ``normal`` (a few of everything, then the quota), ``quiet`` or ``failed`` (persistent 500s).
    """
    rng = np.random.default_rng([seed, now, 5])
    plan = {
        "normal": [("chunk_error", "504", 2), ("chunk_error", "401", 1), ("description_query_error", "504", 3),
                   ("description_query_error", "429", 8)],
        "quiet": [("chunk_error", "500", 24), ("description_query_error", "504", 2)],
        "failed": [("chunk_error", "500", 60), ("daily_quota_exceeded", "429", 1)],
    }[state]  # fmt: skip
    rows, second = [], now + 65
    day = dt.datetime.fromtimestamp(now, dt.UTC).date().isoformat()
    for kind, status, most in plan:
        for _ in range(int(rng.integers(max(1, most // 2), most + 1))):
            second += int(rng.integers(2, 110))
            reason, code, message = _MESSAGES[status]
            text = f"HTTP {reason}.\n• status: {code}\n• message: {message}\n• log_id: {log_id(rng, second)}"
            rows.append((day, kind, text))
    return pd.DataFrame(rows, columns=["timestamp", "type", "message"])
