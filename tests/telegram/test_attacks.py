"""Another chat never reads, answers, closes or judges a ticket that is not its own, whatever it sends.

Each attack is one update, made with everything a stranger could have seen: number, access code, ids of messages, the
data of every button that was ever shown to somebody else.
"""

import itertools

import pytest

from accounts.models import ContactPoint
from channels_bot.models import TelegramChat, TelegramPost
from channels_bot.telegram import callbacks, linking
from feedback.models import Rating
from notify.models import Delivery
from tests import factories
from tests.telegram.conftest import AGEN, ASING, BUDI, GROUP, SARI, TEKNISI, link, report, say, shown, work
from tickets import messages
from tickets.models import Message, Participant, Ticket
from tickets.workflow import perform

pytestmark = pytest.mark.slow

SECRET = "Kabel di belakang lemari"
_ids = itertools.count(660_001)


@pytest.fixture
def victim(team_group):
    """A resolved ticket of Sari with an answer, posted in the group of its team, and everything Budi may have seen."""
    bot, cast = team_group.bot, team_group.cast
    ticket = report(bot, SECRET)
    perform(ticket.pk, "assign", cast.koordinator, team="jaringan", assignee="teknisi")
    work()
    messages.post(ticket_id=ticket.pk, actor=cast.teknisi, text="Kami sudah di lokasi")
    perform(ticket.pk, "resolve", cast.teknisi, code="fixed", solution=f"{SECRET} diganti.")
    work()
    say(bot, "/tiket")
    say(bot, "/bantuan", BUDI)
    team_group.ticket = Ticket.objects.get(pk=ticket.pk)
    team_group.answer = shown(bot, "Kami sudah di lokasi")
    team_group.before = state_of(team_group.ticket)
    team_group.heard = len(bot.messages_to(BUDI))
    return team_group


def state_of(ticket):
    """Everything an attack could change."""
    fresh = Ticket.objects.get(pk=ticket.pk)
    return (
        fresh.state,
        fresh.version,
        fresh.assignee_id,
        fresh.requester_id,
        Message.objects.filter(ticket=ticket).count(),
        Participant.objects.filter(ticket=ticket).count(),
        Rating.objects.count(),
        sorted(ContactPoint.objects.filter(kind="telegram").values_list("value", "contact")),
    )


def message_of(chat, **content):
    kind = "private" if chat > 0 else "supergroup"
    person = {"id": BUDI, "first_name": "Budi"}
    return {"message": {"message_id": 9000, "chat": {"id": chat, "type": kind}, "from": person, "date": 1, **content}}


def words(text, **content):
    return lambda v: message_of(BUDI, text=text.format(t=v.ticket, pk=v.ticket.pk), **content)


def replying(text="Tutup saja", chat=BUDI, **quoted):
    """A reply to the message that Sari got, as if it were in this chat."""

    def update(v):
        reply = {"message_id": v.answer["message_id"], "chat": {"id": SARI}, "date": 1, **quoted}
        return message_of(chat, text=text, reply_to_message=reply)

    return update


def pressing(data, chat=BUDI, message_chat=None):
    """A press with this data: signed or not as it says itself."""

    def update(v):
        held = data(v)
        shown_in = message_chat or chat
        kind = "private" if shown_in > 0 else "supergroup"
        message = {"message_id": v.answer["message_id"], "chat": {"id": shown_in, "type": kind}, "date": 1}
        query = {"id": "", "from": {"id": BUDI, "first_name": "Budi"}, "data": held, "message": message}
        return {"callback_query": query}

    return update


def buttons_of_sari(v):
    """Data of every button Sari was ever shown."""
    return [
        button["callback_data"]
        for message in v.bot.messages_to(SARI)
        for row in (message.get("reply_markup") or {}).get("inline_keyboard", [])
        for button in row
    ]


def own_signature(data):
    """What could be if our signature were no hindrance: the second defence must hold alone."""
    return lambda v: callbacks.sign(BUDI, data.format(pk=v.ticket.pk))


def group_button(v):
    post = TelegramPost.objects.filter(ticket=v.ticket).first()
    return callbacks.sign(BUDI, f"ambil:{post.pk}")


