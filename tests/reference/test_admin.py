"""Administration pages: they open, they keep secrets, and their spreadsheets are harmless."""

from io import BytesIO

import pytest
from django.contrib import admin
from django.urls import reverse
from import_export.formats.base_formats import DEFAULT_FORMATS
from openpyxl import load_workbook

from accounts.admin import OfficeResource
from accounts.models import Contact, Office, Team, TeamMembership, User
from core.spreadsheets import plain_cell, safe_cell
from notify.models import Delivery
from sla.models import Calendar, Holiday
from tests import factories
from tickets.models import Ticket

OURS = {"accounts", "catalog", "assets", "sla", "notify", "tickets"}


def url(model, page, *args):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


@pytest.fixture
def client_of(client):
    def sign_in(user):
        client.force_login(user)
        return client

    return sign_in


def test_every_list_opens_and_can_be_searched(cast, client_of):
    factories.ticket(requester=cast.warga)
    client = client_of(cast.admin)
    models = [model for model in admin.site._registry if model._meta.app_label in OURS]
    assert len(models) >= 18
    for model in models:
        assert client.get(url(model, "changelist")).status_code == 200, model
        if admin.site._registry[model].search_fields:
            assert client.get(url(model, "changelist"), {"q": "x"}).status_code == 200, model
        row = model.objects.first()
        if row is not None:
            assert client.get(url(model, "change", row.pk)).status_code == 200, model


def test_restricted_tickets_do_not_exist_here(cast, client_of):
    seen = factories.ticket(kind="complaint", subject="Antre lama")
    hidden = factories.ticket(kind="complaint", subject="Suap", confidentiality="whistleblowing")
    anonymous = factories.ticket(kind="complaint", subject="Parkir", confidentiality="anonymous")
    client = client_of(cast.admin)
    page = client.get(url(Ticket, "changelist")).content.decode()
    assert seen.number in page and hidden.number not in page and "Suap" not in page
    assert client.get(url(Ticket, "change", hidden.pk)).status_code == 302
    assert client.get(url(Ticket, "change", seen.pk)).status_code == 200
    own = client.get(url(Ticket, "change", seen.pk)).content.decode()
    assert seen.access_code not in own and "Sari" not in own
    for ticket, shown in ((seen, True), (hidden, False), (anonymous, False)):
        delivery = Delivery.objects.get(topic=f"ticket:{ticket.pk}")
        response = client.get(url(Delivery, "change", delivery.pk))
        assert (response.status_code == 200) is shown
        assert ticket.access_code not in response.content.decode()


def test_tickets_cannot_be_changed_here(cast, client_of):
    ticket = factories.ticket(requester=cast.warga)
    client = client_of(cast.admin)
    assert client.get(url(Ticket, "add")).status_code == 403
    assert client.post(url(Ticket, "change", ticket.pk), {"subject": "x"}).status_code == 403
    assert client.post(url(Ticket, "delete", ticket.pk), {"post": "yes"}).status_code == 403


@pytest.mark.parametrize("row", ["office", "team", "service", "user"])
def test_what_tickets_refer_to_is_not_deleted(cast, client_of, row):
    made = {
        "office": cast.asn.office, "team": cast.desk, "service": factories.service("vpn"), "user": cast.warga,
    }[row]  # fmt: skip
    assert client_of(cast.admin).get(url(type(made), "delete", made.pk)).status_code == 403


def test_an_administrator_cannot_let_themselves_into_confidential_cases(cast, client_of):
    client = client_of(cast.admin)
    officer = cast.inspektorat
    assert client.post(url(User, "change", officer.pk), {"username": "x"}).status_code == 403
    password_page = reverse("admin:auth_user_password_change", args=[officer.pk])
    assert client.post(password_page, {"password1": "Baru-12345", "password2": "Baru-12345"}).status_code == 403
    page = client.get(url(User, "change", cast.admin.pk)).content.decode()
    assert ">liaison</option>" in page and ">confidential_officer</option>" not in page
    assert f">{cast.desk}</option>" in page and f">{cast.confidential_team}</option>" not in page
    assert client.post(url(Team, "change", cast.confidential_team.pk), {}).status_code == 403
    assert not TeamMembership.objects.filter(user=cast.admin, team=cast.confidential_team).exists()


def test_the_first_confidential_officer_is_appointed_by_an_administrator(cast, client_of):
    User.objects.filter(pk=cast.inspektorat.pk).update(is_active=False)
    page = client_of(cast.admin).get(url(User, "change", cast.agen.pk)).content.decode()
    assert ">confidential_officer</option>" in page


def test_addresses_of_contacts_are_masked(cast, client_of):
    ticket = factories.ticket()
    page = client_of(cast.admin).get(url(Contact, "change", ticket.requester_id)).content.decode()
    assert "sari@contoh.id" not in page and "s•••@contoh.id" in page


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_cells_are_never_formulas(start):
    text = f'{start}HYPERLINK("http://contoh")'
    assert safe_cell(text) == "'" + text
    assert plain_cell(safe_cell(text)) == text
    assert safe_cell(-5) == -5 and safe_cell("Dinas") == "Dinas" and plain_cell("'kutip") == "'kutip"


@pytest.mark.parametrize("name", ["csv", "xlsx"])
def test_an_export_holds_no_formula(cast, client_of, name):
    formats = [each().get_title() for each in DEFAULT_FORMATS]
    Office.objects.filter(code="dinkes").update(name="=1+1")
    data = {"format": str(formats.index(name)), "officeresource_code": "on", "officeresource_name": "on"}
    response = client_of(cast.admin).post(url(Office, "export"), data)
    assert response.status_code == 200 and "attachment" in response["Content-Disposition"]
    if name == "csv":
        assert "dinkes,'=1+1" in response.content.decode()
    else:
        cells = [cell for row in load_workbook(BytesIO(response.content)).active.iter_rows() for cell in row]
        assert "'=1+1" in [cell.value for cell in cells]
        assert not [cell for cell in cells if cell.data_type == "f"]


def test_an_exported_row_can_be_imported_again(cast):
    Office.objects.filter(code="dinkes").update(name="-Dinas-")
    dataset = OfficeResource().export(Office.objects.filter(code="dinkes"))
    Office.objects.filter(code="dinkes").update(name="lain")
    result = OfficeResource().import_data(dataset, dry_run=False, raise_errors=True)
    assert not result.has_errors() and Office.objects.get(code="dinkes").name == "-Dinas-"


def test_calendars_and_holidays_are_looked_at_only(cast, client_of):
    """A change here would leave open deadlines behind."""
    calendar = Calendar.objects.get(code="asn")
    holiday = calendar.holidays.create(date="2026-10-06", name="Libur daerah", kind="local")
    client = client_of(cast.admin)
    data = {"calendar": calendar.pk, "date": "2026-10-07", "name": "Lain", "kind": "local", "status": "confirmed"}
    for model, pk in ((Calendar, calendar.pk), (Holiday, holiday.pk)):
        assert client.get(url(model, "changelist")).status_code == 200
        assert client.get(url(model, "change", pk)).status_code == 200
        assert client.post(url(model, "add"), data).status_code == 403
        assert client.post(url(model, "change", pk), data).status_code == 403
        assert client.post(url(model, "delete", pk), {"post": "yes"}).status_code == 403
    assert calendar.holidays.get() == holiday
