"""A few notices come one by one, many at once as a digest; each once, and only to those who see the ticket."""

import pytest

from accounts.models import Substitution, User
from notify.models import Delivery
from sla.models import EscalationNotice
from tests import factories
from tests.escalation.conftest import headed_by, report, step, sweep
from tickets import escalation
from tickets.escalation import due, telling
from tickets.workflow import perform


def mails(person):
    return list(Delivery.objects.filter(recipient=person.email).exclude(key__startswith="assigned").order_by("pk"))


def test_up_to_three_come_one_by_one(desk, wall):
    step(percent=50, notify_coordinator=True)
    tickets = [report(desk) for _each in range(3)]
    sweep(wall, "23 09:30")
    found = mails(desk.koordinator)
    assert len(found) == 3
    assert f"SLA tanggapan pertama tiket {tickets[0].number}: 50% target terpakai." in found[0].text
    assert "Internet" not in "".join(mail.subject + mail.text for mail in found)


def test_more_come_as_one_digest(desk, wall):
    step(percent=50, notify_coordinator=True)
    tickets = [report(desk) for _each in range(4)]
    sweep(wall, "23 09:30")
    sweep(wall, "23 09:31")
    [mail] = mails(desk.koordinator)
    assert mail.subject == "4 tiket mendekati atau melewati tenggat"
    assert "Mendekati tenggat (4):" in mail.text and "Lewat" not in mail.text
    for ticket in tickets:
        assert mail.text.count(ticket.number) == 2  # the number and its address
        assert f"- {ticket.number}: Tanggapan pertama, tenggat Sen 23 Nov 10.00 WIB\n  http" in mail.text
    assert "/kerja/" in mail.text.splitlines()[-1]
    assert "Internet" not in mail.text and "asn" not in mail.text.lower()
    assert mail.options["is_staff"] and not EscalationNotice.objects.filter(told_at=None).exists()


def test_a_digest_names_a_clock_once_and_counts_tickets(desk, wall):
    step(percent=50, notify_coordinator=True)
    step(percent=60, notify_coordinator=True)
    for _each in range(2):
        report(desk)
    sweep(wall, "23 09:40")
    [mail] = mails(desk.koordinator)
    assert mail.subject.startswith("2 tiket") and mail.text.count("/kerja/tiket/") == 2


def test_a_late_notice_says_so(desk, wall):
    step(percent=50, notify_coordinator=True)
    report(desk)
    sweep(wall, "23 11:30")
    assert "50% target terpakai (terlambat 2 j)." in mails(desk.koordinator)[0].text


def test_a_backlog_is_told_once_it_is_worked_through(desk, wall):
    step(percent=50, notify_coordinator=True)
    for _each in range(6):
        report(desk)
    wall.set("23 09:30")
    for expected in (0, 0, 0, 1):
        escalation.run_due(limit=2, now=wall.now)
        assert len(mails(desk.koordinator)) == expected
    assert mails(desk.koordinator)[0].subject.startswith("6 tiket")


def test_an_endless_backlog_does_not_silence_the_desk(desk, wall):
    step(percent=50, notify_coordinator=True)
    for _each in range(4):
        report(desk)
    wall.set("23 09:30")
    escalation.run_due(limit=2, now=wall.now)
    wall.set("23 09:33")
    escalation.run_due(limit=2, now=wall.now)
    assert mails(desk.koordinator)


class Killed(BaseException):
    pass


@pytest.mark.parametrize("count", [2, 5])
def test_a_crash_between_firing_and_telling_loses_and_repeats_nothing(desk, wall, monkeypatch, count):
    step(percent=50, notify_coordinator=True)
    for _each in range(count):
        report(desk)
    wall.set("23 09:30")
    with monkeypatch.context() as patch:
        patch.setattr(telling, "tell_due", lambda **kw: (_ for _ in ()).throw(Killed))
        with pytest.raises(Killed):
            sweep(wall)
    assert EscalationNotice.objects.filter(told_at=None).count() == count and not mails(desk.koordinator)
    with monkeypatch.context() as patch:  # in the middle of telling
        patch.setattr(telling, "_digest" if count > 3 else "_single", lambda *args: (_ for _ in ()).throw(Killed))
        with pytest.raises(Killed):
            sweep(wall)
    assert not mails(desk.koordinator)
    for _each in range(2):
        sweep(wall)
    assert len(mails(desk.koordinator)) == (1 if count > 3 else count)


def test_who_lost_sight_of_the_ticket_is_not_told(desk, wall):
    step(percent=50, notify_team=True)
    left = factories.user("rekan", "agent", teams=(desk.network,))
    ticket = report(desk)
    wall.set("23 09:30")
    due.sweep(10, wall.now)
    assert EscalationNotice.objects.filter(person=left).exists()
    left.team_memberships.all().delete()
    sweep(wall)
    assert mails(left) == [] and not EscalationNotice.objects.filter(person=left).exists()
    assert mails(desk.teknisi) and ticket.number in mails(desk.teknisi)[0].text