FORWARD = {"type": "user", "sender_user": {"id": SARI, "first_name": "Sari", "is_bot": False}, "date": 1}
ATTACKS = {
    "its number": words("/status {t.number}"),
    "its number in words": words("[{t.number}] tolong tutup"),
    "number and access code": words("/status {t.number} {t.access_code}"),
    "number for a code": words("/hubungkan {t.number}"),
    "access code for a code": words("/start {t.access_code}"),
    "the list of tickets": words("/tiket"),
    "a reply to the message's id": replying(),
    "a reply to a message of another bot's shape": replying(**{"from": {"id": 100_200_300, "is_bot": True}}),
    "a reply with a quoted external message": lambda v: message_of(
        BUDI,
        text="Tutup",
        external_reply={"origin": FORWARD, "chat": {"id": SARI}, "message_id": v.answer["message_id"]},
    ),
    "the message forwarded": lambda v: message_of(BUDI, text=v.answer["text"], forward_origin=FORWARD),
    "the message forwarded, then replied to": lambda v: message_of(
        BUDI,
        text="Tutup",
        reply_to_message={"message_id": 8999, "text": v.answer["text"], "forward_origin": FORWARD},
    ),
    "an edit of the victim's message": lambda v: {"edited_message": message_of(BUDI, text="Lain")["message"]
                                                  | {"message_id": v.answer["message_id"] - 1, "edit_date": 2}},
    "choosing, unsigned": pressing(lambda v: f"tiket:{v.ticket.pk}"),
    "choosing": pressing(own_signature("tiket:{pk}")),
    "closing": pressing(own_signature("beres:{pk}")),
    "reopening": pressing(own_signature("belum:{pk}")),
    "judging": pressing(own_signature("nilai:{pk}:1")),
    "taking as staff": pressing(group_button),
    "an odd id": pressing(own_signature("tiket:²")),
    "a huge id": pressing(own_signature("beres:" + "9" * 30)),
    "an account's confirmation": pressing(own_signature("hubung:1")),
    "taking in the group, unlinked": pressing(
        lambda v: callbacks.sign(GROUP, f"ambil:{TelegramPost.objects.filter(ticket=v.ticket).first().pk}"),
        message_chat=GROUP,
    ),
    "looking in the group, unlinked": pressing(
        lambda v: callbacks.sign(GROUP, f"lihat:{TelegramPost.objects.filter(ticket=v.ticket).first().pk}"),
        message_chat=GROUP,
    ),
    "a post in another group": pressing(
        lambda v: callbacks.sign(-4, f"lihat:{TelegramPost.objects.filter(ticket=v.ticket).first().pk}"),
        message_chat=-4,
    ),
    "a note in the group, unlinked": lambda v: message_of(
        GROUP, text="!Sudah", reply_to_message={"message_id": shown(v.bot, v.ticket.number, GROUP)["message_id"]}
    ),
    "a private button in the group": pressing(own_signature("beres:{pk}"), message_chat=GROUP),
}  # fmt: skip


def test_a_stranger_learns_and_changes_nothing(victim):
    """All attacks in one world, because none may leave anything behind for the next."""
    for name, attack in ATTACKS.items():
        TelegramChat.objects.update(flood_count=0)
        known = set(Delivery.objects.values_list("pk", flat=True))
        victim.bot.push_raw({"update_id": next(_ids), **attack(victim)})
        work()
        assert state_of(victim.ticket) == victim.before, name
        for answer in Delivery.objects.exclude(pk__in=known):
            assert SECRET not in answer.text and "Kami sudah di lokasi" not in answer.text, name
            assert victim.ticket.access_code not in answer.text, name
        chat = TelegramChat.objects.get(chat_id=BUDI)
        assert chat.current_ticket is None, name
        chat.draft = {}
        chat.save()


def test_no_button_of_the_victim_works_elsewhere(victim):
    """Replayed by another chat, with and without naming the chat in which it was shown."""
    held = buttons_of_sari(victim)
    assert len(held) > 10
    for data in held:
        for where in (BUDI, GROUP):
            victim.bot.push_raw({"update_id": next(_ids), **pressing(lambda _v, data=data: data, where)(victim)})
    work()
    assert state_of(victim.ticket) == victim.before
    told = set(Delivery.objects.filter(recipient=str(BUDI)).values_list("text", flat=True)[1:])
    assert all("tidak berlaku" in text or "sangat cepat" in text for text in told)


# A linked account opens what its rights open, and nothing more


def test_a_code_is_good_once_for_one_purpose_and_a_while(cast, bot):
    code = linking.issue(user=cast.koordinator, team=cast.network)
    say(bot, f"/hubungkan {code}", BUDI)  # a group's code in a private chat
    assert linking.account_of(BUDI) is None
    link(cast.koordinator, AGEN)
    say(bot, f"/hubungkan {code}", -9, from_id=ASING, chat_type="supergroup")
    assert "hanya berlaku" in bot.messages_to(-9)[-1]["text"]
    say(bot, f"/hubungkan {code}", -9, from_id=AGEN, chat_type="supergroup")
    assert "kini menerima kabar" in bot.messages_to(-9)[-1]["text"]
    say(bot, f"/hubungkan {code}", -10, from_id=AGEN, chat_type="supergroup")
    assert "tidak dikenal" in bot.messages_to(-10)[-1]["text"]


