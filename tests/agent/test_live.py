"""The websockets, over the in-memory channel layer."""

from contextlib import asynccontextmanager
from functools import wraps

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from channels.layers import get_channel_layer
from channels.routing import URLRouter
from channels.testing import WebsocketCommunicator
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import connection

from accounts.models import TeamMembership
from notify.push import QUEUE, ticket_group
from tests import factories
from tickets import consumers, messages, workflow
from tickets.routing import websocket_urlpatterns

pytestmark = pytest.mark.skipif(
    bool(settings.REDIS_URL) or connection.vendor != "sqlite",
    reason="looks into the in-memory channel layer; with servers the live screens are tested in tests/e2e",
)
DESK = "/ws/kerja/"


def live(test):
    """Run an async test in the thread of the test's own transaction."""

    @wraps(test)
    def run(*args, **kwargs):
        return async_to_sync(test)(*args, **kwargs)

    return run


def socket(path, user):
    made = WebsocketCommunicator(URLRouter(websocket_urlpatterns), path)
    made.scope["user"] = user
    return made


@asynccontextmanager
async def opened(path, user):
    made = socket(path, user)
    connected, _ = await made.connect()
    assert connected
    try:
        yield made
    finally:
        await made.disconnect()


async def close_code(path, user):
    connected, code = await socket(path, user).connect()
    assert not connected
    return code


async def ping(group, event):
    await get_channel_layer().group_send(group, {"type": "push", "event": event})


def path_of(ticket):
    return f"/ws/tiket/{ticket.number}/"


def presence(typing=(), viewers=()):
    return {"type": "presence", "people": list(typing), "viewers": list(viewers)}


@live
async def test_the_queue_hears_of_changes(cast):
    async with opened(DESK, cast.agen) as desk:
        await ping(QUEUE, {"type": "queue"})
        assert await desk.receive_json_from() == {"type": "queue"}


@live
async def test_the_queue_is_for_the_workspace(cast):
    for user in (AnonymousUser(), cast.warga, cast.asn, cast.orang_luar):
        assert await close_code(DESK, user) == 4404


@live
async def test_whoever_loses_their_role_is_disconnected_from_the_queue(cast):
    async with opened(DESK, cast.agen) as desk:
        await sync_to_async(cast.agen.groups.clear)()
        await ping(QUEUE, {"type": "queue"})
        assert await desk.receive_output() == {"type": "websocket.close", "code": 4404}


@live
async def test_a_ticket_is_for_those_who_see_it(cast):
    ticket = await sync_to_async(factories.ticket)()
    restricted = await sync_to_async(factories.ticket)(confidentiality="whistleblowing")
    for user in (AnonymousUser(), cast.warga, cast.asn, cast.teknisi, cast.orang_luar):
        assert await close_code(path_of(ticket), user) == 4404
    for user in (cast.agen, cast.admin, cast.koordinator):
        assert await close_code(path_of(restricted), user) == 4404
    assert await close_code("/ws/tiket/GGN-2026-999999/", cast.agen) == 4404
    async with opened(path_of(restricted), cast.inspektorat):
        pass


@live
async def test_the_requester_without_a_role_gets_no_socket(cast):
    ticket = await sync_to_async(factories.ticket)(requester=cast.warga)
    assert await close_code(path_of(ticket), cast.warga) == 4404


@live
async def test_an_open_ticket_hears_of_its_changes(cast):
    ticket = await sync_to_async(factories.ticket)()
    async with opened(path_of(ticket), cast.agen) as screen:
        await ping(ticket_group(ticket.pk), {"type": "ticket", "id": ticket.pk})
        assert await screen.receive_json_from() == {"type": "ticket", "id": ticket.pk}


@live
async def test_whoever_loses_sight_is_disconnected_instead_of_told(cast):
    ticket = await sync_to_async(factories.ticket)(team=cast.network)
    async with opened(path_of(ticket), cast.teknisi) as screen:
        await sync_to_async(TeamMembership.objects.filter(user=cast.teknisi).delete)()
        await ping(ticket_group(ticket.pk), {"type": "ticket", "id": ticket.pk})
        assert await screen.receive_output() == {"type": "websocket.close", "code": 4404}


@live
async def test_two_agents_see_each_other_come_and_go(cast):
    ticket = await sync_to_async(factories.ticket)()
    async with opened(path_of(ticket), cast.agen) as agen:
        async with opened(path_of(ticket), cast.koordinator) as koordinator:
            assert await agen.receive_json_from() == presence(viewers=["Koordinator"])
            assert await koordinator.receive_json_from() == presence(viewers=["Agen"])
        assert await agen.receive_json_from() == presence()


