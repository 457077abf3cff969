"""The screens of the rules: who may open them, the editor without JavaScript, dry run, and the log."""

import pytest
from django.urls import reverse

from tests import factories
from tests.automation.conftest import do, runs, when
from tickets.automation import dryrun, rules
from tickets.errors import Forbidden
from tickets.models import AutomationRule, ReplyTemplate, Ticket

PAGES = ["automation", "automation_create", "automation_log"]


def form(**more):
    values = {
        "name": "Wifi ke jaringan",
        "event": "created",
        "is_active": "on",
        "syarat-field": ["text", ""],
        "syarat-operator": ["contains", "is"],
        "syarat-value": ["wifi, internet", ""],
        "tindakan-action": ["assign_team", ""],
        "tindakan-value": ["Jaringan", ""],
        "tindakan-detail": ["", ""],
    }
    return {**values, **more}


@pytest.fixture
def desk(client, cast):
    client.force_login(cast.koordinator)
    return client


@pytest.mark.parametrize("person", ["admin", "koordinator"])
def test_administrators_and_coordinators_of_the_desk_keep_the_rules(client, cast, person):
    client.force_login(getattr(cast, person))
    for name in PAGES:
        assert client.get(reverse(f"agent:{name}")).status_code == 200
    assert reverse("agent:automation") in client.get(reverse("agent:queue")).content.decode()


@pytest.fixture
def others(cast):
    cast.ketua_jaringan = factories.user(
        "ketua_jaringan", "coordinator", "agent", teams=(cast.network,), coordinates=True
    )
    return cast


OUTSIDERS = ["agen", "teknisi", "ketua_jaringan", "penghubung", "cab", "pimpinan", "inspektorat", "warga", "orang_luar"]


@pytest.mark.parametrize("person", OUTSIDERS)
def test_others_are_refused_everywhere(client, others, rule, person):
    made = rule(actions=[do("add_tag", "x")])
    user = getattr(others, person)
    client.force_login(user)
    for name in PAGES:
        assert client.get(reverse(f"agent:{name}")).status_code == 403
    assert client.post(reverse("agent:automation_create"), form()).status_code == 403
    for name in ("edit", "switch", "move", "delete"):
        assert client.post(reverse(f"agent:automation_{name}", args=[made.pk]), form(on="0")).status_code == 403
    for act in (
        lambda: rules.save(actor=user, name="x", event="created", conditions=[], actions=[do("add_tag", "x")]),
        lambda: rules.switch(actor=user, pk=made.pk, on=False),
        lambda: rules.move(actor=user, pk=made.pk, up=True),
        lambda: rules.delete(actor=user, pk=made.pk),
    ):
        with pytest.raises(Forbidden):
            act()
    assert AutomationRule.objects.get().is_active
    if user.is_workspace_user:
        assert reverse("agent:automation") not in client.get(reverse("agent:queue")).content.decode()


def test_a_rule_is_written_and_works(desk, cast):
    answer = desk.post(reverse("agent:automation_create"), form())
    assert answer.status_code == 302
    rule = AutomationRule.objects.get()
    assert rule.conditions == [{"field": "text", "operator": "contains", "value": ["wifi", "internet"]}]
    assert rule.actions == [{"action": "assign_team", "value": "jaringan", "detail": ""}]
    assert factories.ticket().team == cast.network
    page = desk.get(reverse("agent:automation")).content.decode()
    assert "Kata pelapor memuat salah satu kata wifi, internet" in page and "Serahkan kepada tim: Jaringan" in page


def test_a_rule_is_changed_and_shows_what_it_says(desk, rule):
    made = rule(actions=[do("set_priority", "Kritis", "penting")], conditions=[when("kind", "Gangguan, Masalah")])
    url = reverse("agent:automation_edit", args=[made.pk])
    page = desk.get(url).content.decode()
    assert 'value="incident, problem"' in page and 'value="penting"' in page
    assert desk.post(url, form(name="Lain")).status_code == 302
    made.refresh_from_db()
    assert made.name == "Lain" and made.actions[0]["action"] == "assign_team" and not made.stops


