import uuid

import pytest

from accounts.contacts import Identity
from tests import factories
from tests.portal.conftest import PNG, follow
from tickets import messages, tracking
from tickets.attachments import Upload
from tickets.models import Attachment

PDF = b"%PDF-1.4 isi"


def address(attachment):
    return f"/lampiran/{attachment.uuid}/"


@pytest.fixture
def public(cast):
    ticket = factories.ticket(requester=cast.warga, uploads=(Upload("foto.png", "image/png", PNG),))
    return Attachment.objects.get(message__ticket=ticket)


@pytest.fixture
def internal(cast, public):
    note = messages.post(
        ticket_id=public.message.ticket_id, actor=cast.agen, text="Lihat", visibility="internal",
        uploads=(Upload("catatan.pdf", "application/pdf", PDF),),
    )  # fmt: skip
    return note.attachments.get()


def test_files_are_as_visible_as_their_message(cast, client, public, internal):
    readers = {public: {"warga", "agen", "koordinator", "pimpinan", "admin"}, internal: set()}
    readers[internal] = readers[public] - {"warga"}
    for file, allowed in readers.items():
        for name in ("warga", "asn", "agen", "koordinator", "pimpinan", "admin", "orang_luar", "inspektorat"):
            client.force_login(getattr(cast, name))
            expected = 200 if name in allowed else 404
            assert client.get(address(file)).status_code == expected, (file.name, name)
    client.logout()
    assert client.get(address(public)).status_code == 404
    assert client.get(f"/lampiran/{uuid.uuid4()}/").status_code == 404


def test_the_right_to_a_ticket_opens_its_public_files_until_it_ends(client, public, internal):
    ticket = public.message.ticket
    follow(client, ticket)
    assert client.get(address(public)).status_code == 200
    assert client.get(address(internal)).status_code == 404
    session = client.session
    used = session[tracking.GRANT]["used"] - tracking.IDLE.total_seconds() - 1
    session[tracking.GRANT] = session[tracking.GRANT] | {"used": used}
    session.save()
    assert client.get(address(public)).status_code == 404
    follow(client, ticket)
    client.post("/lacak/keluar/")
    assert client.get(address(public)).status_code == 404


def test_the_right_to_another_ticket_opens_nothing(cast, client, public):
    follow(client, factories.ticket(sender=Identity(email="budi@contoh.id")))
    assert client.get(address(public)).status_code == 404


def test_restricted_files_are_for_their_officers(cast, client):
    ticket = factories.ticket(
        "complaint", confidentiality="whistleblowing", sender=Identity(), uploads=(Upload("bukti.png", "", PNG),)
    )
    file = Attachment.objects.get(message__ticket=ticket)
    for name, status in (("admin", 404), ("agen", 404), ("pimpinan", 404), ("inspektorat", 200)):
        client.force_login(getattr(cast, name))
        assert client.get(address(file)).status_code == status, name


def test_pictures_are_shown_and_other_files_downloaded_safely(cast, client):
    uploads = (Upload("foto ☀.png", "image/png", PNG), Upload("surat “a”.pdf", "text/html", PDF))
    ticket = factories.ticket(requester=cast.warga, uploads=uploads)
    client.force_login(cast.warga)
    shown, downloaded = (client.get(address(a)) for a in Attachment.objects.filter(message__ticket=ticket))
    assert b"".join(shown.streaming_content) == PNG
    assert shown["Content-Disposition"] == "inline; filename*=utf-8''foto%20%E2%98%80.png"
    assert downloaded["Content-Disposition"].startswith("attachment; filename*=utf-8''surat%20")
    assert downloaded["Content-Type"] == "application/pdf"
    for response in (shown, downloaded):
        assert response["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in response["Content-Security-Policy"]
        assert response["Cache-Control"] == "private, no-store"
    assert client.post(address(Attachment.objects.first())).status_code == 405


def test_a_missing_file_is_not_found(cast, client, public):
    public.file.storage.delete(public.file.name)
    client.force_login(cast.warga)
    assert client.get(address(public)).status_code == 404