@live
async def test_typing_is_told_and_ends(cast):
    ticket = await sync_to_async(factories.ticket)()
    async with opened(path_of(ticket), cast.agen) as agen, opened(path_of(ticket), cast.koordinator) as koordinator:
        await agen.receive_json_from()
        await koordinator.receive_json_from()
        await koordinator.send_json_to({"type": "typing"})
        assert await agen.receive_json_from() == presence(typing=["Koordinator"])
        await koordinator.send_json_to({"type": "idle"})
        assert await agen.receive_json_from() == presence(viewers=["Koordinator"])


@live
async def test_whoever_stops_typing_falls_silent_by_themselves(cast, monkeypatch):
    monkeypatch.setattr(consumers, "TYPING_LIFETIME", 0.05)
    ticket = await sync_to_async(factories.ticket)()
    async with opened(path_of(ticket), cast.agen) as agen, opened(path_of(ticket), cast.koordinator) as koordinator:
        await agen.receive_json_from()
        await koordinator.send_json_to({"type": "typing"})
        assert await agen.receive_json_from() == presence(typing=["Koordinator"])
        assert await agen.receive_json_from() == presence(viewers=["Koordinator"])


@live
async def test_ones_own_other_window_is_not_somebody_else(cast):
    ticket = await sync_to_async(factories.ticket)()
    async with opened(path_of(ticket), cast.agen) as first, opened(path_of(ticket), cast.agen):
        assert await first.receive_json_from() == presence()


@live
async def test_a_window_that_died_is_forgotten(cast, monkeypatch):
    ticket = await sync_to_async(factories.ticket)()
    async with opened(path_of(ticket), cast.agen) as agen:
        died = {"word": "hello", "sender": "specific.dead!x", "user": cast.koordinator.pk, "name": "K", "typing": False}
        await get_channel_layer().group_send(ticket_group(ticket.pk), {"type": "presence", **died})
        assert await agen.receive_json_from() == presence(viewers=["K"])
        monkeypatch.setattr(consumers, "PEER_LIFETIME", -1.0)
        await agen.send_json_to({"type": "ping"})
        assert await agen.receive_json_from() == presence()


@live
async def test_other_words_from_the_browser_do_nothing(cast):
    ticket = await sync_to_async(factories.ticket)()
    async with opened(path_of(ticket), cast.agen) as agen, opened(path_of(ticket), cast.koordinator) as koordinator:
        await agen.receive_json_from()
        await koordinator.receive_json_from()
        for words in ("{", "[]", "null", '"x"', '{"type": "push"}', '{"type": ["typing"]}', '{"type": "presence"}'):
            await koordinator.send_to(text_data=words)
        await koordinator.send_to(bytes_data=b"\x00")
        assert await agen.receive_nothing(0.05)
        await koordinator.send_json_to({"type": "typing"})
        assert await agen.receive_json_from() == presence(typing=["Koordinator"])


@live
async def test_a_foreign_origin_is_refused():
    from servicedesk.asgi import application

    origin = [(b"origin", b"https://jahat.example"), (b"host", b"127.0.0.1")]
    connected, _ = await WebsocketCommunicator(application, DESK, headers=origin).connect()
    assert not connected


def heard(django_capture_on_commit_callbacks, act, group):
    """The events that `act` sends to the group once it has committed."""
    layer = get_channel_layer()

    async def listen():
        name = await layer.new_channel()
        await layer.group_add(group, name)
        await sync_to_async(commit)()
        events = []
        while layer.channels.get(name) and not layer.channels[name].empty():
            events.append((await layer.receive(name))["event"])
        await layer.group_discard(group, name)
        return events

    def commit():
        with django_capture_on_commit_callbacks(execute=True):
            act()

    return async_to_sync(listen)()


def test_a_new_ticket_reaches_the_queue_and_a_secret_one_does_not(cast, django_capture_on_commit_callbacks):
    def events(act):
        return heard(django_capture_on_commit_callbacks, act, QUEUE)

    assert {"type": "queue"} in events(factories.ticket)
    assert events(lambda: factories.ticket(confidentiality="secret")) == []


def test_replies_and_steps_reach_the_open_ticket(cast, django_capture_on_commit_callbacks):
    ticket = factories.ticket()
    for act in (
        lambda: messages.post(ticket_id=ticket.pk, actor=cast.agen, text="Halo"),
        lambda: workflow.perform(ticket.pk, "start", cast.agen),
    ):
        events = heard(django_capture_on_commit_callbacks, act, ticket_group(ticket.pk))
        assert events == [{"type": "ticket", "id": ticket.pk}]
