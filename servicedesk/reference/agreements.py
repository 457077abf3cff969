"""Draft agreements on the common services, for the office to discuss, complete and sign."""

from datetime import date
from typing import Any

from django.utils import timezone

from accounts.models import Office
from catalog.models import Service
from servicedesk.reference.store import Store
from sla.models import Agreement
from tickets.agreements.keeping import suggested_number


def load(store: Store) -> None:
    """One draft for each service without an agreement. What is signed, or has a later version, is never touched."""
    document = store.document("perjanjian.toml")
    owner = Office.objects.filter(code=document["owner"]).first()
    if owner is None:  # a county with its own offices and services writes its own agreements
        return
    services = {service.code: service for service in Service.objects.all()}
    existing: dict[int, list[Agreement]] = {}
    for agreement in Agreement.objects.all():
        existing.setdefault(agreement.service_id, []).append(agreement)
    for row in document["agreement"]:
        service = services.get(row["service"])
        if service is None:
            continue
        present = existing.get(service.pk, [])
        if any(each.version > 1 or each.status != Agreement.Status.DRAFT for each in present):
            store.tally(Agreement).kept += 1
            continue
        values = _words(document, row)
        if not present:
            values |= _start(document, service, owner)
        store.put(Agreement, {"service": service, "version": 1}, values)


def _words(document: dict[str, Any], row: dict[str, Any]) -> dict[str, Any]:
    """The words of a draft: what holds for every service first, then what is its own."""
    words = {"title": row["title"]}
    for name in ("scope", "exclusions", "obligations"):
        parts = [row.get(name, "").strip(), document["common"].get(name, "").strip()]
        words[name] = "\n".join(part for part in parts if part)
    return words


def _start(document: dict[str, Any], service: Service, owner: Office) -> dict[str, Any]:
    """What only a new draft gets: the coming year, and signatories without names."""
    year = timezone.localdate().year + 1
    people = [position.format(owner=owner.name) for position in document["signatories"]]
    return {
        "number": suggested_number(service, 1, date(year, 1, 1)),
        "owner": owner,
        "valid_from": date(year, 1, 1),
        "valid_until": date(year, 12, 31),
        "review_on": date(year, 10, 1),
        "signatories": [{"name": "", "position": each, "nip": "", "signed_on": ""} for each in people],
    }
