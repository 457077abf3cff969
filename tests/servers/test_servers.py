"""The Bot API server behaves as Telegram does, seen through the library that the product uses."""

import asyncio
import json
import threading
import urllib.error
import urllib.request
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise

import pytest
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, ReplyParameters
from telegram.error import BadRequest, Conflict, Forbidden, InvalidToken, NetworkError, RetryAfter, TimedOut
from telegram.request import HTTPXRequest

from tests.servers.botapi import BotApiServer

TOKEN = "123:TEST"
CHAT = 7001


@pytest.fixture
def api():
    with BotApiServer(TOKEN) as server:
        yield server


def run(api, *steps, token=TOKEN, read_timeout=10.0):
    """Run the steps (functions of a bot) one after the other; returns the answers."""

    async def work():
        request, polling = (HTTPXRequest(read_timeout=read_timeout) for _ in range(2))
        bot = Bot(token, f"{api.url}/bot", f"{api.url}/file/bot", request=request, get_updates_request=polling)
        try:
            return [await step(bot) for step in steps]
        finally:
            await request.shutdown()
            await polling.shutdown()

    return asyncio.run(work())


def buttons(*labels):
    return InlineKeyboardMarkup([[InlineKeyboardButton(label, callback_data=label.lower())] for label in labels])


# Updates


def test_bot_introduces_itself_and_token_is_checked(api):
    me = run(api, lambda bot: bot.get_me())[0]
    assert me.is_bot and me.username == "layanan_uji_bot"
    with pytest.raises(InvalidToken):
        run(api, lambda bot: bot.get_me(), token="123:SALAH")


def test_updates_stay_until_confirmed(api):
    first, second, third = (api.push_text(CHAT, text) for text in ("satu", "dua", "tiga"))
    one, again, rest, none = run(
        api,
        lambda bot: bot.get_updates(limit=1),
        lambda bot: bot.get_updates(),
        lambda bot: bot.get_updates(offset=second),
        lambda bot: bot.get_updates(offset=third + 1),
    )
    assert [u.update_id for u in one] == [first]
    assert [u.message.text for u in again] == ["satu", "dua", "tiga"]
    assert [u.update_id for u in rest] == [second, third]
    assert none == () and api.pending == []


def test_negative_offset_keeps_only_the_last(api):
    for text in ("satu", "dua", "tiga"):
        api.push_text(CHAT, text)
    last = run(api, lambda bot: bot.get_updates(offset=-1))[0]
    assert [u.message.text for u in last] == ["tiga"]
    assert len(api.pending) == 1


def test_long_poll_answers_as_soon_as_somebody_writes(api):
    async def poll(bot):
        waiting = asyncio.create_task(bot.get_updates(timeout=9))
        await asyncio.to_thread(api.wait_until, lambda: api.world.polls == 1)
        assert not waiting.done()
        api.push_text(CHAT, "/mulai", first_name="Wayan", username="wayan")
        return await asyncio.wait_for(waiting, 5)

    (update,) = run(api, poll)[0]
    assert update.message.text == "/mulai"
    assert update.message.entities[0].type == "bot_command"
    assert (update.effective_user.id, update.effective_user.username) == (CHAT, "wayan")


def test_newer_poll_ends_the_older(api):
    async def work(bot):
        older = asyncio.create_task(bot.get_updates(timeout=9))
        await asyncio.to_thread(api.wait_until, lambda: api.world.polls == 1)
        await bot.get_updates(timeout=0)
        with pytest.raises(Conflict):
            await asyncio.wait_for(older, 5)

    run(api, work)


def test_only_wanted_kinds_of_updates_arrive(api):
    run(api, lambda bot: bot.get_updates(allowed_updates=["callback_query"]))
    api.push_text(CHAT, "tidak diminta")
    api.push_raw({"callback_query": {"id": "1", "from": {"id": 1}, "data": "x"}})
    assert [set(update) - {"update_id"} for update in api.pending] == [{"callback_query"}]


def test_every_kind_of_message_is_understood_by_the_library(api):
    api.push_photo(CHAT, b"\xff\xd8foto", "Kabel putus", media_group_id="album")
    api.push_document(CHAT, b"%PDF-1.7", "surat.pdf", media_group_id="album")
    api.push_voice(CHAT, b"OggS")
    api.push_location(CHAT, -5.1, 105.2)
    api.push_contact(CHAT, "+6281234")
    api.push_sticker(CHAT)
    api.push_text(-100, "halo", from_id=5, chat_type="supergroup")
    api.push_text(CHAT, "salah ketik")
    api.push_edited_text(CHAT, api.last_message_id(CHAT), "benar")
    api.block(CHAT)
    updates = run(api, lambda bot: bot.get_updates())[0]
    photo, document, voice, location, contact, sticker, group, _text, edited, blocked = updates
    assert (photo.message.photo[-1].file_size, photo.message.caption) == (6, "Kabel putus")
    assert photo.message.media_group_id == document.message.media_group_id == "album"
    assert document.message.document.file_name == "surat.pdf"
    assert voice.message.voice.mime_type == "audio/ogg"
    assert location.message.location.latitude == -5.1
    assert contact.message.contact.user_id == CHAT
    assert sticker.message.sticker.emoji == "👍"
    assert (group.effective_chat.type, group.effective_user.id) == ("supergroup", 5)
    assert edited.edited_message.text == "benar" and edited.edited_message.edit_date
    assert blocked.my_chat_member.new_chat_member.status == "kicked"
    ids = [u.message.message_id for u in updates if u.message and u.effective_chat.id == CHAT]
    assert all(b > a for a, b in pairwise(ids))


