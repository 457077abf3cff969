"""Canned texts of replies."""

from servicedesk.reference.store import Store
from tickets.automation import templates
from tickets.models import ReplyTemplate


def load(store: Store) -> None:
    rows = store.document("balasan.toml")["reply"]
    for row in rows:
        problems = templates.problems(row["text"])
        if problems:
            raise ValueError(f"{row['code']}: {problems[0]}")
    store.put_many(ReplyTemplate, rows)
