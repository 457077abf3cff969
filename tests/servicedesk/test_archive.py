import pytest
from django.core.management import CommandError, call_command

from tests import factories
from tests.conftest import flush
from tickets import timeline
from tickets.attachments import Upload
from tickets.models import Attachment, Ticket
from tickets.workflow import perform

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 50


@pytest.mark.django_db(transaction=True)
def test_a_backup_restores_every_word_and_file(tmp_path, settings):
    cast = factories.cast()
    ticket = factories.ticket(requester=cast.warga, uploads=(Upload("foto.png", "image/png", PNG),))
    perform(ticket.pk, "start", cast.agen)
    file = tmp_path / "cadangan.tar.gz"
    call_command("backup", str(file))
    with pytest.raises(CommandError, match="sudah berisi tiket"):
        call_command("restore", str(file))
    flush()
    settings.MEDIA_ROOT = tmp_path / "media"
    call_command("restore", str(file))
    restored = Ticket.objects.get()
    assert (restored.number, restored.state) == (ticket.number, "in_progress")
    assert timeline.first_broken(restored.pk) is None
    name = Attachment.objects.get().file.name
    assert (tmp_path / "media" / name).read_bytes() == PNG
    assert factories.ticket().number.endswith("-000002")


@pytest.mark.django_db
def test_a_broken_archive_is_refused(tmp_path):
    broken = tmp_path / "rusak.tar.gz"
    broken.write_bytes(b"bukan arsip")
    with pytest.raises(CommandError, match="bukan arsip"):
        call_command("restore", str(broken))
