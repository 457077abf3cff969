"""The service catalogue: common ICT services and the applications of the offices."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from accounts.models import Office, Team
from catalog.models import Service, ServiceCategory
from servicedesk.reference.store import Store

APPLICATIONS = "aplikasi"
"""Code of the category, and of the team that supports applications."""

SHARED_OWNERS = "Penanggung jawab bersama:"


def load(store: Store) -> None:
    document = store.document("layanan.toml")
    categories = store.put_many(
        ServiceCategory,
        [{**row, "position": position * 10} for position, row in enumerate(document["category"], start=1)],
    )
    offices = Office.objects.in_bulk(field_name="code")
    teams = Team.objects.in_bulk(field_name="code")
    common = [
        {
            "code": row["code"],
            "name": row["name"],
            "category": categories[row["category"]],
            "description": row["description"],
            "audience": row["audience"],
            "owner_office": offices.get(row.get("owner_office", "")),
            "support_team": teams.get(row["team"]),
            "requestable": row.get("requestable", False),
            "needs_approval": row.get("needs_approval", False),
        }
        for row in document["service"]
    ]
    applications = [
        {
            "code": row["kode"],
            "name": full_name(row),
            "category": categories[APPLICATIONS],
            "description": _description(row, offices, document["application"]),
            "audience": audience(row),
            "owner_office": offices.get(row["pemilik_kode"]),
            "support_team": teams.get(APPLICATIONS),
            "url": safe_url(row),
            "source": row["sumber"][:200],
        }
        for row in store.table("aplikasi.csv")
    ]
    store.put_many(Service, [*common, *applications])


def full_name(row: Mapping[str, str]) -> str:
    """The name, with the abbreviation people search for where the name does not contain it."""
    name, short = row["nama"], row["singkatan"]
    return name if short.casefold() in name.casefold() else f"{name} ({short})"


def safe_url(row: Mapping[str, str]) -> str:
    """The address of an application reached by a public host under go.id, else "".

    Other hosts were never checked and may belong to somebody else by now.
    """
    host = urlsplit(row["url"]).hostname or ""
    return row["url"] if row["akses"] == "publik" and host.endswith(".go.id") else ""


def audience(row: Mapping[str, str]) -> str:
    """Who uses it: models towards citizens or businesses are for all, the others for civil servants.

    Where the source names no model, applications of public services are for all.
    """
    models = set(filter(None, row["model_layanan"].split(";")))
    if models & {"G2C", "G2B"} or (not models and row["jenis_layanan"] == "publik"):
        return Service.Audience.ALL
    return Service.Audience.ASN


def _description(row: Mapping[str, str], offices: Mapping[str, Office], phrases: Mapping[str, Any]) -> str:
    owner = offices.get(row["pemilik_kode"])
    parts = [phrases["owned"].format(owner=owner.name) if owner else phrases["ownerless"]]
    note = row["keterangan"]
    if note.startswith(SHARED_OWNERS):
        codes = [code.strip() for code in note.removeprefix(SHARED_OWNERS).split(",")]
        others = " dan ".join(offices[code].name if code in offices else code for code in codes)
        parts.append(phrases["shared"].format(others=others))
    parts += [phrases[key] for key in (row["kategori"], row["akses"]) if key in phrases]
    return " ".join(parts)
