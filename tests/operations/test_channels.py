"""People who speak by Telegram on a ticket that was merged."""

from accounts.models import Contact
from notify.models import Delivery
from tests import factories
from tests.telegram.conftest import BUDI, SARI, bot, report, said, work  # noqa: F401
from tickets import messages
from tickets.models import Ticket
from tickets.workflow import perform


def test_a_chat_goes_on_under_the_number_its_person_knows(cast, bot):  # noqa: F811
    source = report(bot, "Wifi desa mati")
    target = report(bot, "Rumah saya di Way Lima gelap", chat=BUDI)
    perform(source.pk, "merge", cast.agen, target=target.number)
    messages.post(ticket_id=target.pk, actor=cast.agen, text="Teknisi berangkat.")
    work()
    assert "Teknisi berangkat." in said(bot)[-1]
    bot.push_text(SARI, "Baik, saya tunggu")
    work()
    assert said(bot)[-1] == f"Diterima untuk tiket {source.number}. Untuk hal lain, ketik /baru."
    bot.push_text(SARI, "/status")
    work()
    assert source.number in said(bot)[-1] and "Digabung" not in said(bot)[-1]
    bot.push_text(SARI, "/tiket")
    work()
    assert target.messages.get(text="Baik, saya tunggu").origin_id == source.pk and Ticket.objects.count() == 2
    everything = " ".join(said(bot)) + str(bot.messages_to(SARI))
    assert target.number not in everything and "Way Lima" not in everything
    assert "Baik, saya tunggu" not in str(bot.messages_to(BUDI)) and source.number not in str(bot.messages_to(BUDI))
    assert Contact.objects.count() >= 2 and Delivery.objects.exists() and factories.PASSWORD
