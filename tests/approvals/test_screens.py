"""Panel, inbox, delegation page, the requester's line, REST and admin: what each shows to whom."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests import factories
from tests.api.conftest import Caller
from tests.approvals.conftest import change_of, fresh, person, request_for, rule, stand_in
from tickets import tracking
from tickets.models import ApprovalRound, Ticket, Vote
from tickets.workflow import perform


def page(client, user, url):
    client.force_login(fresh(user))
    return client.get(url)


def ticket_url(ticket):
    return f"/kerja/tiket/{ticket.number}/"


INBOX = "/kerja/persetujuan/"


def test_the_panel_tells_who_decided_when_and_for_whom(cast, client):
    stand_in(cast.pimpinan, of=cast.penghubung)
    ticket = request_for(cast)
    perform(ticket.pk, "reject", fresh(cast.pimpinan), reason="Surat belum ada.")
    perform(ticket.pk, "resubmit", cast.warga, reason="Terlampir.")
    html = page(client, cast.agen, ticket_url(ticket)).content.decode()
    assert "Putaran 2: Menunggu" in html and "Putaran 1: Ditolak" in html
    assert "diputus oleh Pimpinan" in html and "Surat belum ada." in html and "belum memutuskan" in html
    assert 'id="ticket-approvals"' in client.get(ticket_url(ticket), HTTP_HX_REQUEST="true").content.decode()


def test_the_panel_costs_the_same_for_any_number_of_voters(cast, client):
    def queries(count):
        people = [factories.user(f"p{count}_{n}") for n in range(count)]
        code = f"izin-{count}"
        service = factories.service(
            code, needs_approval=True, approval_rule=rule(code, (1, "all", None, [person(p) for p in people]))
        )
        ticket = factories.ticket("request", requester=cast.warga, service=service)
        client.force_login(fresh(cast.agen))
        with CaptureQueriesContext(
            connection,
        ) as captured:
            client.get(ticket_url(ticket))
        return len(captured)

    queries(1)
    assert queries(2) == queries(12)


def test_the_inbox_shows_my_open_votes_also_as_substitute(cast, client):
    stand_in(cast.pimpinan, of=cast.penghubung)
    ticket = request_for(cast)
    for user in (cast.penghubung, cast.pimpinan):
        html = page(client, user, INBOX).content.decode()
        assert ticket.number in html and f"/kerja/tiket/{ticket.number}/langkah/approve/" in html
        assert re.search(r'class="count">1<', html)
    assert "atas nama Penghubung" in html
    for user in (cast.agen, cast.koordinator, cast.admin, cast.cab):
        html = page(client, user, INBOX).content.decode()
        assert ticket.number not in html and "Tidak ada yang menunggu" in html
    perform(ticket.pk, "approve", cast.penghubung)
    assert ticket.number not in page(client, cast.pimpinan, INBOX).content.decode()


def test_the_inbox_is_for_the_workspace(cast, client):
    assert client.get(INBOX).status_code == 302
    assert page(client, cast.warga, INBOX).status_code == 403


@pytest.mark.parametrize("path", [INBOX, "/kerja/"])
def test_the_inbox_and_the_navigation_cost_the_same_for_3_and_30(cast, client, path):
    service = factories.service("banyak", needs_approval=True, owner_office=factories.office("dukcapil"))

    def queries(count):
        for _n in range(count - ApprovalRound.objects.count()):
            factories.ticket("request", requester=cast.warga, service=service)
        client.force_login(fresh(cast.penghubung))
        with CaptureQueriesContext(connection) as captured:
            client.get(path)
        return len(captured)

    queries(1)
    assert queries(3) == queries(30)


def test_voting_from_the_web(cast, client):
    ticket = request_for(cast)
    client.force_login(cast.penghubung)
    url = reverse("agent:transition", args=[ticket.number, "approve"])
    assert "Setujui" in client.get(url).content.decode()
    client.post(url, {"note": "Baik.", "version": Ticket.objects.get(pk=ticket.pk).version})
    assert Ticket.objects.get(pk=ticket.pk).state == "approved"


def test_a_vote_is_delegated_from_the_page(cast, client):
    ticket = request_for(cast)
    vote = Vote.objects.get()
    url = f"/kerja/tiket/{ticket.number}/persetujuan/{vote.pk}/limpahkan/"
    assert url in page(client, cast.penghubung, ticket_url(ticket)).content.decode()
    html = client.get(url).content.decode()
    assert "Pimpinan" in html and ">Warga<" not in html
    version = Ticket.objects.get(pk=ticket.pk).version
    assert client.post(url, {"to": cast.warga.pk, "version": version}).status_code == 422
    response = client.post(url, {"to": cast.pimpinan.pk, "version": version})
    assert response["Location"] == ticket_url(ticket)
    assert Vote.objects.get().delegated_to == cast.pimpinan
    assert "dilimpahkan kepada Pimpinan" in client.get(ticket_url(ticket)).content.decode()
    client.post(url, {"to": "", "version": version})
    assert Vote.objects.get().delegated_to == cast.pimpinan  # stale
    client.post(url, {"to": "", "version": Ticket.objects.get(pk=ticket.pk).version})
    assert Vote.objects.get().delegated_to is None


def test_only_the_addressee_reaches_the_delegation_page(cast, client):
    ticket = request_for(cast)
    vote = Vote.objects.get()
    url = f"/kerja/tiket/{ticket.number}/persetujuan/{vote.pk}/limpahkan/"
    for user, status in ((cast.koordinator, 403), (cast.agen, 403), (cast.cab, 404), (cast.warga, 403)):
        assert page(client, user, url).status_code == status, user
        assert client.post(url, {"to": cast.agen.pk}).status_code == status
    other = factories.ticket(requester=cast.warga)
    client.force_login(cast.agen)
    assert client.get(f"/kerja/tiket/{other.number}/persetujuan/{vote.pk}/limpahkan/").status_code == 404
    assert client.get(f"/kerja/tiket/{ticket.number}/persetujuan/{2**70}/limpahkan/").status_code == 404
    assert Vote.objects.get().delegated_to is None


def test_the_requester_reads_one_line_and_no_votes(cast, client):
    made = rule("dua", (1, "any", None, [person(cast.penghubung)]), (2, "any", None, [person(cast.pimpinan)]))
    ticket = request_for(cast, approval_rule=made)
    html = page(client, cast.warga, f"/tiket-saya/{ticket.number}/").content.decode()
    assert "Menunggu persetujuan, langkah 1 dari 2" in html and "Penghubung" not in html
    perform(ticket.pk, "approve", cast.penghubung, note="Catatan antarpetugas.")
    html = client.get(f"/tiket-saya/{ticket.number}/").content.decode()
    assert "langkah 2 dari 2" in html and "Permintaan disetujui." not in html and "antarpetugas" not in html
    perform(ticket.pk, "approve", cast.pimpinan)
    html = client.get(f"/tiket-saya/{ticket.number}/").content.decode()
    assert "Permintaan disetujui." in html
    assert tracking.state_note(Ticket.objects.get(pk=ticket.pk)) == "Disetujui"


def test_the_api_votes_and_lists_rounds_for_insiders_only(cast):
    ticket = request_for(cast)
    assert Caller(cast.agen).step(ticket, "approve").status_code == 403
    answer = Caller(cast.penghubung).step(ticket, "reject", {"reason": "Belum lengkap."})
    assert answer.status_code == 200 and answer.json()["state"] == "rejected"
    assert Vote.objects.get().channel == "api"
    (shown,) = Caller(cast.agen).ticket(ticket).json()["approvals"]
    assert (shown["number"], shown["state"]) == (1, "rejected")
    (vote,) = shown["steps"][0]["votes"]
    assert (vote["approver"], vote["decision"], vote["comment"]) == ("Penghubung", "reject", "Belum lengkap.")
    seen = Caller(cast.warga).ticket(ticket).json()
    assert seen["approvals"] == []
    codes = {entry["code"] for entry in seen["timeline"]}
    assert not any(code.startswith("approval.") for code in codes)


def test_a_substituted_change_is_seen_by_approvers(cast, client):
    ticket = change_of(cast)
    perform(ticket.pk, "ask_approval", cast.agen)
    html = page(client, cast.cab, ticket_url(ticket)).content.decode()
    assert "langkah/approve/" in html and "Limpahkan" in html
    perform(ticket.pk, "approve", cast.cab)
    html = client.get(ticket_url(ticket)).content.decode()
    assert "langkah/approve/" not in html and "Setuju" in html


def test_the_admin_edits_rules_and_substitutes(cast, client):
    made = rule("aturan-satu", (1, "any", None, [person(cast.pimpinan)]))
    step = made.steps.get()
    client.force_login(cast.admin)
    for name, pk in (("catalog_approvalrule", made.pk), ("catalog_approvalrulestep", step.pk)):
        assert client.get(reverse(f"admin:{name}_changelist")).status_code == 200
        assert client.get(reverse(f"admin:{name}_change", args=[pk])).status_code == 200
    for name in ("accounts_substitution", "accounts_absence"):
        assert client.get(reverse(f"admin:{name}_add")).status_code == 200
        assert client.get(reverse(f"admin:{name}_changelist")).status_code == 200
    office = reverse("admin:accounts_office_change", args=[factories.office("dukcapil").pk])
    assert 'name="head"' in client.get(office).content.decode()


def test_the_admin_shows_no_round_of_a_restricted_ticket(cast, client):
    secret = factories.service("rahasia", needs_approval=True)
    hidden = factories.ticket("request", requester=cast.warga, service=secret, confidentiality="secret")
    shown = request_for(cast)
    client.force_login(cast.admin)
    html = client.get(reverse("admin:tickets_approvalround_changelist")).content.decode()
    assert shown.number in html and hidden.number not in html
    pk = ApprovalRound.objects.get(ticket=hidden).pk
    assert client.get(reverse("admin:tickets_approvalround_change", args=[pk])).status_code == 302
