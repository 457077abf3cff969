"""Rules at work: each event, each action, order, loops, failures, and what they leave alone."""

from datetime import timedelta

import pytest
from django.utils import timezone

from notify.models import Delivery
from sla.models import Clock
from tests import factories
from tests.automation.conftest import do, runs, when
from tickets import automation, edits, messages, sweeps, timeline
from tickets.automation import actions, engine, rules
from tickets.choices import Level
from tickets.models import AutomationRule, Message, ReplyTemplate, Ticket, TimelineEntry
from tickets.workflow import perform


@pytest.fixture
def template(db):
    return ReplyTemplate.objects.create(
        code="salam",
        name="Salam",
        text="Yth. {{ requester }}, {{number}} ({{ subject }}) tentang {{ service }}: {{ url }}",
    )


def test_created_gives_the_ticket_to_a_team(rule, cast):
    rule(actions=[do("assign_team", "Jaringan")], conditions=[when("subject", "wifi", "contains")])
    assert factories.ticket(subject="WIFI mati").team == cast.network
    assert factories.ticket(subject="Printer").team == cast.desk
    run = runs().get()
    assert run.rule_name == "Aturan" and run.event == "created" and run.error == ""
    assert run.results[0]["ok"] and run.results[0]["text"] == "tim Jaringan, tanpa petugas"


def test_a_message_a_transition_and_a_change_are_events(rule, cast):
    for event in ("message_in", "transition", "changed"):
        rule(event, [do("add_tag", event)])
    ticket = factories.ticket()
    assert not ticket.tags.exists()
    factories.arrive("Masih mati.", trusted_ticket_id=ticket.pk)
    assert [tag.name for tag in ticket.tags.all()] == ["message_in"]
    perform(ticket.pk, "start", cast.agen)
    edits.change(ticket_id=ticket.pk, actor=cast.agen, subject="Baru")
    assert sorted(tag.name for tag in ticket.tags.all()) == ["changed", "message_in", "transition"]


def test_words_by_the_web_are_an_event_and_those_of_staff_are_not(rule, cast):
    rule("message_in", [do("add_tag", "pelapor")])
    ticket = factories.ticket(requester=cast.warga)
    messages.post(ticket_id=ticket.pk, actor=cast.agen, text="Sudah?")
    assert not runs().exists()
    messages.post(ticket_id=ticket.pk, actor=cast.warga, text="Belum.")
    assert runs().count() == 1


def test_an_escalation_is_an_event(rule, cast):
    rule("sla", [do("assign_person", "koordinator"), do("set_priority", "Kritis", "Lewat tenggat")])
    ticket = factories.ticket()
    Clock.objects.filter(ticket_id=ticket.pk).update(next_event_at=timezone.now() - timedelta(minutes=1))
    later = timezone.localtime(timezone.now() + timedelta(days=7)).replace(hour=9)
    while later.weekday() > 3:
        later += timedelta(days=1)
    sweeps.escalate_due(now=later)
    ticket.refresh_from_db()
    assert ticket.assignee == cast.koordinator and ticket.priority == Level.CRITICAL
    assert timeline.first_broken(ticket.pk) is None


def test_every_action_does_what_it_says(rule, cast, template):
    rule(
        actions=[
            do("assign_team", "jaringan"),
            do("assign_person", "teknisi"),
            do("set_priority", "Kritis", "Layanan darurat"),
            do("add_watcher", "koordinator"),
            do("add_tag", "  Wifi   Kantor "),
            do("send_template", "Salam"),
        ]
    )
    ticket = factories.ticket()
    assert [row["ok"] for row in runs().get().results] == [True] * 6
    assert (ticket.team, ticket.assignee, ticket.priority) == (cast.network, cast.teknisi, Level.CRITICAL)
    assert ticket.state == "assigned"
    assert list(ticket.watchers.all()) == [cast.koordinator]
    assert [tag.name for tag in ticket.tags.all()] == ["wifi kantor"]
    sent = Message.objects.get(ticket=ticket, direction="out")
    assert sent.text.startswith(f"Yth. Sari, {ticket.number} (Internet mati) tentang layanan kami: http")
    assert sent.is_automatic and ticket.first_response_at is None
    assert Delivery.objects.filter(cause=sent.cause, recipient="sari@contoh.id").count() == 1
    by = TimelineEntry.objects.filter(ticket=ticket, code=timeline.CHANGED).values_list("channel", flat=True)
    assert set(by) == {"system"}
    assert "Layanan darurat" in str(TimelineEntry.objects.filter(ticket=ticket).values_list("changes", flat=True))
    assert timeline.first_broken(ticket.pk) is None


