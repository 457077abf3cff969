import pytest

from accounts.models import IdentityView
from assets.models import Asset, AssetType
from tests import factories
from tickets import edits
from tickets.models import Ticket, TimelineEntry


@pytest.fixture
def agent(cast, client):
    client.force_login(cast.agen)
    return cast


def url(ticket, rest):
    return f"/kerja/tiket/{ticket.number}/{rest}/"


def asset(code, **kw):
    kind = AssetType.objects.get_or_create(code="server", defaults={"name": "Server"})[0]
    return Asset.objects.create(code=code, name=f"Server {code}", asset_type=kind, **kw)


def edit(client, ticket, **changes):
    ticket = Ticket.objects.get(pk=ticket.pk)
    data = {
        "subject": ticket.subject,
        "service": ticket.service.code if ticket.service else "",
        "office": ticket.office.code if ticket.office else "",
        "impact": ticket.impact,
        "urgency": ticket.urgency,
        "priority": "",
        "confidentiality": ticket.confidentiality,
        "version": ticket.version,
        **changes,
    }
    return client.post(url(ticket, "ubah"), data)


def test_facts_change_and_the_matrix_sets_the_priority(agent, client):
    ticket = factories.ticket()
    factories.service("surel"), factories.office("dinkes")
    response = edit(client, ticket, service="surel", office="dinkes", impact=4, urgency=4)
    assert response["Location"] == f"/kerja/tiket/{ticket.number}/"
    ticket.refresh_from_db(fields=["service", "office", "impact", "urgency", "priority"])
    assert (ticket.service.code, ticket.office.code, ticket.priority) == ("surel", "dinkes", 4)


def test_another_priority_needs_a_reason(agent, client):
    ticket = factories.ticket()
    response = edit(client, ticket, priority=4, subject="Judul baru")
    html = response.content.decode()
    assert response.status_code == 422 and "Tulis alasan" in html and "Judul baru" in html
    edit(client, ticket, priority=4, priority_reason="Kantor bupati")
    assert Ticket.objects.get(pk=ticket.pk).priority == 4
    assert TimelineEntry.objects.filter(ticket=ticket).last().changes["priority_reason"] == "Kantor bupati"
    # The override stands while other facts change.
    html = client.get(url(ticket, "ubah")).content.decode()
    assert '<option value="4" selected>Kritis</option>' in html
    edit(client, ticket, priority=4, subject="Judul lain")
    assert Ticket.objects.get(pk=ticket.pk).priority == 4


def test_assets_are_added_by_code_and_removed_by_untick(agent, client):
    ticket = factories.ticket()
    first, second = asset("SRV-1"), asset("SRV-2")
    edit(client, ticket, add_asset="SRV-1, SRV-2")
    assert set(ticket.assets.all()) == {first, second}
    edit(client, ticket, assets=["SRV-2"])
    assert set(ticket.assets.all()) == {second}
    response = edit(client, ticket, assets=["SRV-2"], add_asset="SRV-9")
    assert response.status_code == 422 and "Tidak ada aset berkode SRV-9" in response.content.decode()


def test_asset_suggestions_are_limited(agent, client):
    ticket = factories.ticket(office=factories.office("dinkes"))
    for i in range(25):
        asset(f"SRV-{i:02}", office=ticket.office)
    asset("LAIN-1")
    html = client.get(url(ticket, "aset"), {"add_asset": "SRV-01, lain"}).content.decode()
    assert 'value="LAIN-1"' in html and "SRV-" not in html
    assert client.get(url(ticket, "aset"), {"add_asset": "srv"}).content.decode().count("<option") == 20
    assert client.get(url(ticket, "ubah")).content.decode().count('<option value="SRV-') == 20


def test_a_stale_edit_keeps_what_was_typed(agent, client):
    ticket = factories.ticket()
    changed = edits.change(ticket_id=ticket.pk, actor=agent.koordinator, subject="Judul koordinator")
    response = edit(client, ticket, subject="Judul saya", version=ticket.version)
    html = response.content.decode()
    assert response.status_code == 409 and "sudah diubah oleh Koordinator" in html
    assert 'value="Judul saya"' in html and f'name="version" value="{changed.version}"' in html
    assert Ticket.objects.get(pk=ticket.pk).subject == "Judul koordinator"


