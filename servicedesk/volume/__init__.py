"""Realistic, reproducible volume: many tickets at once, for load trials and screenshots."""
