"""Linking an account and a group, on the web and in the chat."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts import contacts
from accounts.contacts import Identity
from accounts.models import Contact, ContactPoint
from channels_bot.models import TelegramChat, TelegramCode, TelegramGroup
from channels_bot.telegram import linking
from tests import factories
from tests.telegram.conftest import AGEN, BUDI, GROUP, SARI, link, press, report, said, say, work
from tickets import access, messages
from tickets.errors import Forbidden, WrongState
from tickets.models import Ticket


def code_on(client, path="/akun/telegram/", data=None):
    page = client.post(path, data or {"action": "code"}, follow=True).content.decode()
    return re.search(r"<dd>([A-Z0-9]{10})</dd>", page)[1]


def test_an_account_is_linked_by_a_code_from_its_page(cast, bot, client):
    ticket = report(bot)
    client.force_login(cast.warga)
    code = code_on(client)
    assert code not in client.get("/akun/telegram/").content.decode()  # shown once
    say(bot, f"/hubungkan {code}")
    assert "akun Warga" in said(bot)[-1]
    press(bot, "Ya, itu akun saya")
    assert "Terhubung dengan akun Warga" in said(bot)[-1]
    assert linking.account_of(SARI) == cast.warga
    assert access.visible_to(cast.warga).get() == ticket  # what was reported before belongs to the account
    assert "Terhubung" in client.get("/akun/telegram/").content.decode()
    work()
    assert not any(code in str(message) for message in bot.world.messages.values())
    press(bot, "Ya, itu akun saya")
    assert "sudah dipakai" in said(bot)[-1]


def test_a_link_may_come_with_the_first_message(cast, bot):
    code = linking.issue(user=cast.teknisi)
    say(bot, f"/start {code.lower()}")
    press(bot, "Bukan")
    assert linking.account_of(SARI) is None and TelegramCode.objects.exists()
    press(bot, "Ya, itu akun saya")
    assert linking.account_of(SARI) == cast.teknisi


def test_a_code_runs_out(cast, bot):
    code = linking.issue(user=cast.teknisi)
    say(bot, f"/hubungkan {code}")
    TelegramCode.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    press(bot, "Ya, itu akun saya")
    assert "kedaluwarsa" in said(bot)[-1]
    say(bot, f"/hubungkan {code}")
    assert "kedaluwarsa" in said(bot)[-1] and linking.account_of(SARI) is None


def test_a_new_code_ends_the_old_one(cast):
    old = linking.issue(user=cast.teknisi)
    linking.issue(user=cast.teknisi)
    assert linking.find(old, sender=SARI, for_team=False) is None and TelegramCode.objects.count() == 1


def test_a_chat_of_another_account_is_not_taken(cast, bot):
    link(cast.agen, SARI)
    say(bot, f"/hubungkan {linking.issue(user=cast.teknisi)}")
    press(bot, "Ya, itu akun saya")
    assert "akun lain" in said(bot)[-1] and linking.account_of(SARI) == cast.agen


def test_an_account_has_one_chat(cast, bot):
    for chat in (SARI, BUDI):
        say(bot, f"/hubungkan {linking.issue(user=cast.warga)}", chat)
        press(bot, "Ya, itu akun saya", chat)
    assert (linking.account_of(SARI), linking.account_of(BUDI)) == (None, cast.warga)
    assert TelegramChat.objects.get(chat_id=SARI).contact.user is None


def test_unlinking_keeps_the_tickets_and_answers_go_by_mail(cast, bot, client):
    link(cast.warga, SARI)
    ticket = report(bot)
    client.force_login(cast.warga)
    client.post("/akun/telegram/", {"action": "unlink"})
    ticket.refresh_from_db()
    assert ticket.requester.user == cast.warga
    say(bot, "/tiket")
    assert "belum punya tiket" in said(bot)[-1]
    messages.post(ticket_id=ticket.pk, actor=cast.agen, text="Kami periksa")
    work()
    assert not any("Kami periksa" in text for text in said(bot))
    assert contacts.email_of(ticket.requester) == cast.warga.email


def test_unlinking_nothing_is_no_error(cast, client):
    client.force_login(cast.warga)
    assert client.post("/akun/telegram/", {"action": "unlink"}).status_code == 302


def test_the_pages_say_when_the_channel_is_off(cast, client):
    client.force_login(cast.koordinator)
    assert "belum dinyalakan" in client.get("/akun/telegram/").content.decode()
    assert "belum dinyalakan" in client.get("/kerja/telegram/").content.decode()


# Groups


def test_a_coordinator_links_a_group_and_keeps_it(cast, bot, client):
    link(cast.koordinator, AGEN)
    client.force_login(cast.koordinator)
    code = code_on(client, "/kerja/telegram/", {"team": "jaringan"})
    say(bot, f"/hubungkan@layanan_uji_bot {code}", GROUP, from_id=AGEN, chat_type="supergroup")
    group = TelegramGroup.objects.get()
    assert (group.team, group.chat_id, group.linked_by) == (cast.network, GROUP, cast.koordinator)
    assert "Tim Layanan" in client.get("/kerja/telegram/").content.decode()
    client.post(f"/kerja/telegram/{group.pk}/", {"subject": "1"})
    group.refresh_from_db()
    assert group.shows_subject
    client.post(f"/kerja/telegram/{group.pk}/", {"action": "unlink"})
    assert not TelegramGroup.objects.exists()


@pytest.mark.parametrize("who", ["agen", "teknisi", "pimpinan", "warga", "inspektorat"])
def test_nobody_else_keeps_groups(cast, client, who):
    group = TelegramGroup.objects.create(chat_id=GROUP, team=cast.network)
    person = getattr(cast, who)
    client.force_login(person)
    assert client.get("/kerja/telegram/").status_code == 403
    assert client.post("/kerja/telegram/", {"team": "jaringan"}).status_code == 403
    assert client.post(f"/kerja/telegram/{group.pk}/", {"action": "unlink"}).status_code == 403
    for act in (
        lambda: linking.issue(user=person, team=cast.network),
        lambda: linking.unlink_group(group=group, actor=person),
        lambda: linking.set_shows_subject(group=group, actor=person, shows=True),
    ):
        with pytest.raises(Forbidden):
            act()
    group.refresh_from_db()
    assert not group.shows_subject


def test_a_coordinator_keeps_the_groups_of_their_own_teams_only(cast, client):
    other = factories.team("lain")
    group = TelegramGroup.objects.create(chat_id=GROUP, team=other)
    client.force_login(cast.koordinator)
    assert "Lain" not in client.get("/kerja/telegram/").content.decode().split("row-list")[1]
    assert client.post("/kerja/telegram/", {"team": "lain"}).status_code == 404
    assert client.post(f"/kerja/telegram/{group.pk}/", {"action": "unlink"}).status_code == 404
    assert client.post("/kerja/telegram/99999999999999999999/").status_code == 404


def test_a_confidential_team_gets_no_code(cast, client):
    client.force_login(cast.admin)
    assert client.post("/kerja/telegram/", {"team": "inspektorat"}).status_code == 404
    with pytest.raises(Forbidden):
        linking.issue(user=cast.admin, team=cast.confidential_team)


def test_a_coordinator_who_lost_the_team_links_nothing(cast, bot):
    link(cast.koordinator, AGEN)
    code = linking.issue(user=cast.koordinator, team=cast.network)
    cast.koordinator.team_memberships.all().delete()
    with pytest.raises(Forbidden):
        linking.link_group(chat_id=GROUP, title="x", sender=AGEN, code=code)
    assert not TelegramGroup.objects.exists()


def test_merging_keeps_what_both_records_had(cast, bot):
    ticket = report(bot)
    linking_contact = contacts.resolve(Identity(user=cast.warga))
    code = linking.issue(user=cast.warga)
    found = linking.find(code, sender=SARI, for_team=False)
    linking.link_chat(chat_id=SARI, code_id=found.pk)
    assert Contact.objects.filter(pk=linking_contact.pk).exists()
    assert Ticket.objects.get(pk=ticket.pk).requester == linking_contact
    assert ContactPoint.objects.get(kind="telegram").is_verified
    with pytest.raises(WrongState):
        linking.link_chat(chat_id=SARI, code_id=found.pk)
