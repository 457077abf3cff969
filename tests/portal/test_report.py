import re
import uuid

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from catalog.models import Service
from notify.models import Delivery
from tests import factories
from tests.portal.conftest import page, picture, report_data
from tickets import tracking
from tickets.models import Ticket
from tickets.views.portal import report

LAPOR = "/lapor/"


def test_whole_path_without_account(cast, client, service):
    assert "Laporkan gangguan" in page(client.get(LAPOR))
    form = client.get(LAPOR, {"jenis": "incident", "layanan": service.code})
    token = re.search(r'name="submission" value="([^"]+)"', form.content.decode()).group(1)
    assert 'value="email-dinas" selected' in form.content.decode()
    sent = client.post(
        LAPOR, report_data(submission=token, service=service.code, office="dukcapil", attachments=[picture()])
    )
    assert sent.status_code == 302 and sent.url == "/lapor/terima-kasih/"
    ticket = Ticket.objects.get()
    receipt = page(client.get(sent.url))
    assert ticket.number in receipt and ticket.access_code in receipt
    assert (ticket.service, ticket.office.code, ticket.team) == (service, "dukcapil", cast.network)
    assert ticket.messages.get().attachments.get().name == "foto layar.png"
    assert ticket.access_code in Delivery.objects.get(recipient="sari@contoh.id").text
    opened = client.post("/lacak/", {"number": ticket.number, "code": ticket.access_code}, follow=True)
    assert "Internet kantor mati sejak pagi." in page(opened)


def test_no_page_needs_an_account_or_a_script(cast, client, service):
    for address in ("/", "/layanan/", f"/layanan/{service.code}/", LAPOR, LAPOR + "?jenis=complaint", "/lacak/"):
        assert client.get(address).status_code == 200, address


def test_sending_twice_gives_one_ticket_and_the_same_receipt(cast, client):
    data = report_data()
    client.post(LAPOR, data)
    first = page(client.get("/lapor/terima-kasih/"))
    client.post(LAPOR, data)
    assert Ticket.objects.count() == 1
    number = Ticket.objects.get().number
    assert number in first and number in page(client.get("/lapor/terima-kasih/"))


def test_a_lost_answer_is_found_again_by_a_fresh_form(cast, client):
    """The report arrived, the redirect did not: the new form carries the same submission until a receipt was seen."""
    token = client.get(LAPOR + "?jenis=incident").context["form"]["submission"].value()
    client.post(LAPOR, report_data(submission=token))
    again = client.get(LAPOR + "?jenis=incident").context["form"]["submission"].value()
    assert again == token
    client.post(LAPOR, report_data(submission=again))
    assert Ticket.objects.count() == 1
    client.get("/lapor/terima-kasih/")
    assert client.get(LAPOR + "?jenis=incident").context["form"]["submission"].value() != token


def test_other_words_under_the_same_submission_are_not_lost(cast, client):
    data = report_data()
    client.post(LAPOR, data)
    client.post(LAPOR, data | {"text": "Sekarang listriknya juga."})
    assert Ticket.objects.count() == 2


def test_errors_are_bound_to_fields_and_nothing_typed_is_lost(cast, client):
    response = client.post(LAPOR, report_data(subject="", email="bukan-email", phone="12", text="Panjang sekali"))
    assert response.status_code == 422 and not Ticket.objects.exists()
    errors = response.context["form"].errors
    assert set(errors) == {"subject", "email", "phone"}
    html = response.content.decode()
    assert "Panjang sekali" in html and 'value="Sari"' in html and 'value="bukan-email"' in html
    field = re.search(r'<input[^>]*name="email"[^>]*>', html).group()
    described = re.search(r'aria-describedby="([^"]+)"', field).group(1).split()
    assert 'aria-invalid="true"' in field and len(described) == 2
    assert all(f'id="{name}"' in html for name in described)
    assert "Berkas harus dipilih lagi" in page(response)


def test_a_name_is_needed_except_for_confidential_complaints(cast, client):
    assert "name" in client.post(LAPOR, report_data(name="")).context["form"].errors
    normal = report_data(jenis="complaint", confidentiality="normal", name="")
    assert "name" in client.post(LAPOR, normal).context["form"].errors
    client.post(LAPOR, report_data(jenis="complaint", confidentiality="anonymous", name="", email=""))
    ticket = Ticket.objects.get()
    assert ticket.confidentiality == "anonymous" and ticket.requester.points.count() == 0


def test_only_complaints_can_be_confidential(cast, client):
    client.post(LAPOR, report_data(confidentiality="secret"))
    assert Ticket.objects.get().confidentiality == "normal"


@pytest.mark.parametrize("level", ["secret", "whistleblowing"])
def test_a_restricted_report_is_seen_by_its_officers_alone(cast, client, level):
    client.post(LAPOR, report_data(jenis="complaint", confidentiality=level))
    ticket = Ticket.objects.get()
    assert ticket.is_restricted and ticket.team == cast.confidential_team
    assert ticket.number in page(client.get("/lapor/terima-kasih/"))


def test_drafts_of_delicate_reports_are_not_kept(cast, client):
    plain = client.get(LAPOR + "?jenis=complaint").content.decode()
    assert 'data-draft="lapor-complaint"' in plain
    assert plain.count('data-draft-off-values="anonymous secret whistleblowing"') == 4
    kept = client.post(LAPOR, report_data(jenis="complaint", confidentiality="secret", subject="")).content.decode()
    assert 'data-draft-off="lapor-complaint"' in kept and "data-draft=" not in kept


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("virus.exe", b"MZ" + b"0" * 20, "virus.exe"),
        ("surat.pdf", b"MZ" + b"0" * 20, "tidak sesuai"),
        ("kosong.txt", b" ", ""),
    ],
)
def test_refused_files_are_named(cast, client, name, content, words):
    upload = SimpleUploadedFile(name, content)
    response = client.post(LAPOR, report_data(attachments=[picture(), upload]))
    if words:
        assert response.status_code == 422 and not Ticket.objects.exists()
        assert words in response.context["form"].errors["attachments"][0]
    else:
        assert response.status_code == 302