def test_a_template_is_sent_once_for_a_ticket_and_rule(rule, cast, template):
    rule("message_in", [do("send_template", "salam")])
    ticket = factories.ticket()
    for text in ("satu", "dua", "tiga"):
        factories.arrive(text, trusted_ticket_id=ticket.pk)
    assert Message.objects.filter(ticket=ticket, direction="out").count() == 1
    assert runs().count() == 3


def test_a_template_does_not_name_an_anonymous_reporter(rule, cast, template):
    rule(actions=[do("send_template", "salam")])
    ticket = factories.ticket(kind="complaint", confidentiality="anonymous")
    assert "Sari" not in Message.objects.get(ticket=ticket, direction="out").text


def test_a_step_the_system_may_take_is_run(rule, cast):
    rule("message_in", [do("transition", "close")], [when("text", "beres", "contains")])
    ticket = factories.ticket(requester=cast.warga)
    perform(ticket.pk, "start", cast.agen)
    perform(ticket.pk, "resolve", cast.agen, solution="Beres.", code="fixed")
    messages.post(ticket_id=ticket.pk, actor=cast.warga, text="Belum")
    assert Ticket.objects.get(pk=ticket.pk).state == "in_progress" and not runs().exists()


def test_an_illegal_step_is_logged_and_the_message_is_not_lost(rule, cast):
    rule("message_in", [do("transition", "close"), do("add_tag", "sesudah")])
    ticket = factories.ticket()
    result = factories.arrive("Halo lagi", trusted_ticket_id=ticket.pk)
    assert result.message.text == "Halo lagi"
    run = runs().get()
    assert [row["ok"] for row in run.results] == [False, True]
    assert "tidak dapat dijalankan" in run.error
    assert [tag.name for tag in ticket.tags.all()] == ["sesudah"]


def test_inputs_of_a_step_that_are_wrong_are_logged(rule, cast):
    rule(actions=[do("transition", "reopen", "reason=")], conditions=[])
    factories.ticket()
    assert runs().get().error


def test_a_broken_action_loses_nothing(rule, cast, monkeypatch):
    def explode(ticket, value, detail, rule):
        Ticket.objects.filter(pk=ticket.pk).update(subject="setengah jadi")
        ticket.subject = "setengah jadi"
        raise RuntimeError("rusak")

    monkeypatch.setitem(actions.ACTIONS, "add_tag", actions.Action("x", "x", None, explode))
    rule(actions=[do("add_tag", "x"), do("set_priority", "Kritis", "penting")])
    ticket = factories.ticket()
    assert (ticket.subject, ticket.priority) == ("Internet mati", Level.CRITICAL)
    assert "RuntimeError" in runs().get().error
    assert timeline.first_broken(ticket.pk) is None


def test_something_deleted_since_is_an_error_in_the_log(rule, cast, template):
    rule(actions=[do("send_template", "salam")])
    template.delete()
    factories.ticket()
    assert "DoesNotExist" in runs().get().error


def test_rules_run_in_order_and_stop_where_one_says_so(rule, cast):
    rule(name="Pertama", actions=[do("add_tag", "a")])
    second = rule(name="Kedua", actions=[do("add_tag", "b")], stops=True)
    rule(name="Ketiga", actions=[do("add_tag", "c")])
    factories.ticket()
    assert [run.rule_name for run in runs()] == ["Pertama", "Kedua"]
    rules.move(actor=cast.admin, pk=second.pk, up=True)
    factories.ticket()
    assert [run.rule_name for run in runs()][2:] == ["Kedua"]


