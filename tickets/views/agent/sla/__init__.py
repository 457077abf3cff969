"""Screens where coordinators keep working hours, targets, escalation and agreements."""