def test_what_is_wrong_is_said_and_nothing_typed_is_lost(desk):
    wrong = form(**{"syarat-field": ["kind"], "syarat-operator": ["is"], "syarat-value": ["wabah"]})
    answer = desk.post(reverse("agent:automation_create"), wrong)
    page = answer.content.decode()
    assert answer.status_code == 422 and not AutomationRule.objects.exists()
    assert "“wabah” tidak dikenal sebagai Jenis" in page and 'value="wabah"' in page and 'value="Jaringan"' in page


@pytest.mark.parametrize(
    "action, value, detail, said",
    [
        ("", "Jaringan", "", "bukan tindakan yang dikenal"),
        ("assign_team", "Tim Gaib", "", "“Tim Gaib” tidak dikenal sebagai Tim"),
        ("assign_team", "inspektorat", "", "tidak dikenal sebagai Tim"),
        ("assign_person", "warga", "", "tidak dikenal sebagai Petugas"),
        ("set_priority", "Kritis", "", "Alasan untuk “Tetapkan prioritas” belum diisi"),
        ("transition", "approve", "", "tidak dikenal sebagai Langkah"),
        ("transition", "close", "tanpa tanda", "ditulis “nama=nilai”"),
        ("transition", "close", "actor=1", "bukan isian langkah"),
        ("send_template", "x", "", "tidak dikenal sebagai Templat"),
        ("add_tag", "", "x", "belum diisi"),
    ],
)
def test_actions_that_cannot_work_are_refused(desk, action, value, detail, said):
    wrong = form(**{"tindakan-action": [action], "tindakan-value": [value], "tindakan-detail": [detail]})
    answer = desk.post(reverse("agent:automation_create"), wrong)
    assert answer.status_code == 422 and said in answer.content.decode()


def test_a_rule_without_actions_is_refused(desk):
    empty = {"tindakan-action": [""], "tindakan-value": [""], "tindakan-detail": [""]}
    answer = desk.post(reverse("agent:automation_create"), form(**empty))
    assert "Isi paling sedikit satu tindakan." in answer.content.decode()


def test_more_rows_come_without_javascript(desk):
    page = desk.post(reverse("agent:automation_create"), form(more="1")).content.decode()
    assert page.count('name="syarat-field"') == 7 and 'value="wifi, internet"' in page
    assert not AutomationRule.objects.exists()


def test_the_dry_run_counts_and_changes_nothing(desk, cast):
    first, _second = factories.ticket(), factories.ticket(subject="Printer", text="Macet")
    factories.ticket(kind="complaint", confidentiality="secret")
    answer = desk.post(reverse("agent:automation_create"), form(test="1"))
    page = answer.content.decode()
    assert "30 hari terakhir: 1 tiket cocok" in page and first.number in page and "Dari 2 tiket" in page
    assert not AutomationRule.objects.exists() and not runs().exists()
    assert Ticket.objects.get(pk=first.pk).team == cast.desk


def test_the_dry_run_is_bounded_and_costs_the_same_for_many_tickets(cast, monkeypatch, django_assert_max_num_queries):
    rule = AutomationRule(event="created", conditions=[{"field": "tag", "operator": "is_not", "value": ["x"]}])
    service = factories.service("vpn")
    for _n in range(12):
        factories.ticket(service=service)
    with django_assert_max_num_queries(6):
        assert dryrun.dry_run(rule, cast.koordinator).matches == 12
    monkeypatch.setattr(dryrun, "MOST", 5)
    found = dryrun.dry_run(rule, cast.koordinator)
    assert (found.looked_at, found.matches, found.is_cut) == (5, 5, True)


