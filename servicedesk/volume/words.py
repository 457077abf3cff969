"""Sentences of generated tickets, put together from templates."""

import random
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from catalog.models import Service

FILE = Path(__file__).with_name("words.toml")
ANY_APPLICATION = "*aplikasi"


class Words:
    """Draws sentences. The same generator in the same state draws the same ones."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.lists: dict[str, Any] = tomllib.loads(FILE.read_text(encoding="utf-8"))
        topics: list[dict[str, list[str]]] = self.lists["topic"]
        self._topics = {code: topic for topic in topics for code in topic["services"]}

    def topic(self, service: Service) -> Mapping[str, Sequence[str]]:
        """The templates that fit a service; those of applications where it has none of its own."""
        return self._topics.get(service.code) or self._topics[ANY_APPLICATION]

    def pick(self, choices: Sequence[str], office: str = "", service: str = "") -> str:
        """One of these sentences with its gaps filled."""
        return self.fill(choices[int(self.rng.random() * len(choices))], office, service)

    def fill(self, template: str, office: str = "", service: str = "") -> str:
        """A template with its gaps filled."""
        if "{" not in template:
            return template
        return template.format(
            office=office,
            service=service,
            place=self._one("places"),
            since=self._one("since"),
            count=2 + int(self.rng.random() * 8),
        )

    def say(self, name: str) -> str:
        """One sentence of a general list."""
        return self._one(name)

    def report(self, body: str) -> str:
        """A first message: greeting, what it is about, closing."""
        parts = [self._one("greetings"), body]
        parts.append(self._one("closings"))
        return " ".join(part for part in parts if part)

    def person(self) -> str:
        names = self.lists["names"]
        return f"{self.rng.choice(names['first'])} {self.rng.choice(names['last'])}"

    def _one(self, name: str) -> str:
        choices: list[str] = self.lists[name]
        return choices[int(self.rng.random() * len(choices))]