def test_lowering_confidentiality_needs_a_reason(cast, client):
    ticket = factories.ticket("complaint", confidentiality="secret")
    client.force_login(cast.inspektorat)
    assert edit(client, ticket, confidentiality="anonymous").status_code == 422
    edit(client, ticket, confidentiality="anonymous", reason="Kasusnya sudah terbuka.")
    assert Ticket.objects.get(pk=ticket.pk).confidentiality == "anonymous"


def test_only_an_officer_unmasks_an_anonymous_reporter(agent, client):
    ticket = factories.ticket("complaint", confidentiality="anonymous")
    assert edit(client, ticket, confidentiality="normal", reason="Ingin tahu.").status_code == 422
    assert Ticket.objects.get(pk=ticket.pk).confidentiality == "anonymous"


def test_whoever_makes_a_ticket_secret_loses_sight_of_it(agent, client):
    ticket = factories.ticket()
    response = edit(client, ticket, confidentiality="secret")
    assert response["Location"] == "/kerja/"
    assert client.get(f"/kerja/tiket/{ticket.number}/").status_code == 404


def test_only_staff_of_the_ticket_edit(cast, client):
    ticket = factories.ticket("complaint", office=factories.office("dukcapil"))
    client.force_login(cast.penghubung)
    assert client.get(url(ticket, "ubah")).status_code == 403
    assert client.get(url(ticket, "aset")).status_code == 403
    assert edit(client, ticket, subject="Lain").status_code == 403


def test_addresses_are_masked_until_a_reason_is_given(agent, client):
    ticket = factories.ticket()
    page = client.get(f"/kerja/tiket/{ticket.number}/").content.decode()
    assert "s•••@contoh.id" in page and "sari@contoh.id" not in page
    response = client.post(url(ticket, "identitas"), {"reason": "Menelepon pelapor"})
    assert "sari@contoh.id" in response.content.decode()
    assert "no-store" in response["Cache-Control"]
    seen = IdentityView.objects.get()
    assert (seen.viewer, seen.contact) == (agent.agen, ticket.requester)
    assert ticket.number in seen.reason and "Menelepon pelapor" in seen.reason


@pytest.mark.parametrize("reason", ["", "ya"])
def test_without_a_reason_nothing_is_shown(agent, client, reason):
    ticket = factories.ticket()
    response = client.post(url(ticket, "identitas"), {"reason": reason}, HTTP_HX_REQUEST="true")
    html = response.content.decode()
    assert response.status_code == 422 and "sari@contoh.id" not in html and 'id="requester"' in html
    assert not IdentityView.objects.exists()


@pytest.mark.parametrize("name", ["agen", "koordinator", "admin"])
def test_the_anonymous_reporter_is_for_confidential_officers_alone(cast, client, name):
    ticket = factories.ticket("complaint", confidentiality="anonymous")
    client.force_login(getattr(cast, name))
    page = client.get(f"/kerja/tiket/{ticket.number}/").content.decode()
    assert "Pelapor dirahasiakan" in page and "Tampilkan identitas" not in page
    assert client.post(url(ticket, "identitas"), {"reason": "Ingin tahu"}).status_code == 403
    assert not IdentityView.objects.exists()


def test_even_officers_open_a_concealed_identity_only_with_a_reason(cast, client):
    ticket = factories.ticket("complaint", confidentiality="whistleblowing")
    client.force_login(cast.inspektorat)
    page = client.get(f"/kerja/tiket/{ticket.number}/").content.decode()
    assert "Pelapor dirahasiakan" in page and "Tampilkan identitas" in page and "s•••@" not in page
    opened = client.post(url(ticket, "identitas"), {"reason": "Klarifikasi laporan"}).content.decode()
    assert "sari@contoh.id" in opened and "Sari" in opened
    assert IdentityView.objects.get().viewer == cast.inspektorat


def test_identity_is_never_shown_by_get(agent, client):
    assert client.get(url(factories.ticket(), "identitas")).status_code == 405
