from .budget import RequestBudget
from .caption_plan import plan_captions
from .client import TikTokResearch
from .collector import Collector
from .credentials import Credentials
from .endpoints import FailedWindow, Outcome
from .plan import Plan, PlannedRequest, plan_accounts
from .query import Condition, Query, any_of, condition

__all__ = [
    "Collector",
    "Condition",
    "Credentials",
    "FailedWindow",
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