def test_a_rule_is_switched_moved_and_deleted(desk, rule):
    first, second = rule(name="Satu", actions=[do("add_tag", "a")]), rule(name="Dua", actions=[do("add_tag", "b")])
    desk.post(reverse("agent:automation_switch", args=[first.pk]), {"on": "0"})
    desk.post(reverse("agent:automation_move", args=[second.pk]), {"to": "up"})
    assert [r.name for r in AutomationRule.objects.order_by("position")] == ["Dua", "Satu"]
    factories.ticket()
    assert [run.rule_name for run in runs()] == ["Dua"]
    url = reverse("agent:automation_delete", args=[second.pk])
    assert desk.get(url).status_code == 200 and AutomationRule.objects.count() == 2
    desk.post(url)
    assert [r.name for r in AutomationRule.objects.all()] == ["Satu"]
    assert runs().get().rule_name == "Dua"


def test_rules_that_do_not_exist(desk):
    for name in ("edit", "delete"):
        for pk in (1, 2**70):
            assert desk.get(reverse(f"agent:automation_{name}", args=[pk])).status_code == 404
    for name in ("switch", "move"):
        assert desk.post(reverse(f"agent:automation_{name}", args=[1])).status_code == 404


def test_the_log_shows_what_fired(desk, rule):
    rule(actions=[do("add_tag", "a"), do("add_watcher", "penghubung")])
    ticket = factories.ticket()
    page = desk.get(reverse("agent:automation_log")).content.decode()
    assert ticket.number in page and "label a" in page and "gagal" in page


def test_the_log_does_not_tell_of_a_ticket_that_became_secret(desk, cast, rule):
    from tickets import edits

    rule(actions=[do("add_tag", "a")])
    ticket = factories.ticket()
    edits.change(ticket_id=ticket.pk, actor=cast.agen, confidentiality="secret")
    assert ticket.number not in desk.get(reverse("agent:automation_log")).content.decode()


def test_log_and_list_cost_the_same_for_3_and_30_rows(desk, rule, django_assert_num_queries):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    made = rule(actions=[do("add_tag", "a")])
    counts = []
    for more in (3, 27):
        for _n in range(more):
            factories.ticket()
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert desk.get(reverse("agent:automation_log")).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert made.runs.count() == 30


def test_templates_in_the_admin_are_checked(client, cast):
    client.force_login(cast.admin)
    url = reverse("admin:tickets_replytemplate_add")
    wrong = client.post(url, {"code": "a", "name": "A", "text": "{{ nomor }}", "is_active": "on"})
    assert "{{ nomor }} tidak dikenal" in wrong.content.decode() and not ReplyTemplate.objects.exists()
    client.post(url, {"code": "a", "name": "A", "text": "{{ number }}", "is_active": "on"})
    assert ReplyTemplate.objects.exists()
    for model in ("automationrule", "auditseal"):
        assert client.get(reverse(f"admin:tickets_{model}_changelist")).status_code == 200


@pytest.fixture
def canned(db):
    return ReplyTemplate.objects.create(code="salam", name="Salam", text="Yth. {{ requester }}, tiket {{ number }}.")


def test_a_canned_text_comes_into_the_answer_without_javascript(client, cast, canned):
    ticket = factories.ticket()
    client.force_login(cast.agen)
    url = reverse("agent:ticket", args=[ticket.number])
    page = client.get(url).content.decode()
    text = f"Yth. Sari, tiket {ticket.number}."
    assert f'data-text="{text}"' in page and f">{text}" not in page and 'name="templat"' in page
    assert f"{text}</textarea>" in client.get(url, {"templat": "salam"}).content.decode().replace("\n", "")
    assert client.get(url, {"templat": "tidak-ada"}).status_code == 200


def test_a_canned_text_does_not_name_who_is_hidden(client, cast, canned):
    ticket = factories.ticket(kind="complaint", confidentiality="anonymous")
    client.force_login(cast.agen)
    assert "Sari" not in client.get(reverse("agent:ticket", args=[ticket.number])).content.decode()


def test_who_may_not_reply_sees_no_canned_texts(client, cast, canned):
    ticket = factories.ticket()
    client.force_login(cast.pimpinan)
    assert 'name="templat"' not in client.get(reverse("agent:ticket", args=[ticket.number])).content.decode()
