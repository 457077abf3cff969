"""Demonstration accounts and a little history, for trials and training."""
