"""The screens of keepers: who may open them, and the way from a draft to a signed agreement."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from sla.models import Agreement
from tests import factories
from tests.agreements.conftest import PEOPLE, in_days
from tests.agreements.test_keeping import OUTSIDERS
from tickets.agreements import keeping

GETS = ["sla_agreement", "sla_agreement_edit", "sla_agreement_sign", "sla_agreement_end", "sla_agreement_pdf"]
POSTS = ["sla_agreement_edit", "sla_agreement_sign", "sla_agreement_renew", "sla_agreement_end"]


def url(name, *args):
    return reverse(f"agent:{name}", args=args)


def form(**more):
    values = {
        "number": "SLA/email/2",
        "title": "Perjanjian email",
        "owner": factories.office("kominfo").pk,
        "valid_from": timezone.localdate().isoformat(),
        "valid_until": "",
        "review_on": in_days(90).isoformat(),
        "scope": "Semua alamat.",
        "exclusions": "",
        "obligations": "",
        **{f"ttd-{name}": [each[name] for each in PEOPLE] + [""] for name in PEOPLE[0]},
    }
    return values | more


@pytest.fixture
def keeper(client, cast):
    client.force_login(cast.koordinator)
    return client


def page(response):
    return " ".join(response.content.decode().split())


@pytest.mark.parametrize("person", ["koordinator", "admin"])
def test_keepers_open_every_page(client, cast, draft, person):
    client.force_login(getattr(cast, person))
    assert client.get(url("sla_agreements")).status_code == 200
    assert client.get(url("sla_agreement_create")).status_code == 200
    for name in GETS:
        assert client.get(url(name, draft.pk)).status_code == 200, name


@pytest.mark.parametrize("person", OUTSIDERS)
def test_others_are_refused_everywhere(client, cast, draft, person):
    client.force_login(getattr(cast, person))
    for name in ("sla_agreements", "sla_agreement_create"):
        assert client.get(url(name)).status_code == 403
    for name in GETS:
        assert client.get(url(name, draft.pk)).status_code == 403, name
    for name in POSTS:
        assert client.post(url(name, draft.pk), form(on=in_days(1).isoformat())).status_code == 403, name
    assert Agreement.objects.get().status == "draft" and Agreement.objects.get().title == draft.title


def test_what_does_not_exist_is_404(keeper):
    for name in GETS:
        assert keeper.get(url(name, 10**6)).status_code == 404
        assert keeper.get(url(name, 2**63)).status_code == 404


def test_a_draft_begins_with_a_service_and_shows_its_targets(keeper, service):
    assert "email-dinas" in page(keeper.get(url("sla_agreement_create")))
    assert "tidak" in page(keeper.get(url("sla_agreement_create"), {"layanan": "tidak-ada"}))
    shown = page(keeper.get(url("sla_agreement_create"), {"layanan": "email-dinas"}))
    assert f"SLA/email-dinas/{timezone.localdate().year}/1" in shown
    assert "Tanggapan paling lama 1 jam kerja" in shown and "istirahat 12.00–13.00" in shown


def test_a_draft_is_written_signed_and_renewed(keeper, service):
    answer = keeper.post(url("sla_agreement_create") + "?layanan=email-dinas", form())
    made = Agreement.objects.get()
    assert answer["Location"] == url("sla_agreement", made.pk) and made.signatories == PEOPLE
    keeper.post(url("sla_agreement_edit", made.pk), form(title="Judul baru"))
    assert "Tindakan ini tidak dapat dibatalkan" in page(keeper.get(url("sla_agreement_sign", made.pk)))
    keeper.post(url("sla_agreement_sign", made.pk))
    made.refresh_from_db()
    assert made.status == "signed" and made.title == "Judul baru"
    # nothing of a signed one can be edited
    assert keeper.get(url("sla_agreement_edit", made.pk)).status_code == 302
    keeper.post(url("sla_agreement_edit", made.pk), form(title="Diam-diam"))
    made.refresh_from_db()
    assert made.title == "Judul baru"
    assert keeper.post(url("sla_agreement_renew", made.pk)).status_code == 302
    second = Agreement.objects.get(version=2)
    answer = keeper.post(url("sla_agreement_renew", made.pk), follow=True)
    assert second.number in page(answer) and Agreement.objects.count() == 2
    answer = keeper.get(url("sla_agreement_create"), {"layanan": "email-dinas"})
    assert answer["Location"] == url("sla_agreement_edit", second.pk)


def test_refusals_keep_what_was_typed(keeper, draft):
    answer = keeper.post(
        url("sla_agreement_edit", draft.pk), form(valid_until=in_days(-1).isoformat(), scope="Ketikan")
    )
    assert answer.status_code == 422
    assert "Tanggal akhir tidak boleh sebelum" in page(answer) and "Ketikan" in page(answer)
    answer = keeper.post(url("sla_agreement_edit", draft.pk), form(**{"ttd-nip": ["12", "", ""]}))
    assert answer.status_code == 422 and "harus 18 angka" in page(answer) and "Rina Wulandari" in page(answer)


def test_what_is_missing_is_said_before_signing(keeper, cast, draft):
    keeping.change(actor=cast.koordinator, pk=draft.pk, signatories=[])
    asked = page(keeper.get(url("sla_agreement_sign", draft.pk)))
    assert "dua penanda tangan" in asked and "Ya, sudah ditandatangani" not in asked
    assert keeper.post(url("sla_agreement_sign", draft.pk)).status_code == 422
    assert Agreement.objects.get().status == "draft"


def test_an_agreement_is_ended_after_asking(keeper, signed):
    assert "Tindakan ini tidak dapat dibatalkan" in page(keeper.get(url("sla_agreement_end", signed.pk)))
    answer = keeper.post(url("sla_agreement_end", signed.pk), {"on": in_days(-1).isoformat()})
    assert answer.status_code == 422 and Agreement.objects.get().status == "signed"
    keeper.post(url("sla_agreement_end", signed.pk), {"on": in_days(2).isoformat()})
    signed.refresh_from_db()
    assert (signed.status, signed.valid_until) == ("ended", in_days(2))


def test_the_list_says_what_needs_looking_at_first(keeper, cast):
    fine = factories.agreement(factories.service("a-layanan"))
    due = factories.agreement(factories.service("b-layanan"), review_on=in_days(-1))
    shown = page(keeper.get(url("sla_agreements")))
    assert "perlu ditinjau sejak" in shown and shown.index(due.number) < shown.index(fine.number)


def test_an_empty_list_says_what_to_do(keeper, cast):
    assert "Buat perjanjian pertama" in page(keeper.get(url("sla_agreements")))


def test_a_keeper_is_told_that_policies_moved_away(keeper, signed):
    assert "kini berbeda" not in page(keeper.get(url("sla_agreement", signed.pk)))
    factories.policy("Baru", {"response": 5}, kind="incident")
    assert "kini berbeda" in page(keeper.get(url("sla_agreement", signed.pk)))


def test_queries_of_the_list_do_not_grow(keeper, cast):
    def measure(count):
        for number in range(count):
            service = factories.service(f"layanan-{count}-{number}", owner_office=factories.office(f"dinas-{number}"))
            factories.agreement(service)
        with CaptureQueriesContext(connection) as captured:
            assert keeper.get(url("sla_agreements")).status_code == 200
        return len(captured)

    assert measure(3) == measure(20)


def test_the_list_tells_of_promises_that_policies_left(keeper, signed, service):
    warning = "berbeda dari kebijakan yang berlaku"
    assert warning not in page(keeper.get(url("sla_agreements")))
    factories.policy("Email", targets={"response": 30}, service=service)
    assert warning in page(keeper.get(url("sla_agreements")))
    Agreement.objects.update(valid_until=in_days(-1), valid_from=in_days(-9))
    assert warning not in page(keeper.get(url("sla_agreements")))  # what is over is not followed


def hidden(answer, name):
    return re.search(f'name="{name}" value="([^"]*)"', page(answer))[1]


def test_the_second_of_two_editors_of_a_draft_is_told(keeper, draft):
    seen = hidden(keeper.get(url("sla_agreement_edit", draft.pk)), "seen")
    first = keeper.post(url("sla_agreement_edit", draft.pk), form(title="Dari yang pertama", seen=seen))
    assert first.status_code == 302
    second = keeper.post(url("sla_agreement_edit", draft.pk), form(title="Dari yang kedua", seen=seen))
    assert second.status_code == 409
    assert "diubah orang lain sejak Anda membukanya" in page(second) and "Dari yang kedua" in page(second)
    draft.refresh_from_db()
    assert draft.title == "Dari yang pertama"
    again = form(title="Dari yang kedua", seen=hidden(second, "seen"))
    assert keeper.post(url("sla_agreement_edit", draft.pk), again).status_code == 302
    draft.refresh_from_db()
    assert draft.title == "Dari yang kedua"


def test_nobody_signs_what_they_have_not_seen(keeper, draft):
    seen = hidden(keeper.get(url("sla_agreement_sign", draft.pk)), "seen")
    keeper.post(url("sla_agreement_edit", draft.pk), form(scope="Diubah di tengah jalan"))
    answer = keeper.post(url("sla_agreement_sign", draft.pk), {"seen": seen}, follow=True)
    assert "diubah sejak Anda membukanya" in page(answer) and "Diubah di tengah jalan" in page(answer)
    assert Agreement.objects.get().status == "draft"
    keeper.post(url("sla_agreement_sign", draft.pk), {"seen": hidden(answer, "seen")})
    assert Agreement.objects.get().status == "signed"


@pytest.mark.parametrize(
    "odd",
    [
        {"valid_from": "0001-01-01"},
        {"valid_until": "9999-12-31"},
        {"valid_from": "9999-12-31", "valid_until": "9999-12-31"},
        {"number": "A\x00B"},
        {"ttd-name": ["A\x00B", "C", ""]},
        {"ttd-signed_on": ["20260105", "2026-W02-1", ""]},
        {"ttd-nip": ["١٢٣٤٥٦٧٨٩٠١٢٣٤٥٦٧٨", "", ""]},
        {"ttd-name": ["x" * 9000, "C", ""]},
        {"scope": "x" * 9000},
        {"owner": "9" * 30},
    ],
)
def test_odd_inputs_are_told_or_kept_and_never_an_error(keeper, draft, odd):
    answer = keeper.post(url("sla_agreement_edit", draft.pk), form(**odd))
    assert answer.status_code in (302, 422)
    for name in ("sla_agreement", "sla_agreement_edit", "sla_agreement_sign", "sla_agreement_pdf"):
        assert keeper.get(url(name, draft.pk)).status_code == 200
    if keeper.post(url("sla_agreement_sign", draft.pk)).status_code == 302:
        signed = Agreement.objects.get()
        assert keeper.get(url("sla_agreements")).status_code == 200
        assert keeper.post(url("sla_agreement_renew", signed.pk)).status_code == 302
