"""What every test of an attack needs: somebody signed in, a case to protect, mail and chat updates to send."""

import os
import re
import uuid

from django.db import transaction
from django.test import Client
from django.urls import Resolver404, get_resolver, resolve, reverse
from django.utils import timezone
from django.utils.regex_helper import normalize

from accounts.contacts import Identity
from channels_bot.email import inbound
from channels_bot.telegram import callbacks
from notify.models import Delivery
from tests import factories
from tests.email.samples import plain
from tickets import edits, workflow
from tickets.threading import message_id_for

WITNESS = "Saksi Mata"
WITNESS_ADDRESS = "saksi@contoh.id"
CHAT = 777


def login(user):
    client = Client()
    client.force_login(user)
    return client


def witness():
    """The reporter whose identity is to stay hidden."""
    return Identity(name=WITNESS, email=WITNESS_ADDRESS)


def case(confidentiality="whistleblowing", **kw):
    """A complaint of the witness, by default as a whistleblower."""
    return factories.ticket(
        "complaint", confidentiality=confidentiality, subject="Suap pengadaan", sender=witness(), **kw
    )


def raised(actor, confidentiality="secret", **kw):
    """A complaint that began as an ordinary one and became restricted."""
    kw.setdefault("sender", witness())
    ticket = factories.ticket("complaint", **kw)
    edits.change(ticket_id=ticket.pk, actor=actor, confidentiality=confidentiality, reason="Menyangkut pejabat.")
    ticket.refresh_from_db()
    return ticket


def hand_off(ticket, officer):
    """Close the complaint for good."""
    workflow.perform(ticket.pk, "hand_off", officer, handed_off_to="KPK", reason="Bukan wewenang kami.")


def mail(text="Isi surat.", **headers):
    """One letter with an id of its own arrives at the main mailbox."""
    return inbound.receive_raw(plain(text, Message_ID=f"<{os.urandom(5).hex()}@x.id>", **headers), "utama")


def last_id(ticket):
    """The Message-ID of the newest letter we planned for this ticket."""
    return f"<{message_id_for(Delivery.objects.filter(topic=f'ticket:{ticket.pk}').latest('pk'))}>"


def chat_update(update_id, text, **more):
    """A private message to the bot."""
    return {"update_id": update_id, "message": chat_message(update_id, text=text, **more)}


def chat_message(message_id, chat=CHAT, **more):
    return {
        "message_id": message_id,
        "chat": {"id": chat, "type": "private"},
        "from": {"id": CHAT, "first_name": "Sari"},
        **more,
    }


def button(update_id, data):
    """A button of the bot is pressed in a private chat; without an id there is no spinner to stop."""
    query = {"id": "", "from": {"id": CHAT}, "data": callbacks.sign(CHAT, data), "message": chat_message(2)}
    return {"update_id": update_id, "callback_query": query}


def report(client, number, received_at=None, **more):
    """An agent writes down a telephone report that names `number` in its subject; gives the page that follows."""
    local = timezone.localtime(received_at)
    data = {
        "token": str(uuid.uuid4()),
        "channel": "phone",
        "received_at": local.strftime("%Y-%m-%dT%H:%M"),
        "name": "Penelepon",
        "kind": "incident",
        "subject": f"[{number}] halo",
        "text": "Internet mati.",
        "confidentiality": "normal",
    }
    return client.post(reverse("agent:create"), data | more, follow=True)


def failure(answer):
    """What broke behind an answer, or None below 500."""
    if answer.status_code < 500:
        return None
    info = getattr(answer, "exc_info", None)
    return repr(info[1])[:200] if info else str(answer.status_code)


def _example(converter, wanted):
    if converter is None:
        return wanted[0]
    return next(text for text in (*wanted, "1", str(uuid.UUID(int=1))) if re.fullmatch(converter.regex, text))


def addresses(*wanted, patterns=None, before="/", known=()):
    """Every address of the desk as (path, view), from the URL patterns.

    In each place of a path stands the first of the `wanted` texts that it takes, else an ordinary example.
    """
    for entry in get_resolver().url_patterns if patterns is None else patterns:
        converters = dict(known) | entry.pattern.converters
        form, names = normalize(entry.pattern.regex.pattern.replace(r"\Z", ""))[0]
        path = before + form % {name: _example(converters.get(name), wanted or ("1",)) for name in names}
        if hasattr(entry, "url_patterns"):
            yield from addresses(*wanted, patterns=entry.url_patterns, before=path, known=converters)
            continue
        try:
            yield path, resolve(path).func
        except Resolver404:
            continue  # an example that a place does not take, such as the format of a resource


class Tried:
    """A try whose changes are undone, so that a thousand odd requests can share one set of rows."""

    def __enter__(self):
        self.point = transaction.savepoint()

    def __exit__(self, *error):
        transaction.savepoint_rollback(self.point)
