"""Mail around a restricted ticket never shows the service desk that there is one."""

import os

import pytest

from accounts.contacts import Identity, resolve
from accounts.models import ContactPoint
from channels_bot.email import inbound
from notify.models import Delivery
from tests import factories
from tests.email.samples import plain
from tests.email.test_parsing import REPORT
from tickets import messages
from tickets.models import InboundRecord, Ticket
from tickets.threading import message_id_for


@pytest.fixture
def case(cast):
    """A whistleblower's ticket with one answer on its way."""
    sender = Identity(name="Saksi", email="saksi@contoh.id")
    ticket = factories.ticket("complaint", confidentiality="whistleblowing", channel="email", sender=sender)
    messages.post(ticket_id=ticket.pk, actor=cast.inspektorat, text="Siapa saksinya?")
    return ticket


def write(**headers):
    return inbound.receive_raw(plain("Namanya Budi.", Message_ID=f"<{os.urandom(5).hex()}@x.id>", **headers), "utama")


def last_id(ticket):
    return f"<{message_id_for(Delivery.objects.filter(topic=f'ticket:{ticket.pk}').latest('pk'))}>"


def test_an_answer_from_another_address_joins_it(case):
    assert write(From="saksi@rumah.id", In_Reply_To=last_id(case)).ticket == case
    assert write(From="saksi@rumah.id", Subject=f"Re: [{case.number}]").ticket == case
    assert not InboundRecord.objects.filter(state="quarantined").exists()


@pytest.mark.parametrize("how", ["reference", "tag"])
def test_an_absence_notice_becomes_a_note_there(case, how):
    named = {"In_Reply_To": last_id(case)} if how == "reference" else {"Subject": f"Out of office: [{case.number}]"}
    write(From="saksi@contoh.id", Auto_Submitted="auto-replied", **named)
    assert not InboundRecord.objects.filter(state="quarantined").exists()
    assert case.messages.filter(direction="note", text__contains="Namanya Budi").exists()


def test_a_bounce_is_kept_there(case):
    delivery = Delivery.objects.filter(topic=f"ticket:{case.pk}").latest("pk")
    inbound.receive_raw(REPORT.replace(b"abc@contoh.go.id", message_id_for(delivery).encode()))
    delivery.refresh_from_db()
    assert delivery.state == "bounced"
    assert not InboundRecord.objects.filter(state="quarantined").exists()


def test_a_stranger_learns_nothing_from_writing_to_it(case):
    before = Delivery.objects.count()
    write(From="orang@lain.id", Subject=f"[{case.number}] apa isinya?")
    assert Delivery.objects.count() == before and Ticket.objects.count() == 1


def test_an_account_does_not_inherit_what_somebody_typed_next_to_its_address(cast):
    resolve(Identity(email=cast.warga.email, phone="0812999999"))
    own = resolve(Identity(user=cast.warga))
    assert [point.kind for point in own.points.all()] == ["email"]
    assert not ContactPoint.objects.filter(kind="phone").exists()
