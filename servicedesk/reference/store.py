"""Reading the files and filling rows in, without undoing what an officer changed."""

import csv
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from django.db.models import Model

SHIPPED = Path(__file__).resolve().parent / "data"

AnyModel = TypeVar("AnyModel", bound=Model)
Values = Mapping[str, Any]


@dataclass(slots=True)
class Tally:
    """What happened to the rows of one model."""

    created: int = 0
    updated: int = 0
    kept: int = 0


@dataclass(slots=True)
class Store:
    """One run of the loader.

    A row is looked up by its key and created when missing. An existing row is kept as it is, or with `update` set to
    what the files say. `data` is a folder whose files replace the shipped ones of the same name.
    """

    update: bool = False
    data: Path = SHIPPED
    tallies: dict[type[Model], Tally] = field(default_factory=dict)

    def path(self, name: str) -> Path:
        own = self.data / name
        return own if own.exists() else SHIPPED / name

    def table(self, name: str) -> list[dict[str, str]]:
        """The rows of a CSV file, values stripped."""
        with self.path(name).open(encoding="utf-8-sig", newline="") as file:
            return [{key: (value or "").strip() for key, value in row.items()} for row in csv.DictReader(file)]

    def document(self, name: str) -> dict[str, Any]:
        """A TOML file."""
        return tomllib.loads(self.path(name).read_text(encoding="utf-8"))

    def tally(self, model: type[Model]) -> Tally:
        return self.tallies.setdefault(model, Tally())

    def put(self, model: type[AnyModel], key: Values, values: Values) -> tuple[AnyModel, bool]:
        """(row, whether it is new) for one key of one or several fields."""
        row = model._default_manager.filter(**key).first()
        if row is None:
            self.tally(model).created += 1
            return model._default_manager.create(**key, **values), True
        self._keep_or_update(row, values)
        return row, False

    def put_many(self, model: type[AnyModel], rows: Iterable[Values], key: str = "code") -> dict[str, AnyModel]:
        """Rows by the value of their one key field; missing ones are inserted together."""
        found = {getattr(row, key): row for row in model._default_manager.all()}
        missing: dict[str, AnyModel] = {}
        for values in rows:
            name = values[key]
            if name in found:
                self._keep_or_update(found[name], values)
            else:
                missing[name] = model(**values)
        for row in model._default_manager.bulk_create(missing.values(), batch_size=500):
            found[getattr(row, key)] = row
        self.tally(model).created += len(missing)
        return found

    def _keep_or_update(self, row: Model, values: Values) -> None:
        differing = {name: value for name, value in values.items() if getattr(row, name) != value}
        if not self.update or not differing:
            self.tally(type(row)).kept += 1
            return
        for name, value in differing.items():
            setattr(row, name, value)
        row.save()
        self.tally(type(row)).updated += 1

    def summary(self) -> list[str]:
        """One Indonesian line per model."""
        lines = []
        for model, tally in self.tallies.items():
            name = str(model._meta.verbose_name)
            lines.append(
                f"{name[:1].upper()}{name[1:]}: {tally.created} baru, {tally.updated} diperbarui, {tally.kept} tetap"
            )
        return lines


def number(text: str) -> int | None:
    """A whole number of a CSV cell; None when the cell is empty."""
    return int(text) if text else None