def test_an_office_head_without_a_right_to_the_ticket_hears_nothing(desk, wall):
    office = headed_by(desk.orang_luar)
    step(percent=50, notify_office_head=True)
    report(desk, office=office)
    sweep(wall, "23 09:30")
    assert mails(desk.orang_luar) == []


def test_a_head_hears_nothing_of_who_reported_anonymously(desk, wall):
    office = headed_by(desk.pimpinan)
    step(percent=1, metric="resolution", notify_office_head=True, notify_coordinator=True)
    sender = factories.Identity(name="Rahmat Hidayat", email="rahmat@contoh.id")
    for _each in range(5):
        factories.ticket("complaint", confidentiality="anonymous", office=office, sender=sender)
    sweep(wall, "24 11:00")
    [mail] = mails(desk.pimpinan)
    assert mail.subject.startswith("5 tiket")
    for delivery in Delivery.objects.filter(key__startswith="escalation"):
        assert "rahmat" not in (delivery.text + delivery.subject).lower()


@pytest.mark.parametrize("count", [1, 5])
def test_of_restricted_tickets_officers_hear_only_that_there_is_news(desk, wall, count):
    step(percent=1, metric="resolution", notify_team=True, notify_coordinator=True)
    step(percent=2, metric="resolution", notify_team=True, notify_office_head=True)
    office = headed_by(desk.pimpinan)
    head = factories.user("kepala", teams=(desk.confidential_team,), coordinates=True)
    cases = [factories.ticket("complaint", confidentiality="whistleblowing", office=office) for _each in range(count)]
    sweep(wall, "25 11:00")
    found = [mail for mail in mails(desk.inspektorat) if mail.key.startswith("escalation")]
    assert found
    for mail in found:
        assert "pembaruan" in mail.text and "%" not in mail.text and "tenggat" not in mail.text.split("\n", 1)[-1]
        assert not any(case.subject in mail.text + mail.subject for case in cases)
    for person in (head, desk.pimpinan, desk.koordinator, desk.teknisi, desk.admin):
        assert not [mail for mail in mails(person) if mail.key.startswith("escalation")]


@pytest.mark.parametrize(
    ("head", "acting", "kind", "of_post", "told"),
    [
        ("pimpinan", "penghubung", "plh", False, {"pimpinan", "penghubung"}),  # away, and still told
        ("pimpinan", "penghubung", "delegate", False, {"pimpinan"}),  # decides in place of the head, no more
        (None, "penghubung", "plt", True, {"penghubung"}),
        (None, None, "", False, set()),
    ],
)
def test_acting_heads_are_told(desk, wall, head, acting, kind, of_post, told):
    office = headed_by(getattr(desk, head) if head else None)
    if acting:
        whose = {"office": office} if of_post else {"person": office.head}
        Substitution.objects.create(
            substitute=getattr(desk, acting), kind=kind, starts_on="2026-11-20", ends_on="2026-11-24", **whose
        )
    step(percent=50, notify_office_head=True)
    report(desk, office=office)
    sweep(wall, "23 09:30")
    assert set(EscalationNotice.objects.values_list("person__username", flat=True)) == told


def test_a_deputy_of_other_days_or_without_account_is_not_told(desk, wall):
    office = headed_by(desk.pimpinan)
    factories.user("pensiun", is_active=False)
    for person, first, last in (("penghubung", "2026-11-01", "2026-11-22"), ("pensiun", "2026-11-01", None)):
        Substitution.objects.create(
            person=desk.pimpinan, substitute=User.objects.get(username=person), starts_on=first, ends_on=last
        )
    step(percent=50, notify_office_head=True)
    report(desk, office=office)
    sweep(wall, "23 09:30")
    assert [notice.person for notice in EscalationNotice.objects.all()] == [desk.pimpinan]


def test_a_digest_is_grouped_and_names_each_ticket_once(desk, wall):
    factories.policy("Permintaan", targets={"response": 240}, kind="request")
    step(percent=10, metric="response", notify_coordinator=True)
    step(percent=10, metric="resolution", notify_coordinator=True)
    late, waiting = report(desk), report(desk)
    coming = factories.ticket(kind="request", requester=desk.asn, team=desk.network)
    sweep(wall, "23 09:01")
    wall.set("23 09:50")
    perform(waiting.pk, "assign", desk.koordinator, team="jaringan", assignee="teknisi")
    perform(waiting.pk, "start", desk.teknisi)
    perform(waiting.pk, "hold", desk.teknisi, reason="third_party", note="Menunggu suku cadang.")
    sweep(wall, "23 10:30")
    text = mails(desk.koordinator)[-1].text
    parts = text.split("\n\n")
    assert parts[0] == "3 tiket mendekati atau melewati tenggat."
    headings = ["Lewat tenggat (1):", "Mendekati tenggat (1):", "Sedang berhenti (1):"]
    assert [part.splitlines()[0] for part in parts[1:-1]] == headings
    assert "Tanggapan pertama, lewat sejak Sen 23 Nov 10.00 WIB" in parts[1]
    for ticket, part in zip((late, coming, waiting), parts[1:-1], strict=True):
        assert part.count(ticket.number) == 2 and text.count(ticket.number) == 2
