from datetime import date, timedelta

import pytest
from django.utils import timezone

from tests import factories
from tickets.agreements import keeping

PEOPLE = [
    {"name": "Rina Wulandari", "position": "Kepala Dinas", "nip": "197001012000032001", "signed_on": "2026-01-05"},
    {"name": "Budi Santoso", "position": "Sekretaris Daerah", "nip": "", "signed_on": "2026-01-06"},
]


def facts(**more):
    """What a complete draft is made of."""
    values = {
        "number": "SLA/email/1",
        "title": "Perjanjian email dinas",
        "owner_id": factories.office("kominfo").pk,
        "scope": "Pembuatan alamat email.",
        "exclusions": "Gangguan penyedia <internet>.",
        "obligations": "Menjaga kata sandi.",
        "valid_from": timezone.localdate(),
        "valid_until": None,
        "review_on": None,
        "signatories": PEOPLE,
    }
    return values | more


def in_days(count) -> date:
    return timezone.localdate() + timedelta(days=count)


@pytest.fixture
def service(cast):
    return factories.service(
        "email-dinas",
        audience="asn",
        requestable=True,
        support_team=cast.desk,
        owner_office=factories.office("kominfo"),
    )


@pytest.fixture
def draft(cast, service):
    return keeping.create(actor=cast.koordinator, service_id=service.pk, **facts())


@pytest.fixture
def signed(cast, draft):
    return keeping.sign(actor=cast.koordinator, pk=draft.pk)
