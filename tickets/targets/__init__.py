"""Targets as people keep and read them: making versions, overview, trial on last month's tickets, explanation."""
