"""What nobody should type: told in a sentence or ignored, never an error page, and nothing is lost."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from sla import definitions
from sla.models import EscalationStep, Policy, Revision
from tests import factories
from tests.revisions.conftest import default, propose, through
from tests.revisions.test_screens import OF_A_CALENDAR, PAGES, hours, url

pytestmark = pytest.mark.slow

ODD = ["", "0", "-1", "0001-01-01", "9999-12-31", "2026-13-40", "9" * 400, "٣", "\x00", "a\x00b", "'\"<b>", "é" * 300]
STEP = {"amount": "80", "when": "percent", "notify_coordinator": "on"}
POLICY = {"name": "Aneh", "note": "Coba", "amount_resolution": "8", "unit_resolution": "hours", "save": "1"}


@pytest.fixture
def desk(client, cast, wall):
    client.force_login(cast.koordinator)
    return client


def is_refused_or_kept(answer):
    return answer.status_code in (200, 302, 400, 404, 409, 422)


def test_odd_questions(desk, cast):
    revision = through(propose(cast.admin))
    policy = Policy.objects.get(name="Umum")
    addresses = [*(url(name) for name in PAGES), *(url(name, default().pk) for name in OF_A_CALENDAR)]
    addresses += [url(name) for name in ("sla_policies", "sla_policy_create", "sla_matrix", "sla_agreements")]
    addresses += [url(name) for name in ("sla_escalation", "sla_escalation_create", "sla_escalation_log")]
    addresses += [url("sla_revision", revision.pk), url("sla_policy_edit", policy.pk), url("sla_agreement_create")]
    names = ("tanggal", "tahun", "sesudah", "sebelum", "layanan", "team", "service", "kind", "priority", "q", "metric")
    for address in addresses:
        for odd in ODD:
            assert is_refused_or_kept(desk.get(address, dict.fromkeys(names, odd))), (address, odd)


@pytest.mark.parametrize("odd", ODD)
def test_odd_hours_holidays_and_periods(desk, cast, odd):
    pk, before = default().pk, definitions.of(default())
    posts = {
        "sla_calendar_week": [hours(h0_0_mulai=odd), hours(valid_from=odd), hours(source=odd)],
        "sla_calendar_period": [
            hours(name=odd, first_date="2027-02-08", last_date="2027-03-09"),
            hours(name="Ramadan", first_date=odd, last_date="2027-03-09"),
            hours(name="Ramadan", first_date="2027-03-09", last_date="2027-02-08"),
        ],
        "sla_calendar_holiday": [
            {"date": odd, "name": "Libur", "kind": "local", "status": "confirmed"},
            {"date": "2027-01-02", "name": odd, "kind": "local", "status": "confirmed", "source": odd},
            {"date": "2027-01-02", "name": "Libur", "kind": odd, "status": odd},
            {"confirm_year": odd},
        ],
        "sla_calendar_facts": [{"name": odd, "zone": "Asia/Jakarta"}, {"name": "Jam", "zone": odd}],
        "sla_calendar_uses": [{"teams": [odd]}, {"offices": [odd]}, {"as_default": odd}],
        "sla_calendar_refresh": [{"updates": [odd]}],
    }
    for name, bodies in posts.items():
        for body in bodies:
            assert is_refused_or_kept(desk.post(url(name, pk), body)), (name, body)
    assert definitions.of(default()) == before  # proposals at most
    for revision in Revision.objects.filter(state=Revision.State.PREVIEWING):
        through(revision)
        assert desk.get(url("sla_revision", revision.pk)).status_code == 200


@pytest.mark.parametrize("odd", [*ODD, "10001", "1000000000", "1e9", "2.5", "99999999999999999999"])
def test_odd_policies_and_steps(desk, cast, odd):
    ticket = factories.ticket()
    policy = Policy.objects.get(name="Umum")
    for name, args in (("sla_policy_create", ()), ("sla_policy_edit", (policy.pk,))):
        for field in ("name", "kind", "priority", "service", "team", "calendar", "amount_resolution", "note"):
            assert is_refused_or_kept(desk.post(url(name, *args), POLICY | {field: odd})), (name, field)
    for field in ("metric", "kind", "priority", "team", "amount", "when", "reassign_to", "rule"):
        assert is_refused_or_kept(desk.post(url("sla_escalation_create"), STEP | {field: odd})), field
    assert EscalationStep.objects.exclude(percent=None).filter(percent__gt=1000).count() == 0
    ticket.refresh_from_db()
    assert factories.ticket().due_at is not None  # the desk goes on


SKB = "tanggal,nama,jenis\n01/01/2027,Tahun Baru,libur nasional\n"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (SKB.encode("utf-16"), ""),
        (("\ufeff" + SKB).encode(), ""),
        (SKB.replace(",", ";").encode("cp1252"), ""),
        (SKB.replace("Tahun Baru", "=HYPERLINK(1)").encode(), ""),
        ((SKB + "01/01/2027,Sekali lagi,cuti bersama\n").encode(), ""),
        (SKB.replace("2027", "9999").encode(), "tidak dikenal"),
        (SKB.replace("01/01", "31/02").encode(), "tidak dikenal"),
        (b"\x00\xff\x00", "bukan berkas CSV"),
        (b"\xff\xfeA", "rusak"),
        (b"", "kosong"),
        (b"PK\x03\x04", "bukan berkas CSV"),
        (("tanggal,nama,jenis\n" + '"' + "x" * 200_000).encode(), ""),
    ],
)
def test_odd_decrees(desk, cast, content, said):
    before = definitions.of(default())
    answer = desk.post(
        url("sla_calendar_import", default().pk), {"file": SimpleUploadedFile("skb.csv", content), "source": "SKB"}
    )
    assert answer.status_code in (302, 422)
    assert definitions.of(default()) == before
    if said:
        assert answer.status_code == 422 and said in answer.content.decode()
    if answer.status_code == 302:
        rows = Revision.objects.get().payload["new"]["holidays"]
        assert [row["date"] for row in rows] == ["2027-01-01"]


def test_a_double_submit_applies_once_and_the_second_is_told(desk, cast):
    revision = through(propose(cast.admin))
    first, second = (desk.post(url("sla_revision_apply", revision.pk), follow=True) for _each in range(2))
    assert (first.status_code, second.status_code) == (200, 200)
    assert "Muat ulang" in second.content.decode() or "tidak sedang menunggu" in second.content.decode()
    through(revision)
    assert default().holidays.count() == 1
    desk.post(url("sla_revision_discard", revision.pk))
    revision.refresh_from_db()
    assert revision.state == Revision.State.DONE
