"""The screens of the policies, for those who keep them."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from sla.models import Policy, Revision
from sla.replay import Target
from sla.versions import targets_of
from tests import factories

LIST, NEW, MATRIX = (reverse(f"agent:sla_{name}") for name in ("policies", "policy_create", "matrix"))


def edit(policy):
    return reverse("agent:sla_policy_edit", args=(policy.pk,))


FILLED = {
    "name": "Gangguan tinggi", "kind": "incident", "priority": "3", "amount_response": "2", "unit_response": "hours",
    "amount_resolution": "3", "unit_resolution": "days", "amount_assignment": "20", "unit_assignment": "minutes",
}  # fmt: skip


def test_a_new_policy_from_the_form(keeper, cast):
    response = keeper.post(NEW, FILLED)
    made = Policy.objects.get(name="Gangguan tinggi")
    assert response["Location"] == reverse("agent:sla_policy_history", args=(made.pk,))
    assert (made.kind, made.priority, made.number, made.valid_from is not None) == ("incident", 3, 1, True)
    assert targets_of(made) == {
        "response": Target(120), "resolution": Target(working_days=3), "assignment": Target(20),
    }  # fmt: skip
    shown = keeper.get(reverse("agent:sla_policy_history", args=(made.pk,))).content.decode()
    assert "oleh Koordinator" in shown and "3 hari kerja" in shown and "Berlaku" in shown


def test_the_form_shows_the_present_version_and_an_edit_needs_a_reason(keeper, umum):
    form = keeper.get(edit(umum)).context["form"]
    assert (form["amount_response"].value(), form["unit_response"].value()) == (1, "hours")
    refused = keeper.post(edit(umum), {"name": "Umum", "amount_response": "30", "unit_response": "minutes"})
    assert refused.status_code == 422 and "Tuliskan alasan perubahan ini." in refused.content.decode()
    assert Policy.objects.filter(name="Umum").count() == 1
    keeper.post(edit(umum), {"name": "Umum", "amount_response": "30", "unit_response": "minutes", "note": "Rapat"})
    newest = Policy.objects.get(name="Umum", valid_until=None)
    assert (newest.number, newest.replaces_id, newest.note) == (2, umum.pk, "Rapat")
    assert keeper.get(edit(umum))["Location"] == reverse("agent:sla_policy_history", args=(umum.pk,))
    late = keeper.post(edit(umum), {"name": "Umum", "amount_response": "9", "note": "x"})
    assert late.status_code == 409 and "sudah diganti" in late.content.decode()


def test_a_tie_is_refused_by_name(keeper, umum):
    response = keeper.post(NEW, {"name": "Lain", "amount_response": "1", "unit_response": "hours"})
    assert response.status_code == 422
    assert "“Umum” sudah punya syarat yang sama" in response.content.decode()


@pytest.mark.parametrize(
    "wrong",
    [
        {"amount_response": "0"},
        {"amount_response": "-4"},
        {"amount_response": "x"},
        {"unit_response": "tahun"},
        {"priority": "9"},
        {"service": "0"},
        {"name": "x" * 151},
    ],
)
def test_wrong_inputs_are_told_and_nothing_is_made(keeper, wrong):
    before = Policy.objects.count()
    assert keeper.post(NEW, FILLED | wrong).status_code == 422
    assert Policy.objects.count() == before


def test_the_trial_changes_nothing_and_keeps_what_was_typed(keeper, umum):
    response = keeper.post(edit(umum), FILLED | {"test": "1"})
    html = response.content.decode()
    assert response.status_code == 200 and "Seandainya berlaku bulan lalu" in html and 'value="Gangguan tinggi"' in html
    assert not Policy.objects.exclude(valid_until=None).exists()


def test_ending_a_policy_asks_why(keeper, umum):
    where = reverse("agent:sla_policy_retire", args=(umum.pk,))
    assert "Akhiri kebijakan ini?" in keeper.get(where).content.decode()
    assert keeper.post(where, {"confirm": "1", "note": " "}).status_code == 422
    assert keeper.post(where, {"confirm": "1", "note": "Diganti"})["Location"] == LIST
    umum.refresh_from_db()
    assert umum.valid_until is not None
    assert keeper.post(where, {"confirm": "1", "note": "Diganti"}).status_code == 302


def test_the_list_is_grouped_and_can_be_searched(keeper, cast):
    factories.policy("Gangguan tinggi", {"response": 240}, kind="incident", priority=3)
    groups = keeper.get(LIST).context["groups"]
    assert [(group.label, [item.policy.name for item in group.items]) for group in groups] == [
        ("Pengaduan", ["Pengaduan"]), ("Gangguan", ["Gangguan tinggi"]), ("Semua jenis tiket", ["Umum"]),
    ]  # fmt: skip
    html = keeper.get(LIST).content.decode()
    assert "<strong>4 j</strong>" in html and "<strong>14 hari kerja</strong>" in html and "Prioritas: Tinggi" in html

    def found(**query):
        return [item.policy.name for group in keeper.get(LIST, query).context["groups"] for item in group.items]

    assert found(q="tinggi") == ["Gangguan tinggi"] and found(metric="verification") == ["Pengaduan"]
    assert found(kind="incident") == ["Gangguan tinggi"] and found(kind="x") == ["Pengaduan", "Gangguan tinggi", "Umum"]
    assert "Tidak ada kebijakan yang cocok" in keeper.get(LIST, {"q": "zzz"}).content.decode()


def test_ties_and_gaps_are_told_on_the_list_and_in_the_overview(keeper, umum):
    factories.policy("Kembar A", {"response": 15}, kind="change")
    factories.policy("Kembar B", {"response": 30}, kind="change")
    umum.targets.filter(metric="resolution").delete()
    html = keeper.get(LIST).content.decode()
    assert "Kembar A" in html and "persis sama" in html and "16 target pokok belum ditetapkan." in html
    html = keeper.get(MATRIX).content.decode()
    assert html.count("belum ada target") == 16 and "kembar" in html
    assert "Semua target pokok sudah ada." not in html
    assert keeper.get(MATRIX, {"service": "999999", "priority": "x"}).status_code == 200


@pytest.mark.parametrize("person", ["agen", "teknisi", "pimpinan", "penghubung", "inspektorat"])
def test_others_of_the_workspace_are_refused(cast, client, umum, person):
    client.force_login(getattr(cast, person))
    for name in ("edit", "history", "retire"):
        assert client.get(reverse(f"agent:sla_policy_{name}", args=(umum.pk,))).status_code == 403
    assert {client.get(where).status_code for where in (LIST, NEW, MATRIX)} == {403}
    assert client.post(NEW, FILLED).status_code == 403


def test_what_does_not_exist_is_not_found(keeper):
    for name in ("edit", "history", "retire"):
        for pk in (999_999, 2**63):
            assert keeper.get(reverse(f"agent:sla_policy_{name}", args=(pk,))).status_code == 404


@pytest.mark.parametrize("where", [LIST, MATRIX])
def test_the_same_number_of_queries_at_3_and_30_policies(keeper, cast, where):
    def queries():
        with CaptureQueriesContext(connection) as captured:
            assert keeper.get(where).status_code == 200
        return len(captured)

    few = queries()
    for number in range(27):
        service = factories.service(f"layanan-{number}")
        factories.policy(f"P{number}", {"response": 10 + number}, service=service, team=cast.desk)
    assert queries() == few


def test_the_admin_site_shows_policies_without_changing_them(client, cast, umum):
    client.force_login(cast.admin)
    where = reverse("admin:sla_policy_change", args=(umum.pk,))
    html = client.get(where).content.decode()
    assert reverse("agent:sla_policy_history", args=(umum.pk,)) in html and 'name="_save"' not in html
    assert client.post(where, {"name": "x"}).status_code == 403
    target = umum.targets.first()
    assert client.post(reverse("admin:sla_policytarget_change", args=(target.pk,)), {"minutes": 1}).status_code == 403
    assert client.get(reverse("admin:sla_policytarget_changelist")).status_code == 200
    assert client.get(reverse("admin:sla_policy_changelist")).status_code == 200


def test_the_requester_reads_the_promise_in_plain_words(client, cast):
    ticket = factories.ticket(requester=cast.warga, team=cast.network)
    factories.policy("Tim", {"assignment": 30}, team=cast.network)
    other = factories.ticket(requester=cast.warga, team=cast.network)
    client.force_login(cast.warga)
    html = client.get(reverse("portal:ticket", args=(ticket.number,))).content.decode()
    assert "paling lambat" in html and "waktu kerja)" in html and "WIB" in html
    shown = client.get(reverse("portal:ticket", args=(other.number,))).context["clocks"]
    assert [each.metric for each in shown] == ["response", "resolution"], "what teams owe each other is not told"


def test_a_version_for_open_tickets_too_leads_to_its_trial(keeper, umum):
    if "also_open" not in keeper.get(edit(umum)).context["form"].fields:
        pytest.skip("the page of revisions is not there")
    response = keeper.post(edit(umum), {"name": "Umum", "amount_response": "30", "note": "Rapat", "also_open": "on"})
    revision = Revision.objects.get()
    assert response["Location"] == reverse("agent:sla_revision", args=(revision.pk,))
    assert (revision.state, revision.policy.number) == ("previewing", 2)