def test_a_rule_that_stops_but_does_not_match_stops_nothing(rule, cast):
    rule(actions=[do("add_tag", "a")], conditions=[when("kind", "complaint")], stops=True)
    rule(name="Lain", actions=[do("add_tag", "b")])
    factories.ticket()
    assert [run.rule_name for run in runs()] == ["Lain"]


def test_a_later_rule_sees_what_an_earlier_one_did(rule, cast):
    rule(actions=[do("set_priority", "Kritis", "penting")])
    rule(name="Lain", actions=[do("add_tag", "kritis")], conditions=[when("priority", "Kritis")])
    assert factories.ticket().tags.count() == 1


def test_an_inactive_rule_does_nothing(rule, cast):
    made = rule(actions=[do("add_tag", "a")])
    rules.switch(actor=cast.admin, pk=made.pk, on=False)
    factories.ticket()
    assert not runs().exists()


def test_two_rules_that_answer_each_other_end(rule, cast):
    rule("changed", [do("set_priority", "Kritis", "naik")], [when("priority", "Sedang")], name="Naik")
    rule("changed", [do("set_priority", "Sedang", "turun")], [when("priority", "Kritis")], name="Turun")
    ticket = factories.ticket()
    edits.change(ticket_id=ticket.pk, actor=cast.agen, subject="Lain")
    assert sorted(run.rule_name for run in runs()) == ["Naik", "Turun"]


def test_rules_set_each_other_off_three_deep_at_most(rule, cast):
    levels = ["Rendah", "Sedang", "Tinggi", "Kritis"]
    ticket = factories.ticket(impact=1, urgency=1)
    for old, new in zip(levels, [*levels[1:], "Rendah"], strict=True):
        rule("changed", [do("set_priority", new, "naik")], [when("priority", old)], name=new)
    # Each rule sets off the next inside its own action.
    edits.change(ticket_id=ticket.pk, actor=cast.agen, subject="Lain")
    ticket.refresh_from_db()
    assert runs().count() <= len(levels)
    assert engine._current.get() is None


def test_the_guard_counts_depth(rule, cast):
    rule("created", [do("add_tag", "x")])
    ticket = factories.ticket()
    with engine._deeper(), engine._deeper(), engine._deeper():
        automation.after("created", ticket)
    assert runs().count() == 1
    with engine._deeper(), engine._deeper():
        automation.after("created", ticket)
    assert runs().count() == 2


@pytest.mark.parametrize("confidentiality", ["secret", "whistleblowing"])
def test_restricted_tickets_are_left_alone(rule, cast, confidentiality):
    for event in AutomationRule.Event.values:
        rule(event, [do("add_tag", "x"), do("assign_team", "jaringan")])
    ticket = factories.ticket(kind="complaint", confidentiality=confidentiality)
    factories.arrive("Tambahan", trusted_ticket_id=ticket.pk)
    edits.change(ticket_id=ticket.pk, actor=cast.inspektorat, subject="Lain")
    assert not runs().exists() and not ticket.tags.exists()


def test_a_watcher_who_may_not_see_the_ticket_is_refused(rule, cast):
    rule(actions=[do("add_watcher", "penghubung")])
    ticket = factories.ticket()
    assert not ticket.watchers.exists()
    assert "tidak boleh melihat" in runs().get().error


def test_without_rules_an_event_costs_no_query(cast, django_assert_num_queries):
    ticket = factories.ticket()
    rules.active_events()
    with django_assert_num_queries(0):
        for event in AutomationRule.Event.values:
            automation.after(event, ticket)


def test_a_rule_for_one_event_costs_the_others_nothing(rule, cast, django_assert_num_queries):
    ticket = factories.ticket()
    rule("sla", [do("add_tag", "x")])
    rules.active_events()
    with django_assert_num_queries(0):
        automation.after("changed", ticket)