def test_file_is_downloaded_as_it_was_sent(api):
    content = bytes(range(256)) * 500
    api.push_document(CHAT, content, "data.bin", "application/octet-stream")

    async def fetch(bot):
        (update,) = await bot.get_updates()
        file = await bot.get_file(update.message.document.file_id)
        return bytes(await file.download_as_bytearray())

    assert run(api, fetch) == [content]
    with pytest.raises(BadRequest, match="Wrong file_id"):
        run(api, lambda bot: bot.get_file("tidak-ada"))


# Sending


def test_sent_message_is_recorded_and_seen_in_the_chat(api):
    api.push_text(CHAT, "halo")
    asked = api.last_message_id(CHAT)
    answer = run(
        api,
        lambda bot: bot.send_message(CHAT, "<b>Baik</b> &amp; siap", "HTML", reply_parameters=ReplyParameters(asked)),
    )[0]
    call = api.wait_for(lambda call: call.method == "sendMessage" and "siap" in call.text)
    assert (call.chat_id, call.message_id) == (CHAT, answer.message_id)
    assert call.params["reply_parameters"]["message_id"] == asked
    assert answer.text == "Baik & siap" and answer.reply_to_message.text == "halo"
    assert [message["text"] for message in api.messages_to(CHAT)] == ["Baik & siap"]
    with pytest.raises(TimeoutError, match="sendMessage 200 7001"):
        api.wait_for(lambda call: "tidak pernah" in call.text, timeout=0.05)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("<b>tebal", "Can't find end tag"),
        ("<b><i>silang</b></i>", "Unexpected end tag"),
        ("<table>x</table>", 'Unsupported start tag "table"'),
        ("3 < 4", "can't parse entities"),
        ("", "message text is empty"),
        ("😀" * 2049, "message is too long"),
    ],
)
def test_text_that_telegram_refuses(api, text, complaint):
    with pytest.raises(BadRequest, match=f"(?i){complaint}"):
        run(api, lambda bot: bot.send_message(CHAT, text, "HTML"))
    assert api.sent == [] and api.calls[0].status == 400


def test_text_that_just_fits(api):
    run(api, lambda bot: bot.send_message(CHAT, "😀" * 2048), lambda bot: bot.send_message(CHAT, "3 < 4 & <b>"))
    assert [message["text"] for message in api.messages_to(CHAT)] == ["😀" * 2048, "3 < 4 & <b>"]


def test_buttons_are_pressed_answered_and_edited(api):
    async def talk(bot):
        message = await bot.send_message(CHAT, "Kirim laporan?", reply_markup=buttons("Ya", "Tidak"))
        api.press(CHAT, "Ya")
        (update,) = await bot.get_updates()
        assert update.callback_query.data == "ya" and update.callback_query.message.text == "Kirim laporan?"
        await update.callback_query.answer("Terkirim")
        with pytest.raises(BadRequest, match="Query is too old"):
            await update.callback_query.answer()
        await bot.edit_message_text("Terkirim", CHAT, message.message_id)
        with pytest.raises(BadRequest, match="Message is not modified"):
            await bot.edit_message_reply_markup(CHAT, message.message_id)
        await bot.edit_message_reply_markup(CHAT, message.message_id, reply_markup=buttons("Nilai"))
        with pytest.raises(BadRequest, match=r"(?i)button_data_invalid"):
            await bot.send_message(CHAT, "x", reply_markup=buttons("x" * 65))
        return message.message_id

    message_id = run(api, talk)[0]
    (message,) = api.messages_to(CHAT)
    assert message["text"] == "Terkirim" and "Nilai" in json.dumps(message["reply_markup"])
    with pytest.raises(ValueError, match="no button"):
        api.push_callback(CHAT, message_id, "ya")
    run(api, lambda bot: bot.delete_message(CHAT, message_id))
    assert api.messages_to(CHAT) == []


