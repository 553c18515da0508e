from .client import TikTokResearch
from .collector import Collector
from .credentials import Credentials
from .endpoints import FailedWindow, Outcome
from .errors import Answer, Kind
from .plan import Plan, PlannedRequest, plan_accounts, plan_captions
from .query import Condition, Query, any_of, condition
from .session import RequestBudget

__all__ = [
    "Answer",
    "Collector",
    "Condition",
    "Credentials",
    "FailedWindow",
    "Kind",
    "Outcome",
    "Plan",
    "PlannedRequest",
    "Query",
    "RequestBudget",
    "TikTokResearch",
    "any_of",
    "condition",
    "plan_accounts",
    "plan_captions",
]
