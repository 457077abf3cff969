"""The drafts that come with the reference data."""

import tomllib

import pytest
from django.utils import timezone

from accounts.models import Office
from catalog.models import Service
from servicedesk.reference import agreements
from servicedesk.reference.store import SHIPPED, Store
from sla.models import Agreement
from tests import factories

ROWS = tomllib.loads((SHIPPED / "perjanjian.toml").read_text(encoding="utf-8"))["agreement"]


@pytest.fixture
def loaded(cast):
    Office.objects.filter(code="kominfo").update(name="Diskominfo")
    for row in ROWS:
        factories.service(row["service"])
    agreements.load(Store())


def snapshot():
    return list(Agreement.objects.order_by("pk").values())


def test_every_draft_names_a_service_of_the_catalogue():
    catalogue = tomllib.loads((SHIPPED / "layanan.toml").read_text(encoding="utf-8"))
    known = [each["code"] for each in catalogue["service"]]
    codes = [row["service"] for row in ROWS]
    assert set(codes) <= set(known) and len(codes) == len(set(codes)) == 19


def test_nothing_that_comes_is_signed(loaded):
    made = list(Agreement.objects.select_related("service", "owner"))
    assert len(made) == len(ROWS) and {each.status for each in made} == {"draft"}
    assert {each.owner.name for each in made} == {"Diskominfo"} and {each.made_by for each in made} == {None}
    for each in made:
        assert each.scope and each.exclusions and each.obligations
        assert [person["name"] for person in each.signatories] == ["", ""]
        assert each.signatories[0]["position"] == "Kepala Diskominfo"
        assert each.valid_from.year == timezone.localdate().year + 1


def test_a_second_run_changes_nothing_and_edits_stay(loaded):
    Agreement.objects.filter(service__code="vpn").update(scope="Kata kami", number="SLA/VPN/7")
    before = snapshot()
    agreements.load(Store())
    assert snapshot() == before


def test_update_brings_words_back_but_touches_nothing_signed(loaded):
    Agreement.objects.filter(service__code="vpn").update(scope="Kata kami", number="SLA/VPN/7")
    Agreement.objects.filter(service__code="tte").update(scope="Kata kami", status="signed")
    agreements.load(Store(update=True))
    vpn, tte = (Agreement.objects.get(service__code=code) for code in ("vpn", "tte"))
    assert vpn.scope != "Kata kami" and vpn.number == "SLA/VPN/7"
    assert tte.scope == "Kata kami" and tte.status == "signed"


def test_a_service_with_an_agreement_of_its_own_gets_no_draft(loaded):
    Agreement.objects.filter(service__code="vpn").delete()
    factories.agreement(Service.objects.get(code="vpn"), version=3)
    agreements.load(Store())
    assert Agreement.objects.get(service__code="vpn").version == 3


def test_a_county_with_other_offices_gets_none(db):
    factories.service("vpn")
    agreements.load(Store())
    assert not Agreement.objects.exists()
