"""The words of notices are data: checked before they are kept, in versions, filled in and never executed."""

import pytest
from django.core import mail
from django.core.exceptions import ValidationError
from django.urls import reverse

from accounts.contacts import Identity
from notify import outbox, wording
from notify.events import event_of, registry
from notify.models import Delivery, Wording
from notify.wording import Words
from tests import factories

GOOD = Words("[{{ number }}] Laporan diterima", "Nomor {{ number }}, kode {{ code }}, lihat {{ url }}")


@pytest.mark.parametrize("code", list(registry()))
def test_the_words_of_the_product_pass_their_own_check(code):
    event = event_of(code)
    wording.check(event, Words(str(event.subject), str(event.text)))
    shown = wording.example(event, Words(str(event.subject), str(event.text)))
    assert "{{" not in shown.text + shown.subject and set(event.variables) == set(event.examples) & set(event.variables)


@pytest.mark.parametrize(
    ("subject", "text", "field"),
    [
        ("[{{ number }}]", "Kode {{ kode }} {{ number }} {{ code }} {{ url }}", "text"),
        ("[{{ number }}]", "{{ number }} {{ url }}", "text"),
        ("[{{ number }}]", "{{ number }} {{ code }} {{ url }} {{ rusak", "text"),
        ("[{{ number }}]", "{{ number }} {{ code }} {{ url }} {% load x %}", "text"),
        ("[{{ number }}]", " ", "text"),
        ("[{{ number }}]", GOOD.text + "x" * 5001, "text"),
        ("Tanpa nomor", GOOD.text, "subject"),
        ("[{{ number }}] {{ code }}", GOOD.text, "subject"),
        ("[{{ number }}]\nBcc: a@b.id", GOOD.text, "subject"),
        ("", GOOD.text, "subject"),
    ],
)
def test_broken_words_cannot_be_kept(cast, client, subject, text, field):
    with pytest.raises(ValidationError) as refused:
        wording.save(event=event_of("receipt"), words=Words(subject, text), actor=cast.admin)
    assert field in refused.value.message_dict
    client.force_login(cast.admin)
    where = reverse("channels:wording_edit", args=["receipt"])
    for button in ({}, {"preview": "1"}, {"test": "1"}):
        if "\n" not in subject:  # a form joins lines of a subject
            assert client.post(where, {"subject": subject, "text": text, **button}).status_code == 422
    assert not Wording.objects.exists() and not Delivery.objects.exists()


def test_an_edit_is_a_version_that_counts_from_now_on(cast):
    wording.save(event=event_of("receipt"), words=GOOD, actor=cast.admin)
    wording.save(event=event_of("receipt"), words=GOOD, actor=cast.admin)
    assert Wording.objects.count() == 1, "the same again is no version"
    ticket = factories.ticket(channel="email", sender=Identity(email="sari@contoh.id"))
    told = Delivery.objects.get(event="receipt")
    assert told.subject == f"[{ticket.number}] Laporan diterima" and ticket.access_code in told.text
    wording.restore_default(event=event_of("receipt"), actor=cast.admin)
    factories.ticket(channel="email", sender=Identity(email="budi@contoh.id"))
    assert "Terima kasih" in Delivery.objects.get(recipient="budi@contoh.id", event="receipt").text
    again = wording.reuse(event=event_of("receipt"), number=1, actor=cast.admin)
    assert again.number == 3 and again.text == GOOD.text
    assert wording.reuse(event=event_of("receipt"), number=9, actor=cast.admin) is None


def test_the_page_shows_tries_and_keeps(cast, client):
    client.force_login(cast.admin)
    where = reverse("channels:wording_edit", args=["receipt"])
    data = {"subject": GOOD.subject, "text": GOOD.text}
    assert "K7M2Q9X4TB" in client.post(where, data | {"preview": "1"}).content.decode()
    assert not Wording.objects.exists()
    client.post(where, data | {"test": "1"})
    outbox.send_due()
    (sample,) = mail.outbox
    assert sample.to == [cast.admin.email] and "K7M2Q9X4TB" in sample.body and not Wording.objects.exists()
    assert client.post(where, data).status_code == 302 and Wording.objects.get().made_by == cast.admin
    assert client.post(reverse("channels:wording_use", args=["receipt"])).status_code == 302
    assert Wording.objects.order_by("-number").first().is_default
    assert client.get(reverse("channels:wordings")).status_code == 200
    assert client.get(reverse("channels:wording_edit", args=["tidak-ada"])).status_code == 404


def test_the_list_costs_the_same_with_many_versions(cast, client, django_assert_max_num_queries):
    client.force_login(cast.admin)
    client.get(reverse("channels:wordings"))
    for number in range(1, 31):
        Wording.objects.create(event="receipt", number=number, subject="x", text=f"{number}")
    with django_assert_max_num_queries(12):
        assert client.get(reverse("channels:wordings")).status_code == 200
