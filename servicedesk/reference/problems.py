"""From how many similar incidents a service is proposed for a problem."""

from servicedesk.reference.store import Store
from tickets.models import CandidateRule

INCIDENTS, DAYS = 3, 7


def load(store: Store) -> None:
    """The rule for services without one of their own. An officer who changed it keeps the change."""
    store.put(CandidateRule, {"service": None}, {"incidents": INCIDENTS, "days": DAYS})
