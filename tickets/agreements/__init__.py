"""Agreements on the level of a service: what is promised, who signs it, and the document people read."""
