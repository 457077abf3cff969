"""Automation as data: rules that act on tickets by themselves, and who gets a team's new ticket."""

from tickets.automation.engine import after

__all__ = ["after"]
