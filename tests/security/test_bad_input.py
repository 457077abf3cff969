"""Odd values never break a page, a resource, the mail intake or the bot: they are refused or taken, never a failure.

The odd values are those that once broke something: characters a database cannot hold, numbers too large for it, dates
at the edge of time, digits that are none, and cursors made by hand. Of the many combinations every seventh is tried,
so that each address and each value has its turn; FUZZ=all tries all of them.
"""

import base64
import itertools
import json
import logging
import os
import uuid
from urllib.parse import urlencode

import pytest
from django.contrib import admin
from django.utils import timezone

from channels_bot.email import inbound
from channels_bot.models import TelegramUpdate
from channels_bot.telegram import updates
from tests import factories
from tests.api.conftest import Caller
from tests.changes.factories import standard
from tests.security.helpers import CHAT, Tried, addresses, button, chat_message, chat_update, failure, login, mail
from tickets.models import Ticket

pytestmark = pytest.mark.slow


def cursor(*position):
    return base64.urlsafe_b64encode(json.dumps(position).encode()).decode()


EARLIEST = "0001-01-01T00:00:00+14:00"
ODD = ("a\x00b", "9" * 5000, "-1", str(2**63), "0001-01-01T00:00", "9999-12-31", "²", cursor(EARLIEST, 1))
CURSORS = (
    cursor("9999-12-31T23:59:59-14:00", 1),
    cursor("", 2**63 - 1),
    cursor(EARLIEST, 2**200),
    cursor(1, 2),
    "\x00",
    "[" * 5000,
)


STEP = 1 if os.environ.get("FUZZ") == "all" else 7
"""Prime to the number of odd values: with each name begins another of them."""


def chosen(tries):
    """Every seventh of the tries."""
    return list(tries)[::STEP]


def combined(table):
    """Every (path, name, odd value) of a table of paths and their names."""
    return ((path, name, odd) for path, names in table.items() for name in names.split() for odd in ODD)


