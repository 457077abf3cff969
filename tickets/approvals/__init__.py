"""Approvals: who is asked, whose vote counts, what follows from it, and who is reminded."""