def test_too_many_and_too_large_files_are_refused_in_words(cast, client, settings):
    many = client.post(LAPOR, report_data(attachments=[picture(f"{i}.png") for i in range(11)]))
    assert many.status_code == 422 and "10 berkas" in many.context["form"].errors["attachments"][0]
    settings.ATTACHMENT_MAX_BYTES = 100 * 1024
    large = picture("besar.png", b"\x89PNG\r\n\x1a\n" + b"0" * 110 * 1024)
    response = client.post(LAPOR, report_data(attachments=[large]))
    assert response.status_code == 422 and "besar.png" in response.context["form"].errors["attachments"][0]


def test_a_form_beyond_every_limit_gets_a_page_not_a_crash(cast, client, settings):
    settings.DATA_UPLOAD_MAX_NUMBER_FILES = 3
    files = client.post(LAPOR, report_data(attachments=[picture(f"{i}.png") for i in range(5)]))
    assert files.status_code == 413 and "tombol kembali" in page(files)
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 2000
    words = client.post(LAPOR, report_data(text="a" * 5000))
    assert words.status_code == 413
    settings.ATTACHMENT_MAX_BYTES = 1000
    total = client.post(LAPOR, report_data(attachments=[picture(content=b"0" * 9000)]))
    assert total.status_code == 413 and not Ticket.objects.exists()


def test_a_broken_upload_gets_a_page(cast, client):
    response = client.post(LAPOR, b"--x\r\nrusak", content_type="multipart/form-data")
    assert response.status_code == 400 and "terputus" in page(response)


def test_forms_without_csrf_token_are_refused(cast):
    from django.test import Client

    client = Client(enforce_csrf_checks=True)
    assert client.post(LAPOR, report_data()).status_code == 403
    assert not Ticket.objects.exists()
    client.get(LAPOR + "?jenis=incident")
    token = client.cookies["csrftoken"].value
    assert client.post(LAPOR, report_data(csrfmiddlewaretoken=token)).status_code == 302


def test_a_filled_trap_is_refused_and_shown(cast, client):
    response = client.post(LAPOR, report_data(website="http://spam"))
    assert response.status_code == 422 and "website" in response.context["form"].errors
    assert not Ticket.objects.exists()


def test_reports_of_one_address_are_limited(cast, client, monkeypatch):
    monkeypatch.setattr(report, "REPORTS_PER_HOUR", 2)
    for i in range(2):
        assert client.post(LAPOR, report_data(text=f"Laporan {i}")).status_code == 302
    refused = client.post(LAPOR, report_data(text="Jangan hilang"))
    assert refused.status_code == 429 and "terlalu banyak laporan" in page(refused)
    assert "Jangan hilang" in refused.content.decode()
    assert client.post(LAPOR, report_data(), REMOTE_ADDR="10.0.0.9").status_code == 302


def test_the_address_is_taken_from_our_own_proxy_only(cast, client, monkeypatch, settings):
    monkeypatch.setattr(report, "REPORTS_PER_HOUR", 1)
    client.post(LAPOR, report_data(), headers={"x-forwarded-for": "1.1.1.1"})
    assert client.post(LAPOR, report_data(), headers={"x-forwarded-for": "2.2.2.2"}).status_code == 429
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    assert client.post(LAPOR, report_data(), headers={"x-forwarded-for": "9.9.9.9, 3.3.3.3"}).status_code == 302
    assert client.post(LAPOR, report_data(), headers={"x-forwarded-for": "8.8.8.8, 3.3.3.3"}).status_code == 429


def test_signed_in_people_report_as_themselves(cast, client):
    client.force_login(cast.asn)
    form = client.get(LAPOR + "?jenis=request").content.decode()
    assert 'name="email"' not in form and 'value="dukcapil" selected' in form
    client.post(LAPOR, report_data(jenis="request", name="Orang lain", email="lain@contoh.id"))
    ticket = Ticket.objects.get()
    assert ticket.requester.user == cast.asn and ticket.requester_class == "asn"
    assert not ticket.requester.points.filter(value="lain@contoh.id").exists()


def test_a_request_offers_requestable_services_only(cast, client, service):
    factories.service("simpeg")
    factories.service("lama", status=Service.Status.RETIRED)
    request = client.get(LAPOR + "?jenis=request").content.decode()
    incident = client.get(LAPOR + "?jenis=incident").content.decode()
    assert 'value="email-dinas"' in request and 'value="simpeg"' not in request
    assert 'value="simpeg"' in incident and 'value="lama"' not in incident


def test_the_receipt_ends(cast, client, monkeypatch):
    client.post(LAPOR, report_data())
    assert client.get("/lapor/terima-kasih/").status_code == 200
    client.post("/lapor/terima-kasih/")
    assert client.get("/lapor/terima-kasih/").url == "/lacak/"
    client.post(LAPOR, report_data())
    monkeypatch.setattr(tracking, "RECEIPT_LIFE", -tracking.RECEIPT_LIFE)
    assert client.get("/lapor/terima-kasih/").url == "/lacak/"


def test_receipts_are_never_cached(cast, client):
    client.post(LAPOR, report_data(submission=str(uuid.uuid4())))
    assert "no-store" in client.get("/lapor/terima-kasih/")["Cache-Control"]
