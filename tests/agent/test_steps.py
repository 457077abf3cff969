import pytest

from tests import factories
from tickets import workflow
from tickets.models import Ticket

HTMX = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture
def agent(cast, client):
    client.force_login(cast.agen)
    return cast


def url(ticket, step):
    return f"/kerja/tiket/{ticket.number}/langkah/{step}/"


def state_of(ticket):
    return Ticket.objects.get(pk=ticket.pk).state


@pytest.fixture
def started(agent):
    return workflow.perform(factories.ticket().pk, "start", agent.agen)


def test_the_inputs_are_a_page_or_a_panel(agent, client, started):
    page = client.get(url(started, "resolve")).content.decode()
    panel = client.get(url(started, "resolve"), **HTMX).content.decode()
    assert "<html" in page and "<html" not in panel
    assert "<span>Dikerjakan</span>" in page
    for html in (page, panel):
        assert 'name="solution"' in html and f'name="version" value="{started.version}"' in html


def test_a_step_runs(agent, client, started):
    data = {"code": "fixed", "solution": "Kabel diganti.", "version": started.version}
    response = client.post(url(started, "resolve"), data)
    assert response["Location"] == f"/kerja/tiket/{started.number}/"
    assert state_of(started) == "resolved"


def test_a_step_from_the_panel_moves_the_whole_page(agent, client, started):
    data = {"code": "fixed", "solution": "Kabel diganti.", "version": started.version}
    response = client.post(url(started, "resolve"), data, **HTMX)
    assert response.status_code == 200 and response["HX-Redirect"] == f"/kerja/tiket/{started.number}/"


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_missing_inputs_are_named_and_the_others_kept(agent, client, started, headers):
    data = {"code": "", "solution": "Kabel diganti.", "version": started.version}
    response = client.post(url(started, "resolve"), data, **headers)
    html = response.content.decode()
    assert response.status_code == 422 and "Kabel diganti." in html and "field-error" in html
    assert state_of(started) == "in_progress"


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_a_stale_step_keeps_the_words_and_offers_the_fresh_version(agent, client, started, headers):
    moved = workflow.perform(started.pk, "reassign", agent.koordinator, team="jaringan")
    data = {"code": "fixed", "solution": "Kabel diganti.", "version": started.version}
    response = client.post(url(started, "resolve"), data, **headers)
    html = response.content.decode()
    assert response.status_code == 409
    assert "sudah diubah oleh Koordinator" in html and "Kabel diganti." in html
    assert f'name="version" value="{moved.version}"' in html
    assert state_of(started) == "in_progress"


def test_a_step_from_the_wrong_state_keeps_the_words(agent, client, started):
    workflow.perform(started.pk, "resolve", agent.koordinator, code="fixed", solution="Sudah.")
    fresh = Ticket.objects.get(pk=started.pk)
    data = {"reason": "requester", "note": "Nomor seri berapa?", "version": fresh.version}
    response = client.post(url(started, "hold"), data)
    html = response.content.decode()
    assert response.status_code == 409 and "Nomor seri berapa?" in html and "Terselesaikan" in html


def test_opening_a_step_that_is_gone_leads_back(agent, client, started):
    response = client.get(url(started, "assign"), follow=True)
    assert response.redirect_chain[0][0] == f"/kerja/tiket/{started.number}/"
    assert "tidak dapat dijalankan" in response.content.decode()
    assert client.get(url(started, "assign"), **HTMX)["HX-Redirect"] == f"/kerja/tiket/{started.number}/"


def test_a_step_without_inputs_runs_from_its_button(cast, client):
    ticket = factories.ticket()
    workflow.perform(ticket.pk, "start", cast.agen)
    ticket = workflow.perform(ticket.pk, "resolve", cast.agen, code="fixed", solution="Sudah.")
    client.force_login(cast.koordinator)
    html = client.get(f"/kerja/tiket/{ticket.number}/").content.decode()
    assert f'<form method="post" action="{url(ticket, "close")}"' in html
    client.post(url(ticket, "close"), {"version": ticket.version})
    assert state_of(ticket) == "closed"


def test_a_step_that_is_not_theirs_is_forbidden(cast, client):
    ticket = factories.ticket("complaint", office=factories.office("dukcapil"))
    client.force_login(cast.penghubung)
    assert client.get(url(ticket, "verify")).status_code == 403
    assert client.post(url(ticket, "verify"), {"complaint_class": "ordinary"}).status_code == 403
    assert state_of(ticket) == "new"


def test_unknown_steps_do_not_exist(agent, client, started):
    assert client.get(url(started, "meledak")).status_code == 404
    assert client.post(url(started, "save"), {}).status_code == 404


def test_whoever_gives_a_ticket_away_lands_on_the_queue(cast, client):
    ticket = factories.ticket(team=cast.network)
    ticket = workflow.perform(ticket.pk, "start", cast.teknisi)
    client.force_login(cast.teknisi)
    data = {"team": "meja-layanan", "version": ticket.version}
    response = client.post(url(ticket, "reassign"), data, follow=True)
    assert response.redirect_chain[-1][0] == "/kerja/"
    assert "ditangani pihak lain" in response.content.decode()


def test_irreversible_steps_warn(agent, client):
    ticket = factories.ticket()
    assert "tidak dapat dibatalkan" in client.get(url(ticket, "cancel")).content.decode()
