"""What everybody may read, what is promised before reporting, and which agreement a ticket carries."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from sla.models import Agreement
from tests import factories
from tests.agreements.conftest import PEOPLE, in_days
from tickets.agreements import document, keeping, pdf
from tickets.models import Ticket

PAGE = "/layanan/email-dinas/perjanjian/"
PDF = "/layanan/email-dinas/perjanjian/pdf/"


def page(response):
    assert response.status_code == 200, response.status_code
    return " ".join(response.content.decode().split())


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"status": "draft"}, 404),
        ({"valid_from": in_days(1)}, 404),
        ({"valid_until": in_days(-1)}, 404),
        ({"status": "ended", "valid_until": in_days(-1)}, 404),
        ({"status": "ended", "valid_until": in_days(0)}, 200),
        ({"valid_from": in_days(0), "valid_until": in_days(0)}, 200),
        ({}, 200),
    ],
)
def test_the_public_sees_only_what_is_signed_and_in_force(client, service, changes, status):
    factories.agreement(service, **changes)
    for address in (PAGE, PDF):
        assert client.get(address).status_code == status, address
    is_linked = PAGE in page(client.get("/layanan/email-dinas/"))
    assert is_linked == (status == 200)


def test_the_page_says_everything_but_numbers_of_civil_servants(client, signed):
    shown = page(client.get(PAGE))
    for words in (
        "Tanggapan paling lama 1 jam kerja", "Penyelesaian paling lama 8 jam kerja", "Jumat 07.30–16.30",
        "istirahat 12.00–13.00", "Gangguan penyedia &lt;internet&gt;.", "Menjaga kata sandi.", "SLA/email/1",
        "Rina Wulandari", "Sekretaris Daerah", "ditandatangani 5 Jan 2026", "Kominfo", "Pembuatan alamat email.",
    ):  # fmt: skip
        assert words in shown, words
    assert "197001012000032001" not in shown


def test_the_page_keeps_what_was_signed(client, signed):
    factories.policy("Baru", {"response": 5}, kind="incident")
    shown = page(client.get(PAGE))
    assert "Tanggapan paling lama 1 jam kerja" in shown and "paling lama 5 menit" not in shown


def test_the_draft_of_the_next_version_stays_inside(client, cast, signed):
    made = keeping.renew(actor=cast.koordinator, pk=signed.pk)
    keeping.change(actor=cast.koordinator, pk=made.pk, title="Rahasia dapur")
    assert "Rahasia dapur" not in page(client.get(PAGE))


@pytest.fixture
def printed(monkeypatch):
    """The words of a PDF in the order in which they are put on paper, without needing a program to read it."""
    from reportlab.platypus import Paragraph

    words: list[str] = []
    drawn = Paragraph.draw

    def note(self):
        words.append(self.getPlainText())
        return drawn(self)

    monkeypatch.setattr(Paragraph, "draw", note)
    return words


def test_the_pdf_contains_the_texts(cast, signed, printed):
    found = document.document_of(Agreement.objects.get(pk=signed.pk), with_nip=True)
    assert pdf.render(found).startswith(b"%PDF")
    text = "\n".join(printed)
    for words in (
        "Pemerintah Kabupaten Pesawaran", "Perjanjian email dinas", "SLA/email/1", "Email Dinas",
        "Gangguan penyedia <internet>.", "Menjaga kata sandi.", "istirahat 12.00–13.00", "1 jam kerja",
        "8 jam kerja", "14 hari kerja", "Rina Wulandari", "Sekretaris Daerah", "NIP 197001012000032001",
        "Ditandatangani 5 Jan 2026",
    ):  # fmt: skip
        assert words in text, words


def test_the_public_pdf_names_no_number_of_a_civil_servant(client, signed, printed):
    answer = client.get(PDF)
    assert (
        answer["Content-Type"] == "application/pdf" and "perjanjian-email-dinas-1.pdf" in answer["Content-Disposition"]
    )
    assert "Rina Wulandari" in printed and not any("NIP" in words for words in printed)


def test_a_very_long_agreement_is_printed_too(cast, draft):
    long = "\n".join(["kata " * 400] * 20)
    made = keeping.change(
        actor=cast.koordinator, pk=draft.pk, scope=long, exclusions=long, signatories=PEOPLE * 4
    )  # fmt: skip
    assert pdf.render(document.document_of(made, with_nip=True)).startswith(b"%PDF")


@pytest.mark.parametrize("address", ["/layanan/email-dinas/", "/lapor/?jenis=incident&layanan=email-dinas"])
def test_the_promise_is_told_before_reporting(client, cast, draft, address):
    before = page(client.get(address))
    assert "Target layanan" in before and "Janji layanan" not in before and PAGE not in before
    assert "Ditanggapi paling lama 1 jam kerja, selesai paling lama 8 jam kerja." in before
    assert "Jam layanan: Senin–Kamis 07.30–16.00, Jumat 07.30–16.30 WIB." in before
    keeping.sign(actor=cast.koordinator, pk=draft.pk)
    after = page(client.get(address))
    assert "Janji layanan" in after and PAGE in after
    # the clocks follow the policies, so these are what the promise names
    factories.policy("Cepat", {"response": 30}, kind="incident", service=draft.service)
    assert "Ditanggapi paling lama 30 menit kerja" in page(client.get(address))


def test_the_form_promises_in_general_while_no_service_is_chosen(client, cast):
    for address in ("/lapor/?jenis=incident", "/lapor/?jenis=incident&layanan=tidak-ada"):
        shown = page(client.get(address))
        assert "Target layanan" in shown and "layanan tertentu punya target sendiri" in shown
    complaint = page(client.get("/lapor/?jenis=complaint"))
    assert "Diperiksa paling lama 3 hari kerja, ditanggapi paling lama 5 hari kerja" in complaint


def test_a_form_with_mistakes_shows_the_promise_of_what_was_chosen(client, service, cast):
    factories.policy("Email", {"response": 20}, kind="incident", service=service)
    answer = client.post("/lapor/", {"jenis": "incident", "service": "email-dinas", "subject": "", "text": ""})
    assert answer.status_code == 422 and "Ditanggapi paling lama 20 menit kerja" in answer.content.decode()


def test_civil_servants_are_promised_what_holds_for_them(client, cast):
    service = factories.service("wifi", audience="all")
    factories.policy("ASN", {"response": 10}, kind="incident", requester_class="asn")
    address = f"/lapor/?jenis=incident&layanan={service.code}"
    assert "paling lama 1 jam kerja" in page(client.get(address))
    client.force_login(cast.asn)
    assert "paling lama 10 menit kerja" in page(client.get(address))


def test_a_ticket_carries_the_agreement_of_the_day_it_was_opened(client, cast, service):
    first = factories.agreement(service, valid_from=in_days(-20), valid_until=in_days(-3))
    second = factories.agreement(service, version=2, valid_from=in_days(-2))
    opened = {}
    for days in (-30, -10, 0):
        made = factories.ticket(requester=cast.asn, service=service, team=cast.desk)
        Ticket.objects.filter(pk=made.pk).update(created_at=timezone.now() + timedelta(days=days))
        opened[days] = Ticket.objects.get(pk=made.pk)
    client.force_login(cast.agen)
    old, new, none = (page(client.get(reverse("agent:ticket", args=[opened[days].number]))) for days in (-10, 0, -30))
    assert first.number in old and second.number not in old and PAGE not in old
    assert second.number in new and PAGE in new
    assert first.number not in none and second.number not in none
    client.force_login(cast.asn)
    mine = page(client.get(reverse("portal:ticket", args=[opened[-10].number])))
    assert first.number in mine and second.number not in mine
    assert PAGE in page(client.get(reverse("portal:ticket", args=[opened[0].number])))


def test_an_agreement_that_ended_stays_on_the_tickets_of_its_days(cast, service, signed):
    ticket = factories.ticket(service=service)
    keeping.end(actor=cast.koordinator, pk=signed.pk, on=timezone.localdate())
    assert document.applied_to(ticket).number == signed.number
    factories.agreement(service, version=2, valid_from=in_days(1))
    assert document.applied_to(ticket).version == 1


def test_a_ticket_without_service_asks_for_none(cast, django_assert_num_queries):
    ticket = factories.ticket()
    with django_assert_num_queries(0):
        assert document.applied_to(ticket) is None


def test_a_day_begins_at_midnight_of_the_county(cast, service):
    """An hour after midnight in Jakarta it is still the day before in UTC."""
    day = in_days(-5)
    factories.agreement(service, valid_from=day)
    ticket = factories.ticket(service=service)
    midnight = timezone.make_aware(timezone.datetime.combine(day, timezone.datetime.min.time()))
    ticket.created_at = midnight + timedelta(hours=1)
    assert document.applied_to(ticket)
    ticket.created_at = midnight - timedelta(seconds=1)
    assert document.applied_to(ticket) is None


def test_queries_of_the_public_pages_do_not_grow(client, cast, service, signed):
    def measure(count):
        for number in range(count):
            factories.policy(f"P{count}-{number}", {"response": number + 9}, kind="incident", priority=1)
            factories.agreement(service, version=count + number, status="draft")
        found = []
        for address in (PAGE, "/layanan/email-dinas/", "/lapor/?jenis=incident&layanan=email-dinas"):
            with CaptureQueriesContext(connection) as captured:
                assert client.get(address).status_code == 200
            found.append(len(captured))
        return found

    assert measure(2) == measure(10)
