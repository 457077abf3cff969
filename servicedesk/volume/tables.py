"""Inserting very many rows: see `core.bulk`."""

from core.bulk import insert, number, take_ids

__all__ = ["insert", "number", "take_ids"]
