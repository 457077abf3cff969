"""The dossier of a ticket: who may have it, what is in it, and that it was given out."""

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import IdentityView
from tests import factories
from tickets import messages, timeline
from tickets.attachments import Upload
from tickets.audit import dossier, seals, verify
from tickets.choices import Visibility
from tickets.errors import Forbidden, NotVisible
from tickets.models import ApprovalRound, ApprovalStep, Task, Ticket, TimelineEntry, Vote


@pytest.fixture
def ticket(cast):
    made = factories.ticket(uploads=(Upload("foto layar.png", "image/png", b"\x89PNG\r\n\x1a\n" + b"x" * 20),))
    messages.post(ticket_id=made.pk, actor=cast.agen, text="Kami periksa.")
    messages.post(ticket_id=made.pk, actor=cast.agen, text="Rahasia dapur.", visibility=Visibility.INTERNAL)
    return Ticket.objects.get(pk=made.pk)


def collected(ticket, user, *, internal=True, reason=""):
    return dossier.collect(ticket, user, internal=internal, at=timezone.now(), variant="x", reason=reason)


def test_an_agent_downloads_it_and_the_history_says_so(client, cast, ticket):
    client.force_login(cast.agen)
    url = reverse("agent:dossier", args=[ticket.number])
    assert url in client.get(reverse("agent:ticket", args=[ticket.number])).content.decode()
    assert client.get(url).status_code == 200 and not TimelineEntry.objects.filter(code=timeline.EXPORTED).exists()
    answer = client.post(url, {"variant": "lengkap"})
    assert answer["Content-Type"] == "application/pdf" and answer.content.startswith(b"%PDF")
    assert f"berkas-{ticket.number}.pdf" in answer["Content-Disposition"]
    entry = TimelineEntry.objects.get(ticket=ticket, code=timeline.EXPORTED)
    assert entry.actor_user == cast.agen and not entry.is_public
    assert timeline.describe(entry) == "Berkas perkara dicetak (lengkap)"
    assert verify.verify(number=ticket.number).broken is None


def test_it_does_not_outdate_what_others_are_writing(cast, ticket):
    dossier.export(ticket_id=ticket.pk, actor=cast.agen)
    messages.post(ticket_id=ticket.pk, actor=cast.koordinator, text="Baik.", expected_version=ticket.version)


def test_a_wrong_variant_is_refused(client, cast, ticket):
    client.force_login(cast.agen)
    assert client.post(reverse("agent:dossier", args=[ticket.number]), {"variant": "semua"}).status_code == 422


@pytest.mark.parametrize("name, status", [("warga", 403), ("orang_luar", 403), ("teknisi", 404), ("penghubung", 404)])
def test_others_do_not_get_it(client, cast, ticket, name, status):
    client.force_login(getattr(cast, name))
    for answer in (
        client.get(reverse("agent:dossier", args=[ticket.number])),
        client.post(reverse("agent:dossier", args=[ticket.number]), {"variant": "lengkap"}),
    ):
        assert answer.status_code == status
    assert not TimelineEntry.objects.filter(code=timeline.EXPORTED).exists()


def test_an_agent_does_not_get_the_internal_dossier_of_what_they_reported(cast):
    own = factories.ticket(requester=cast.agen)
    with pytest.raises(Forbidden):
        dossier.export(ticket_id=own.pk, actor=cast.agen)


@pytest.mark.parametrize("confidentiality", ["secret", "whistleblowing"])
def test_a_restricted_ticket_is_only_for_its_officers(client, cast, confidentiality):
    hidden = factories.ticket(kind="complaint", confidentiality=confidentiality)
    for person in (cast.admin, cast.pimpinan, cast.agen, cast.koordinator):
        client.force_login(person)
        assert client.post(reverse("agent:dossier", args=[hidden.number]), {"variant": "lengkap"}).status_code == 404
        with pytest.raises(NotVisible):
            dossier.export(ticket_id=hidden.pk, actor=person)
    assert dossier.export(ticket_id=hidden.pk, actor=cast.inspektorat).content.startswith(b"%PDF")