def test_photos_documents_actions_and_commands(api):
    async def work(bot):
        photo = await bot.send_photo(CHAT, b"\xff\xd8" + b"\r\n--x\r\n" * 9, caption="Bukti")
        await bot.send_photo(CHAT, photo.photo[-1].file_id)
        document = await bot.send_document(CHAT, b"isi", filename="berita acara.pdf")
        await bot.send_chat_action(CHAT, "typing")
        await bot.set_my_commands([("mulai", "Mulai")])
        file = await bot.get_file(photo.photo[-1].file_id)
        return document.document.file_name, bytes(await file.download_as_bytearray())

    name, content = run(api, work)[0]
    assert name == "berita acara.pdf" and content == b"\xff\xd8" + b"\r\n--x\r\n" * 9
    assert [call.method for call in api.sent] == [
        "sendPhoto",
        "sendPhoto",
        "sendDocument",
        "sendChatAction",
        "setMyCommands",
    ]
    assert api.commands == [{"command": "mulai", "description": "Mulai"}]


# Faults


def test_scripted_faults_reach_the_library_as_its_errors(api):
    def send(bot):
        return bot.send_message(CHAT, "x")

    api.fail_next("sendMessage", retry_after=7)
    with pytest.raises(RetryAfter) as too_many:
        run(api, send)
    assert getattr(too_many.value.retry_after, "seconds", too_many.value.retry_after) == 7
    api.fail_next("sendMessage", status=502)
    with pytest.raises(NetworkError, match="Bad Gateway"):
        run(api, send)
    api.reset_next("sendMessage")
    with pytest.raises(NetworkError, match=r"ReadError|RemoteProtocolError"):
        run(api, send)
    api.stall_next("sendMessage", 30)
    with pytest.raises(TimedOut):
        run(api, send, read_timeout=0.2)
    api.blocked_chats.add(CHAT)
    with pytest.raises(Forbidden, match="blocked by the user"):
        run(api, send)
    api.blocked_chats.clear()
    api.missing_chats.add(CHAT)
    with pytest.raises(BadRequest, match="Chat not found"):
        run(api, send)
    assert api.sent == []
    assert [call.status for call in api.calls] == [429, 502, 0, 403, 400]


def test_answer_can_be_lost_after_the_message_was_sent(api):
    api.reset_next("sendMessage", after=True)
    with pytest.raises(NetworkError):
        run(api, lambda bot: bot.send_message(CHAT, "sampai"))
    assert [message["text"] for message in api.messages_to(CHAT)] == ["sampai"]


def test_stopped_server_refuses_and_comes_back_with_its_memory(api):
    api.push_text(CHAT, "sebelum")
    api.stop()
    with pytest.raises(NetworkError):
        run(api, lambda bot: bot.get_updates())
    api.start()
    assert [u.message.text for u in run(api, lambda bot: bot.get_updates())[0]] == ["sebelum"]


# Webhook and control


@contextmanager
def listener(statuses):
    """An address that answers with the given statuses, then with 200; yields (url, requests)."""
    requests = []

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            requests.append((self.headers["X-Telegram-Bot-Api-Secret-Token"], body))
            self.send_response(statuses.pop(0) if statuses else 200)
            self.end_headers()

        def log_message(self, *_args):
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/bot/", requests
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_webhook_gets_each_update_until_it_answers_2xx(api):
    api.webhook_retry_seconds = 0.01
    with listener([500, 403]) as (url, requests):
        run(api, lambda bot: bot.set_webhook(url, secret_token="rahasia-1"))
        with pytest.raises(Conflict):
            run(api, lambda bot: bot.get_updates())
        first, second = api.push_text(CHAT, "satu"), api.push_text(CHAT, "dua")
        api.wait_until(lambda: not api.pending)
        info, _done = run(api, lambda bot: bot.get_webhook_info(), lambda bot: bot.delete_webhook())
    assert [(secret, body["update_id"]) for secret, body in requests] == [
        ("rahasia-1", i) for i in [first] * 3 + [second]
    ]
    assert [status for _id, status in api.webhook_answers] == [500, 403, 200, 200]
    assert info.url == url and "403" in info.last_error_message and info.pending_update_count == 0
    api.push_text(CHAT, "tiga")
    assert len(run(api, lambda bot: bot.get_updates())[0]) == 1


def test_another_process_can_drive_it(api):
    def control(name, **arguments):
        body = json.dumps(arguments).encode() if arguments else None
        with urllib.request.urlopen(f"{api.url}/_control/{name}", body) as response:
            return json.load(response)["result"]

    assert control("push_text", chat_id=CHAT, text="halo") == api.pending[0]["update_id"]
    control("push_photo", chat_id=CHAT, content_base64="/9g=", caption="foto")
    control("fail_next", method="sendMessage", status=502)
    with pytest.raises(NetworkError):
        run(api, lambda bot: bot.send_message(CHAT, "gagal"))
    run(api, lambda bot: bot.send_message(CHAT, "berhasil"))
    assert control("wait", chat_id=CHAT, contains="hasil")["status"] == 200
    assert [call["params"]["text"] for call in control("sent")] == ["berhasil"]
    assert len(control("pending")) == 2
    with pytest.raises(urllib.error.HTTPError) as unknown:
        control("stop", now=True)
    assert unknown.value.code == 400
