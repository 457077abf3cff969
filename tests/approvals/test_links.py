"""The link in the mail: for one person and one vote, without signing in, and never by GET."""

import re
from datetime import timedelta

import pytest
from django.core import signing
from django.urls import reverse

from notify.models import Delivery
from tests import factories
from tests.approvals.conftest import change_of, person, request_for, rule, stand_in
from tickets.approvals import delegation, links
from tickets.models import Ticket, Vote
from tickets.workflow import perform


def link_of(user):
    mail = Delivery.objects.filter(recipient=user.email, key__startswith="approval").latest("pk")
    return re.search(r"http\S+", mail.text)[0].split("testserver")[-1].replace("http://127.0.0.1:8000", "")


def path(user):
    return "/persetujuan/" + link_of(user).split("/persetujuan/")[1]


@pytest.fixture
def ticket(cast):
    return request_for(cast)


def state_of(ticket):
    return Ticket.objects.get(pk=ticket.pk).state


def test_the_mail_goes_to_the_accounts_address_and_the_page_asks(cast, ticket, client):
    mails = Delivery.objects.filter(key__startswith="approval:")
    assert [mail.recipient for mail in mails] == [cast.penghubung.email]
    page = client.get(path(cast.penghubung))
    html = page.content.decode()
    assert page.status_code == 200 and ticket.number in html and "Minta akses VPN" in html
    assert page["Referrer-Policy"] == "same-origin" and "no-store" in page["Cache-Control"]
    assert state_of(ticket) == "awaiting_approval"


def test_looking_never_votes(cast, ticket, client):
    for method in (client.get, client.head, client.options):
        method(path(cast.penghubung) + "?decision=approve")
    assert not Vote.objects.exclude(decision="").exists()


def test_a_vote_by_link_counts_once(cast, ticket, client):
    url = path(cast.penghubung)
    page = client.post(url, {"decision": "approve", "comment": "Silakan."})
    assert page.status_code == 200 and "menyetujui" in page.content.decode()
    vote = Vote.objects.get()
    assert (vote.decision, vote.decided_by, vote.channel, vote.comment) == (
        "approve",
        cast.penghubung,
        "email",
        "Silakan.",
    )
    assert state_of(ticket) == "approved"
    assert client.get(url).status_code == 410
    assert client.post(url, {"decision": "reject", "comment": "x"}).status_code == 410
    assert state_of(ticket) == "approved"


def test_a_refusal_needs_its_reason(cast, ticket, client):
    url = path(cast.penghubung)
    page = client.post(url, {"decision": "reject", "comment": " "})
    assert page.status_code == 422 and "alasan" in page.content.decode()
    assert client.post(url, {"decision": "sesuatu"}).status_code == 422
    assert state_of(ticket) == "awaiting_approval"
    client.post(url, {"decision": "reject", "comment": "Belum ada surat."})
    assert state_of(ticket) == "rejected"


def test_a_forged_or_borrowed_token_is_nothing(cast, ticket, client):
    vote = Vote.objects.get()
    good = links.token(vote, cast.penghubung)
    forged = [
        good[:-2] + "xx",
        "omong-kosong",
        signing.dumps([vote.pk, cast.penghubung.pk, vote.nonce], salt="lain"),
        signing.dumps([vote.pk, cast.penghubung.pk, "salah"], salt=links.SALT),
        signing.dumps([vote.pk, cast.agen.pk, vote.nonce], salt=links.SALT),
        signing.dumps([vote.pk, cast.orang_luar.pk, vote.nonce], salt=links.SALT),
        signing.dumps({"apa": 1}, salt=links.SALT),
        signing.dumps([1, 2], salt=links.SALT),
    ]
    for token in forged:
        url = reverse("approval_link", args=[token])
        assert client.get(url).status_code == 410, token
        assert client.post(url, {"decision": "approve"}).status_code == 410
    assert state_of(ticket) == "awaiting_approval"


def test_a_link_dies_after_two_weeks(cast, ticket, client, monkeypatch):
    url = path(cast.penghubung)
    monkeypatch.setattr(links, "LIFETIME", timedelta(seconds=-1))
    page = client.get(url)
    assert page.status_code == 410 and "14 hari" in page.content.decode()


def test_a_link_dies_with_its_round_or_account(cast, ticket, client):
    url = path(cast.penghubung)
    cast.penghubung.is_active = False
    cast.penghubung.save()
    assert client.get(url).status_code == 410
    cast.penghubung.is_active = True
    cast.penghubung.save()
    assert client.get(url).status_code == 200
    perform(ticket.pk, "cancel", cast.warga, reason="Tidak jadi.")
    assert client.post(url, {"decision": "approve"}).status_code == 410


def test_a_substitute_gets_a_link_of_their_own(cast, client):
    stand_in(cast.orang_luar, of=cast.penghubung)
    ticket = request_for(cast)
    client.post(path(cast.orang_luar), {"decision": "approve"})
    assert Vote.objects.get().decided_by == cast.orang_luar and state_of(ticket) == "approved"


def test_a_delegate_gets_a_link_too(cast, ticket, client):
    delegation.delegate(vote_id=Vote.objects.get().pk, actor=cast.penghubung, to=cast.pimpinan)
    assert "melimpahkan" in Delivery.objects.get(recipient=cast.pimpinan.email).text
    client.post(path(cast.pimpinan), {"decision": "approve"})
    assert Vote.objects.get().decided_by == cast.pimpinan


def test_of_a_change_the_plan_is_shown(cast, client):
    ticket = change_of(cast)
    perform(ticket.pk, "ask_approval", cast.agen)
    html = client.get(path(cast.cab)).content.decode()
    assert "Rencana rinci." in html and "Rencana pengembalian" in html


def test_of_a_restricted_ticket_neither_mail_nor_page_tell_the_subject(cast, client):
    made = factories.service("rahasia", needs_approval=True)
    ticket = factories.ticket(
        "request",
        requester=cast.warga,
        service=made,
        confidentiality="secret",
        subject="Perkara gawat",
        text="Isi gawat",
    )
    mail = Delivery.objects.get(recipient=cast.inspektorat.email, key__startswith="approval:")
    html = client.get(path(cast.inspektorat)).content.decode()
    for text in (mail.subject, mail.text, html):
        assert "gawat" not in text
    assert ticket.number in html
    assert not Delivery.objects.filter(recipient=cast.koordinator.email).exists()


def test_one_person_is_told_once_per_position(cast, three):
    made = rule("ganda", (1, "any", None, [person(cast.penghubung)]), (1, "any", None, [person(cast.penghubung)]))
    request_for(cast, approval_rule=made)
    assert Delivery.objects.filter(recipient=cast.penghubung.email).count() == 1
    assert Vote.objects.count() == 2


def test_the_token_needs_csrf_like_any_form(cast, ticket):
    from django.test import Client

    strict = Client(enforce_csrf_checks=True)
    assert strict.post(path(cast.penghubung), {"decision": "approve"}).status_code == 403
    assert state_of(ticket) == "awaiting_approval"


def test_who_stands_in_for_an_officer_does_not_learn_of_the_officers_cases(cast):
    stand_in(cast.orang_luar, of=cast.inspektorat)
    made = factories.service("rahasia", needs_approval=True)
    ticket = factories.ticket("request", requester=cast.warga, service=made, confidentiality="secret")
    assert ticket.state == "awaiting_approval"
    assert not Delivery.objects.filter(recipient=cast.orang_luar.email).exists()