def test_the_variant_for_the_requester_holds_nothing_internal(cast, ticket):
    Task.objects.create(ticket=ticket, title="Ganti kabel")
    full, public = collected(ticket, cast.agen), collected(ticket, cast.agen, internal=False)
    assert "Rahasia dapur." in [said.text for said in full.said] and full.tasks
    assert "Rahasia dapur." not in [said.text for said in public.said] and not public.tasks
    assert "Catatan internal" in [event.sentence for event in full.history]
    assert "Catatan internal" not in [event.sentence for event in public.history]


def test_what_is_in_it(cast, ticket):
    seals.seal_due(timezone.now() + timezone.timedelta(days=1))
    found = collected(ticket, cast.agen)
    assert ("Keadaan", ticket.state_label) in found.facts and ("Tim", "Meja Layanan") in found.facts
    (name, size, digest) = found.said[0].files[0]
    assert (name, size, len(digest)) == ("foto layar.png", 28, 64)
    assert [event.digest for event in found.history] == list(
        TimelineEntry.objects.filter(ticket=ticket).order_by("position").values_list("digest", flat=True)
    )
    assert found.last.digest == found.history[-1].digest
    assert found.seal.last_entry_id >= found.last.pk


def test_approvals_are_listed_with_who_decided(cast, ticket):
    round_ = ApprovalRound.objects.create(ticket=ticket, number=1)
    step = ApprovalStep.objects.create(
        round=round_, position=1, name="CAB", quorum="any", needed=1, state="approved", deadline_hours=8
    )
    Vote.objects.create(
        step=step, approver=cast.cab, decision="approve", decided_by=cast.koordinator, comment="Asal malam hari"
    )
    row = collected(ticket, cast.agen).approvals[0]
    assert row[:4] == ("1", "CAB", "Cab (oleh Koordinator)", "Setuju") and row[5] == "Asal malam hari"
    assert collected(ticket, cast.agen, internal=False).approvals[0][5] == ""


def test_identity_is_masked_unless_a_reason_is_given(client, cast, ticket):
    assert "sari@contoh.id" not in str(collected(ticket, cast.agen).requester)
    client.force_login(cast.agen)
    url = reverse("agent:dossier", args=[ticket.number])
    client.post(url, {"variant": "lengkap", "reason": "Diminta penyidik"})
    view = IdentityView.objects.get()
    assert view.viewer == cast.agen and "Diminta penyidik" in view.reason
    assert "sari@contoh.id" in str(collected(ticket, cast.agen, reason="Diminta penyidik").requester)


def test_an_anonymous_reporter_stays_hidden(client, cast):
    made = factories.ticket(kind="complaint", confidentiality="anonymous")
    found = collected(made, cast.agen)
    assert "Sari" not in str(found)
    client.force_login(cast.agen)
    url = reverse("agent:dossier", args=[made.number])
    assert "reason" not in client.get(url).context["form"].fields
    with pytest.raises(Forbidden):
        dossier.export(ticket_id=made.pk, actor=cast.agen, reason="ingin tahu")
    assert not TimelineEntry.objects.filter(code=timeline.EXPORTED).exists()


@pytest.mark.parametrize(
    "text",
    [
        "a" * 30_000,
        "محمد بن عبد الله 你好 🇮🇩 😀👩‍👩‍👧 \ud800".encode("utf-8", "replace").decode(),
        "<b>bukan tag</b> & <para> <img src='x'/> </i>",
        "baris\n" * 3000,
        "\x01\x02\x0b zalgo ḩ̸̛̲̼̬͑͗̅",
        "kata-panjang-sekali-" * 200,
    ],
    ids=["long word", "scripts", "markup", "lines", "control", "hyphens"],
)
def test_no_text_breaks_it(cast, ticket, text):
    from tickets.audit.dossier_pdf import render

    found = collected(ticket, cast.agen)
    found.subject, found.by = text[:250], text[:150]
    found.said.append(dossier.Said(text[:150], text, [(text[:200], 1, "0" * 64)]))
    found.facts.append(("Penyelesaian", text))
    found.facts.append(("Pendek", text[:1900]))
    found.requester.append(("Nama", text[:150]))
    found.approvals.append((text, text))
    assert render(found).startswith(b"%PDF")
