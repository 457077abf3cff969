"""An account's address counts once it is proven: what is typed or set is a claim, and takes nothing from anybody."""

import re
from time import time

import pytest
from allauth.account.models import EmailAddress
from django.core import mail, signing
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.contacts import Identity, email_of, resolve
from accounts.models import ContactPoint, IdentityView
from notify import outbox
from tests import factories
from tickets import edits
from tickets.models import Participant

PAGE = "/akun/email/"
MINE = "/tiket-saya/"
ADDRESS = "saksi@contoh.id"


@pytest.fixture
def report(cast):
    """A report that came from the address of somebody without an account."""
    return factories.ticket("complaint", sender=Identity(name="Saksi Mata", email=ADDRESS))


@pytest.fixture
def person(cast):
    return factories.user("baru", proven=False, email=ADDRESS)


def signed_in(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def send_link(client, **data) -> str:
    """The path of the link that this form of the page sends."""
    outbox.send_due()
    sent = len(mail.outbox)
    client.post(PAGE, data)
    outbox.send_due()
    assert len(mail.outbox) == sent + 1
    found = re.search(r"/akun/confirm-email/[^/\s]+/", mail.outbox[-1].body)
    assert found
    return found[0]


def numbers(client) -> str:
    return client.get(MINE).content.decode()


def file_report(client) -> None:
    answer = client.post("/lapor/?jenis=incident", {"jenis": "incident", "subject": "Internet mati", "text": "Mati."})
    assert answer.status_code == 302


# What is no proof


@pytest.mark.parametrize("action", ["action_add", "action_primary", "action_remove"])
def test_a_typed_address_takes_nothing(report, cast, action):
    client = signed_in(cast.orang_luar)
    client.post(PAGE, {"action_add": "", "email": ADDRESS})
    client.post(PAGE, {action: "", "email": ADDRESS})
    cast.orang_luar.refresh_from_db()
    assert cast.orang_luar.email == "orang_luar@contoh.go.id"
    file_report(client)
    assert report.number not in numbers(client)


def test_an_unproven_account_cannot_choose_its_address_without_a_link(report, cast):
    user = factories.user("tanpa_bukti", proven=False)
    client = signed_in(user)
    client.post(PAGE, {"action_add": "", "email": ADDRESS})
    client.post(PAGE, {"action_primary": "", "email": ADDRESS})
    client.post(PAGE, {"action_remove": "", "email": user.email})
    user.refresh_from_db()
    assert user.email == "tanpa_bukti@contoh.go.id"


def test_an_address_set_by_an_administrator_takes_nothing(report, person):
    client = signed_in(person)
    file_report(client)
    assert report.number not in numbers(client)
    point = ContactPoint.objects.get(value=ADDRESS)
    assert point.contact_id == report.requester_id and not point.is_verified


def test_later_mail_does_not_go_to_an_account_that_only_claims_the_address(person, cast):
    own = resolve(Identity(user=person))
    assert own.points.get().value == ADDRESS
    later = factories.ticket("complaint", sender=Identity(name="Saksi Mata", email=ADDRESS))
    assert later.requester != own
    assert factories.ticket(sender=Identity(email=ADDRESS)).requester == later.requester
    assert later.number not in numbers(signed_in(person))


def test_vouched_words_do_not_reach_a_mere_claim_either(person):
    own = resolve(Identity(user=person))
    other = resolve(Identity(email=ADDRESS, phone="0812333444", verified=True))
    assert other != own and other.points.count() == 2


def test_a_signed_in_person_does_not_vouch_for_other_addresses(report, cast):
    own = resolve(Identity(user=cast.warga, email=ADDRESS, phone="0812333444"))
    assert [point.value for point in own.points.all()] == [cast.warga.email]


def test_an_unproven_account_is_still_answered(report, person):
    own = resolve(Identity(user=person))
    assert email_of(own) == ADDRESS
    ContactPoint.objects.filter(value=ADDRESS).update(unreachable_at=timezone.now())
    assert email_of(own) == ""


def test_an_account_is_not_written_to_at_what_somebody_else_proved(cast):
    liar = factories.user("penipu", proven=False, email=cast.warga.email)
    resolve(Identity(user=cast.warga))
    assert email_of(resolve(Identity(user=liar))) == ""


# The proof


def test_the_link_brings_the_earlier_reports(report, person):
    client = signed_in(person)
    file_report(client)
    assert "Buktikan alamat email Anda" in numbers(client)
    link = send_link(client, action_send="", email=ADDRESS)
    assert "Ya, ini alamat saya" in client.get(link).content.decode()
    assert report.number not in numbers(client), "looking at the link proves nothing"
    answer = client.post(link)
    assert answer.url == MINE
    page = numbers(client)
    assert report.number in page and "Buktikan alamat email Anda" not in page
    assert "sudah terbukti" in page
    point = ContactPoint.objects.get(value=ADDRESS)
    assert point.is_verified and point.contact.user == person


def test_an_older_proof_brings_them_with_the_first_own_report(report, cast):
    user = factories.user("baru", email=ADDRESS)
    client = signed_in(user)
    file_report(client)
    assert report.number in numbers(client)


def test_a_proven_account_changes_its_address_by_the_link_alone(report, cast):
    resolve(Identity(user=cast.warga))
    client = signed_in(cast.warga)
    link = send_link(client, action_add="", email=ADDRESS)
    cast.warga.refresh_from_db()
    assert cast.warga.email == "warga@contoh.go.id"
    client.post(link)
    cast.warga.refresh_from_db()
    assert cast.warga.email == ADDRESS
    assert [row.email for row in EmailAddress.objects.filter(user=cast.warga)] == [ADDRESS]
    assert email_of(cast.warga.contact) == ADDRESS
    assert not ContactPoint.objects.get(value="warga@contoh.go.id").is_verified
    assert report.number in numbers(client)


def test_another_wish_replaces_the_first_and_not_the_present_address(cast):
    user = factories.user("tanpa_bukti", proven=False)
    client = signed_in(user)
    first = send_link(client, action_add="", email="satu@contoh.id")
    send_link(client, action_add="", email="dua@contoh.id")
    rows = EmailAddress.objects.filter(user=user).values_list("email", flat=True)
    assert set(rows) == {user.email, "dua@contoh.id"}
    assert "Tautan tidak berlaku" in client.get(first).content.decode()


def test_only_the_account_itself_follows_its_link(report, cast):
    link = send_link(signed_in(cast.orang_luar), action_add="", email=ADDRESS)
    for curious in (Client(), signed_in(cast.warga)):
        curious.post(link)
        page = curious.get(link).content.decode()
        assert "Ya, ini alamat saya" not in page and "tidak ada yang berubah" in page
    assert not EmailAddress.objects.get(email=ADDRESS).verified
    assert report.number not in numbers(signed_in(cast.orang_luar))


def test_the_link_works_once(report, person):
    client = signed_in(person)
    link = send_link(client, action_send="", email=ADDRESS)
    client.post(link)
    assert "Tautan tidak berlaku" in client.get(link).content.decode()
    assert client.post(link).status_code == 404
    assert EmailAddress.objects.get(user=person).verified


def test_the_link_expires_after_three_days(report, person, monkeypatch):
    client = signed_in(person)
    link = send_link(client, action_send="", email=ADDRESS)
    sent_at = time()
    monkeypatch.setattr(signing.time, "time", lambda: sent_at + 3 * 24 * 3600 - 60)
    assert "Ya, ini alamat saya" in client.get(link).content.decode()
    monkeypatch.setattr(signing.time, "time", lambda: sent_at + 3 * 24 * 3600 + 60)
    assert "Tautan tidak berlaku" in client.get(link).content.decode()
    assert client.post(link).status_code == 404
    assert not EmailAddress.objects.get(user=person).verified


def test_a_made_up_link_proves_nothing(person):
    row = EmailAddress.objects.create(user=person, email=ADDRESS)
    client = signed_in(person)
    forged = reverse("account_confirm_email", args=[signing.dumps(row.pk, key="tebakan", salt="account")])
    assert client.post(forged).status_code == 404


def test_an_address_that_another_account_proved_stays_there(report, cast):
    owner = factories.user("pemilik", email=ADDRESS)
    resolve(Identity(user=owner))
    thief = signed_in(cast.orang_luar)
    link = send_link(thief, action_add="", email=ADDRESS)
    assert "Alamat dipakai akun lain" in thief.get(link).content.decode()
    assert thief.post(link).url == PAGE
    cast.orang_luar.refresh_from_db()
    assert cast.orang_luar.email == "orang_luar@contoh.go.id"
    assert report.number not in numbers(thief) and report.number in numbers(signed_in(owner))


def test_a_proof_takes_the_address_from_an_account_that_had_it_once(cast):
    before = factories.user("dulu", email=ADDRESS)
    old = factories.ticket(requester=before)
    EmailAddress.objects.filter(user=before).delete()
    after = factories.user("kini", email=ADDRESS)
    own = resolve(Identity(user=after))
    assert ContactPoint.objects.get(value=ADDRESS).contact == own
    assert old.number in numbers(signed_in(before)) and old.number not in numbers(signed_in(after))


def test_proving_is_the_same_twice(report, cast, django_assert_num_queries):
    user = factories.user("baru", email=ADDRESS)
    own = resolve(Identity(user=user))
    with django_assert_num_queries(4):  # savepoint, contact, what is newly proven, savepoint
        assert resolve(Identity(user=user)) == own
    assert own.points.get().is_verified


def test_the_mail_says_whose_account_asks(person):
    send_link(signed_in(person), action_send="", email=ADDRESS)
    letter = mail.outbox[-1]
    assert letter.to == [ADDRESS] and letter.subject == "[Pusat Layanan SPBE] Buktikan alamat email Anda"
    assert person.display_name in letter.body and "abaikan" in letter.body


def test_the_page_sends_few_mails_to_one_address(cast):
    client = signed_in(cast.orang_luar)
    for _ in range(5):
        client.post(PAGE, {"action_add": "", "email": ADDRESS})
        client.post(PAGE, {"action_send": "", "email": ADDRESS})
    outbox.send_due()
    assert len(mail.outbox) == 1


@pytest.mark.parametrize("path", [PAGE, "/akun/confirm-email/"])
def test_the_pages_are_ours(client, cast, path):
    client.force_login(cast.warga)
    page = client.get(path)
    assert page.status_code == 200 and "Alamat email" in page.content.decode()
    assert "action_remove" not in page.content.decode() and "action_primary" not in page.content.decode()


# What administrators see


def test_administrators_sign_in_under_the_same_limit(cast):
    client = Client()
    for attempt in range(12):
        answer = client.post("/admin/login/", {"username": "admin", "password": f"salah{attempt}"}, follow=True)
        client.post("/akun/login/", {"login": "admin", "password": f"salah{attempt}"})
    assert answer.redirect_chain[0][0].startswith("/akun/login/")
    client.post("/admin/login/", {"username": "admin", "password": factories.PASSWORD})
    client.post("/akun/login/", {"login": "admin", "password": factories.PASSWORD})
    assert "_auth_user_id" not in client.session


def test_administrators_reach_their_pages(cast):
    client = Client()
    login = client.get("/admin/", follow=True).redirect_chain[-1][0]
    assert client.post(login, {"login": "admin", "password": factories.PASSWORD}).url == "/admin/"
    assert client.get("/admin/").status_code == 200


def test_nobody_marks_an_address_as_proven(cast):
    assert signed_in(cast.admin).get("/admin/account/emailaddress/").status_code == 404


@pytest.mark.parametrize("confidentiality", ["whistleblowing", "anonymous"])
def test_reporters_of_hidden_tickets_are_no_contacts_of_the_admin_site(cast, confidentiality):
    hidden = factories.ticket(
        "complaint", confidentiality=confidentiality, sender=Identity(name="Saksi Mata", email=ADDRESS)
    )
    client = signed_in(cast.admin)
    assert "Saksi Mata" not in client.get("/admin/accounts/contact/?q=saksi").content.decode()
    assert client.get(f"/admin/accounts/contact/{hidden.requester_id}/change/").status_code == 302
    open_one = factories.ticket()
    Participant.objects.create(ticket=open_one, contact=hidden.requester)
    assert "Saksi Mata" in client.get("/admin/accounts/contact/?q=saksi").content.decode()


def test_the_log_of_opened_identities_names_open_tickets_only(cast):
    agent, officer = signed_in(cast.agen), signed_in(cast.inspektorat)
    plain = factories.ticket()
    later = factories.ticket("complaint", requester=cast.warga)
    hidden = factories.ticket("complaint", requester=cast.teknisi, confidentiality="secret")
    for client, ticket in ((agent, plain), (agent, later), (officer, hidden)):
        client.post(reverse("agent:identity", args=[ticket.number]), {"reason": f"alasan: {ticket.subject}"})
    edits.change(ticket_id=later.pk, actor=cast.koordinator, confidentiality="secret")
    admin = signed_in(cast.admin)
    pages = [admin.get("/admin/accounts/identityview/").content.decode()]
    for row in IdentityView.objects.all():
        pages.append(admin.get(f"/admin/accounts/identityview/{row.pk}/change/").content.decode())
    text = "".join(pages)
    assert IdentityView.objects.count() == 3 and text.count("alasan: ") == 6
    assert plain.number in text
    assert later.number not in text and hidden.number not in text
    assert cast.teknisi.display_name not in pages[0] and str(hidden.requester) not in "".join(pages[1:])