@pytest.fixture(autouse=True)
def quiet():
    """A refusal is logged; thousands of them say nothing."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def careful(user):
    """A browser that reports a failure instead of raising it."""
    client = login(user)
    client.raise_request_exception = False
    return client


# Dates and cursors


@pytest.mark.parametrize("place", [*CURSORS, cursor(EARLIEST, 1)], ids=range(7))
@pytest.mark.parametrize("url", ["/kerja/", "/kerja/karantina/", "/laporan/tiket/", "/tiket-saya/"])
def test_a_cursor_made_by_hand_is_answered(cast, url, place):
    client = careful(cast.koordinator)
    for name in ("sesudah", "sebelum"):
        assert failure(client.get(url, {name: place})) is None


EDGES = [
    pytest.param(("0001-01-01T00:00", "2027-01-04T10:00"), id="first year"),
    pytest.param(("2027-01-04T10:00", "9999-12-31T23:59:59"), id="last year"),
]


@pytest.mark.parametrize("window", EDGES)
def test_a_change_at_the_edge_of_time_is_refused_or_still_opens(cast, window):
    ticket, client = standard(cast.agen), careful(cast.agen)
    url = f"/kerja/tiket/{ticket.number}/"
    data = dict(zip(("window_start", "window_end"), window, strict=True))
    assert client.post(f"{url}langkah/schedule/", data).status_code in (302, 400, 422)
    assert client.get(url).status_code == 200
    assert Caller(cast.agen).ticket(ticket).status_code == 200


# Chat updates and mail

UPDATES = {
    "half a pair": {"message": chat_message(5, text="halo \ud83d")},
    "nul": {"message": chat_message(5, text="halo\x00dunia")},
    "odd name": {"message": chat_message(5, text="x") | {"from": {"id": CHAT, "first_name": "A\x00b\ud800"}}},
    "words for a message": {"message": "teks"},
    "no photo": {"message": chat_message(5, photo=[])},
    "empty document": {"message": chat_message(5, document={"x": 1})},
    "huge chat": {"message": chat_message(5, chat=2**70, text="x")},
    "word for a chat": {"message": chat_message(5, chat="abc", text="x")},
    "list for a chat": {"message": chat_message(5, chat=[1], text="x")},
    "long id": {"message": chat_message("5" * 5000, text="x")},
    "no number": {"message": chat_message(5, chat="abc", text="x", weight=float("nan"))},
    "unknown ticket": button(5, "tiket:" + "9" * 23),
    "no digit": button(5, "tiket:²"),
    "nul button": button(5, "tiket:\x00"),
    "odd member": {"my_chat_member": {"new_chat_member": "x", "chat": 5}},
}


@pytest.mark.parametrize("update", UPDATES.values(), ids=UPDATES)
def test_an_odd_update_does_not_block_the_bot(cast, update):
    updates.handle(update | {"update_id": 5})
    assert TelegramUpdate.objects.filter(update_id=5).exists()
    updates.handle(chat_update(6, "/bantuan"))
    assert TelegramUpdate.objects.get(update_id=6).error == ""


def test_an_update_with_an_impossible_id_is_dropped(db):
    updates.handle(chat_update(2**70, "x"))
    assert not TelegramUpdate.objects.exists()


def test_words_of_a_chat_are_kept_without_what_a_database_cannot_hold(cast):
    updates.handle(chat_update(1, "/baru"))
    updates.handle(chat_update(2, "Listrik\x00padam \ud800") | {"update_id": 2})
    assert not TelegramUpdate.objects.exclude(error="").exists()


FROM = b"From: a@b.id\r\n"
LETTERS = {
    "nothing": b"",
    "nul": b"\x00",
    "raw bytes": FROM + b"Subject: \xff\x00x\r\n\r\n\x00\xff",
    "odd ids": FROM
    + b"Message-ID: <\x00a@x>\r\nIn-Reply-To: <\xed\xa0\x80@x>\r\nReferences: <=?utf-8?q?=ED=A0?=@x>\r\n\r\nx",
    "utf-16": FROM + b"Subject: =?utf-7?q?+2AA-?=\r\nContent-Type: text/plain; charset=utf-16\r\n\r\n\xed\xa0\x80x",
    "utf-7": FROM + b"Content-Type: text/plain; charset=utf-7\r\n\r\n+2AA-",
    "entities": FROM + b"Content-Type: text/html\r\n\r\n&#xD800;&#0;x",
    "file name": FROM + b'Content-Type: application/pdf; name="=?utf-8?q?=00=ED=A0=80.pdf?="\r\n'
    b"Content-Disposition: attachment\r\n\r\n%PDF",
    "long sender": b"From: " + b"a" * 300 + b"@b.id\r\n\r\nx",
    "many addressees": FROM + b"To: " + b", ".join(b"p%d@x.id" % number for number in range(3000)) + b"\r\n\r\nx",
    "many headers": FROM + b"X: y\r\n" * 100_000 + b"\r\nx",
}


@pytest.mark.parametrize("raw", LETTERS.values(), ids=LETTERS)
def test_a_hostile_letter_is_taken(cast, raw):
    assert inbound.receive_raw(raw, "utama").record is not None


# Pages


def test_an_odd_path_is_answered(cast):
    client = careful(cast.admin)
    paths = chosen(path for odd in ("9" * 30, "%00", "²") for path, _view in addresses(odd) if path != "/readyz")
    broken = {path: why for path in paths if (why := failure(client.get(path)))}
    assert broken == {}


FILTERS = "kind stage priority team assignee service office channel"
QUERIES = {
    "/": "q",
    "/layanan/": "q kategori hal",
    "/lapor/": "jenis layanan",
    "/lapor/?jenis=incident": "layanan",
    "/lacak/": "nomor",
    "/tiket-saya/": "tampil sesudah sebelum",
    "/kerja/": f"tab q {FILTERS} sesudah sebelum",
    "/kerja/karantina/": "sesudah sebelum",
    "/kerja/galat-dikenal/": "q",
    "/kerja/perubahan/kalender/": "tampil tanggal",
    "/kerja/tiket/{change}/aset/": "add_asset",
    "/kerja/tiket/{change}/langkah/submit/": "x",
    "/laporan/": "periode dari sampai kelompok kind service office team",
    "/laporan/perubahan/": "periode dari sampai",
    "/laporan/tiket/": "dari sampai kelompok kunci ukuran hasil selesai sesudah sebelum service",
    "/laporan/tiket/?kelompok=month": "kunci",
    "/laporan/tiket/?kelompok=priority": "kunci",
    "/laporan/tiket/?kelompok=service": "kunci",
    "/laporan/unduh/": "dari sampai kelompok",
    "/akun/login/": "next",
    "/akun/password/reset/": "x",
}
FORMS = {
    "/lapor/?jenis=incident": "jenis submission service office subject text confidentiality",
    "/lapor/terima-kasih/": "x",
    "/lacak/": "number code",
    "/lacak/tiket/": "text submission",
    "/lacak/tiket/langkah/close/": "reason",
    "/lacak/keluar/": "x",
    "/tiket-saya/{change}/": "text submission",
    "/tiket-saya/{change}/langkah/cancel/": "reason note",
    "/kerja/ambil/": "tiket kembali",
    "/kerja/baru/": "token channel received_at name phone email kind subject text service office impact urgency "
    "confidentiality complaint_class change_type change_template",
    "/kerja/karantina/{record}/": "decision number confirm",
    "/kerja/tiket/{complaint}/balas/": "version visibility text",
    "/kerja/tiket/{change}/ambil/": "version",
    "/kerja/tiket/{complaint}/langkah/verify/": "version complaint_class note",
    "/kerja/tiket/{complaint}/langkah/reassign/": "team assignee note",
    "/kerja/tiket/{complaint}/langkah/hand_off/": "handed_off_to reason external_number",
    "/kerja/tiket/{change}/langkah/schedule/": "window_start window_end override_reason",
    "/kerja/tiket/{change}/ubah/": "version subject service office impact urgency priority priority_reason "
    "confidentiality reason assets add_asset",
    "/kerja/tiket/{change}/identitas/": "reason",
    "/akun/login/": "login password next",
    "/akun/password/reset/": "email",
    "/admin/login/": "username password",
}
WHOLE = {
    "/lapor/?jenis=incident": {"jenis": "incident", "subject": "x", "text": "y"},
    "/kerja/baru/": dict.fromkeys(("name", "subject", "text"), "x")
    | {"token": str(uuid.UUID(int=7)), "channel": "phone", "kind": "incident", "confidentiality": "normal"},
    "/kerja/karantina/{record}/": {"decision": "join"},
    "/kerja/tiket/{complaint}/balas/": {"visibility": "internal", "text": "x"},
    "/kerja/tiket/{change}/langkah/schedule/": {"window_start": "2027-01-01T00:00", "window_end": "2027-01-02T00:00"},
    "/kerja/tiket/{change}/ubah/": {"subject": "x", "impact": "2", "urgency": "2", "confidentiality": "normal"},
    "/kerja/tiket/{complaint}/langkah/hand_off/": {"handed_off_to": "x", "reason": ""},
}
"""What makes a form complete but for the odd value."""


@pytest.fixture
def places(cast):
    """What stands in the paths above."""
    complaint = factories.ticket("complaint")
    record = mail("x", From="orang@lain.id", Subject=f"[{complaint.number}] x").record
    return {"change": standard(cast.agen).number, "complaint": complaint.number, "record": record.pk}


def test_an_odd_query_is_answered(cast, places):
    client, broken = careful(cast.koordinator), []
    for path, name, odd in chosen(combined(QUERIES)):
        url = path.format(**places)
        if why := failure(client.get(f"{url}{'&' if '?' in url else '?'}{urlencode({name: odd})}")):
            broken.append((url, name, odd[:30], why))
    assert broken == []


def test_an_odd_field_is_answered(cast, places):
    client, broken = careful(cast.koordinator), []
    session = client.cookies["sessionid"].value
    now = {"received_at": timezone.localtime().strftime("%Y-%m-%dT%H:%M")}
    for path, name, odd in chosen(combined(FORMS)):
        with Tried():
            answer = client.post(path.format(**places), now | WHOLE.get(path, {}) | {name: odd})
        client.cookies["sessionid"] = session
        if why := failure(answer):
            broken.append((path, name, odd[:30], why))
    assert broken == []


@pytest.mark.filterwarnings("ignore:DateTimeField .* received a naive datetime:RuntimeWarning")
def test_an_odd_query_of_the_admin_is_answered(cast):
    client, urls = careful(cast.admin), []
    for model, site in admin.site._registry.items():
        base = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        filters = [each if isinstance(each, str) else each[0] for each in site.list_filter]
        queries = [{"q": "\x00"}, {"p": "9" * 30}, {"o": "9.9"}, {"id__exact": "\x00"}, {"_to_field": "x"}]
        for name in filters:
            queries += [{name: "\x00"}, {f"{name}__exact": "9" * 30}, {f"{name}__id__exact": "9" * 30}]
            queries += [{f"{name}__gte": edge} for edge in ("0001-01-01", "0001-01-01 00:00:00+14:00")]
        urls += [f"{base}?{urlencode(query)}" for query in queries]
        urls += [f"{base}{'9' * 30}/{page}/" for page in ("change", "history", "delete")]
    assert [(url, why) for url in chosen(urls) if (why := failure(client.get(url)))] == []


# Resources

VALUES = (None, True, [], {"a": 1}, -1, 2**200, 1e308, *ODD)
BODIES = {
    "tickets/": (
        {"kind": "incident", "subject": "x", "description": "y"},
        "kind subject description service office impact urgency confidentiality requester zzz",
    ),
    "tickets/{change}/messages/": ({"text": "x"}, "text visibility attachments"),
    "tickets/{change}/transitions/schedule/": (
        {"window_start": "2027-01-01T00:00", "window_end": "2027-01-02T00:00"},
        "window_start window_end override_reason",
    ),
    "tickets/{complaint}/transitions/reassign/": ({}, "team assignee note"),
}
RAW = ("", "[", "null", "1", "[" * 100_000, "\ufeff{}", '{"text":"\\ud800"}', b"\xff\xfe", '{"text": NaN}')
RAW += ('{"text":' + "9" * 5000 + "}",)
TYPES = ("application/json", "multipart/form-data", "multipart/form-data; boundary=x", "", "application/json;;;")
RESOURCES = {
    "tickets/": "kind state stage priority service office team assignee requester q created_after created_before "
    "overdue cursor page_size ordering",
    "deliveries/": "ticket",
    "quarantine/": "cursor",
    "reports/sla/": "from to group_by",
    "services/": "cursor",
    "assets/": "cursor ordering",
    "known-errors/": "q cursor",
}


@pytest.fixture
def caller(cast):
    made = Caller(cast.koordinator)
    made.client.raise_request_exception = False
    return made


def _nested(name, value):
    """The value in every place that the field has."""
    yield value
    if name == "requester":
        yield from ({"name": value, "email": value, "phone": value}, {"name": "x", "phone": value})
    if name == "attachments":
        yield [{"name": value, "content": "eA==", "content_type": "x"}]
        yield [{"name": "a.txt", "content": value}]


def test_an_odd_value_in_a_body_is_answered(caller, places):
    tries = (
        (path, whole, name, odd)
        for path, (whole, names) in BODIES.items()
        for name in names.split()
        for value in VALUES
        for odd in _nested(name, value)
    )
    broken = []
    for path, whole, name, odd in chosen(tries):
        with Tried():
            answer = caller.post(path.format(**places), raw=json.dumps(whole | {name: odd}))
        if why := failure(answer):
            broken.append((path, name, str(odd)[:40], why))
    assert broken == []


def test_a_body_that_is_none_is_answered(caller, places):
    ways = [{"content_type": kind} for kind in TYPES] + [{"idempotency_key": key} for key in ("\x7f", "a" * 256, "k")]
    broken = []
    for path, raw, how in chosen(itertools.product(BODIES, RAW, ways)):
        with Tried():
            answer = caller.post(path.format(**places), raw=raw, **how)
        if why := failure(answer):
            broken.append((path, raw[:20], how, why))
    assert broken == []


def test_an_odd_query_of_a_resource_is_answered(caller, places):
    asked = [f"{path}?{urlencode({name: odd})}" for path, name, odd in chosen(combined(RESOURCES))]
    asked += [f"tickets/{'9' * 3000}/", "tickets/%00/", "tickets/%ff/", f"messages/{2**63}/original/", "attachments/x/"]
    broken = [(url[:80], why) for url in asked if (why := failure(caller.get(url)))]
    ticket = Ticket.objects.get(number=places["change"])
    for tag in ('"', "*,*", 'W/"', "é", '"1-1", ' * 2000):
        if why := failure(caller.say(ticket, if_match=tag)):
            broken.append((tag[:20], why))
    assert broken == []
