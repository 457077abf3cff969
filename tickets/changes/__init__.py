"""Change enablement: assessment, conflicts, the calendar and its feed, the implementation log, the results."""