def test_guessing_codes_ends_after_a_few(cast, bot):
    code = linking.issue(user=cast.warga)
    for number in range(linking.MOST_TRIES):
        say(bot, f"/hubungkan SALAH{number}", BUDI)
    say(bot, f"/hubungkan {code}", BUDI)
    assert "tidak dikenal" in bot.messages_to(BUDI)[-1]["text"]
    say(bot, f"/hubungkan {code}", SARI)
    assert "Hubungkan percakapan ini dengan akun" in bot.messages_to(SARI)[-1]["text"]


def test_somebody_made_to_send_a_code_is_asked_first(cast, bot):
    """A stranger's code, sent by a victim, gives nothing until the victim says whose account it is."""
    ticket = report(bot)
    code = linking.issue(user=cast.orang_luar)
    say(bot, f"/hubungkan {code}")
    ticket.refresh_from_db()
    assert "Orang Luar" in bot.messages_to(SARI)[-1]["text"] and ticket.requester.user is None


def test_a_participant_neither_closes_nor_judges(cast, bot):
    ticket = report(bot)
    say(bot, "/bantuan", BUDI)
    Participant.objects.create(ticket=ticket, contact=TelegramChat.objects.get(chat_id=BUDI).contact)
    perform(ticket.pk, "assign", cast.koordinator, assignee="agen")
    perform(ticket.pk, "resolve", cast.agen, code="fixed", solution="Selesai.")
    for data in (f"beres:{ticket.pk}", f"belum:{ticket.pk}", f"nilai:{ticket.pk}:1"):
        bot.push_callback(BUDI, 1, callbacks.sign(BUDI, data), forged=True)
    work()
    ticket.refresh_from_db()
    assert ticket.state == "resolved" and not Rating.objects.exists()


def test_a_requester_who_is_no_agent_writes_no_note_by_replying(cast, bot):
    link(cast.warga, SARI)
    ticket = report(bot)
    receipt = next(m for m in bot.messages_to(SARI) if ticket.access_code in m["text"])
    say(bot, "Tambahan", reply_to_message_id=receipt["message_id"])
    assert ticket.messages.get(text="Tambahan").direction == "in"


def test_an_agent_who_reported_something_is_its_requester(cast, bot):
    link(cast.agen, AGEN)
    ticket = report(bot, chat=AGEN)
    receipt = next(m for m in bot.messages_to(AGEN) if ticket.access_code in m["text"])
    say(bot, "Tambahan", AGEN, reply_to_message_id=receipt["message_id"])
    assert ticket.messages.get(text="Tambahan").direction == "in"


def test_an_unlinked_account_is_a_stranger_again(cast, bot):
    link(cast.teknisi, BUDI)
    ticket = factories.ticket(team=cast.network)
    linking.unlink(cast.teknisi)
    assert linking.account_of(BUDI) is None and linking.linked(cast.teknisi) is None
    say(bot, f"/status {ticket.number}", BUDI)
    assert "tidak ditemukan" in bot.messages_to(BUDI)[-1]["text"]


def test_a_ticket_that_is_no_longer_ones_own_is_not_answered_by_its_old_messages(cast, bot):
    ticket = report(bot)
    say(bot, "/bantuan", BUDI)
    budi = TelegramChat.objects.get(chat_id=BUDI).contact
    part = Participant.objects.create(ticket=ticket, contact=budi, hears_replies=True)
    messages.post(ticket_id=ticket.pk, actor=cast.agen, text="Kami sudah di lokasi")
    work()
    heard = shown(bot, "Kami sudah di lokasi", BUDI)
    part.delete()
    say(bot, "Tutup saja", BUDI, reply_to_message_id=heard["message_id"])
    assert not ticket.messages.filter(text="Tutup saja").exists()


def test_the_same_message_number_in_two_chats_is_two_messages(cast, bot):
    """Ids count within a chat: Budi takes part in Sari's ticket, and answers a message about his own."""
    theirs = report(bot)
    own = report(bot, chat=BUDI)
    budi = TelegramChat.objects.get(chat_id=BUDI).contact
    Participant.objects.create(ticket=theirs, contact=budi)
    about = {chat: next(m for m in bot.messages_to(chat) if "Kode akses" in m["text"]) for chat in (SARI, BUDI)}
    assert about[SARI]["message_id"] == about[BUDI]["message_id"]
    say(bot, "Untuk tiket saya", BUDI, reply_to_message_id=about[BUDI]["message_id"])
    assert own.messages.filter(text="Untuk tiket saya").exists()


def test_a_post_of_one_group_says_nothing_in_another(team_group, bot, cast):
    ticket = factories.ticket(team=cast.network)
    work()
    data = callbacks.sign(-4, f"ambil:{TelegramPost.objects.get(ticket=ticket).pk}")
    message = {"message_id": 1, "chat": {"id": -4, "type": "supergroup"}, "date": 1}
    bot.push_raw({"callback_query": {"id": "", "from": {"id": TEKNISI}, "data": data, "message": message}})
    work()
    ticket.refresh_from_db()
    assert ticket.assignee is None
