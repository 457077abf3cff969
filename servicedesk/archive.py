"""Backup and restore of everything the desk knows: database and private files in one archive."""

import io
import json
import tarfile
import tempfile
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core import serializers
from django.core.management.color import no_style
from django.core.serializers.json import DjangoJSONEncoder
from django.db import IntegrityError, connection, transaction
from django.db.migrations.recorder import MigrationRecorder

FORMAT = 1
EXCLUDED = ["contenttypes", "auth.permission", "sessions", "core.lease", "core.heartbeat", "admin.logentry"]


class ArchiveError(Exception):
    """The archive cannot be read or does not fit; the message says why."""


def backup(path: Path) -> dict[str, Any]:
    """Write a .tar.gz with a manifest, all rows as JSON lines, and the private files. Returns the manifest."""
    manifest = {
        "format": FORMAT,
        "made_at": datetime.now(UTC).isoformat(),
        "migrations": _applied(),
        "files": 0,
    }
    partial = path.with_name(path.name + ".sebagian")
    with tempfile.TemporaryDirectory() as folder:
        rows = Path(folder) / "rows.jsonl"
        # One transaction, so that the rows belong together even while the desk is in use.
        with transaction.atomic():
            if connection.vendor == "postgresql":
                with connection.cursor() as cursor:
                    cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            _dump(rows)
        with tarfile.open(partial, "w:gz") as archive:
            archive.add(rows, "rows.jsonl")
            manifest["files"] = _add_files(archive)
            _add_text(archive, "manifest.json", json.dumps(manifest))
    partial.replace(path)
    return manifest


class _ExactEncoder(DjangoJSONEncoder):
    """Django's encoder cuts instants to milliseconds, which would break the hash chain of the timeline."""

    def default(self, o: Any) -> Any:
        return o.isoformat() if isinstance(o, datetime) else super().default(o)


def _dump(target: Path) -> None:
    models = [model for model in apps.get_models() if model._meta.managed and not model._meta.proxy]
    kept = [m for m in models if m._meta.label_lower not in EXCLUDED and m._meta.app_label not in EXCLUDED]
    with target.open("w", encoding="utf-8") as stream:
        for model in kept:
            rows = model._base_manager.order_by("pk").iterator(chunk_size=2000)
            serializers.serialize("jsonl", rows, stream=stream, cls=_ExactEncoder)


def restore(path: Path) -> dict[str, Any]:
    """Put an archive into an empty, migrated database. Raises ArchiveError before anything is changed if it cannot."""
    try:
        archive = tarfile.open(path, "r:gz")  # noqa: SIM115
    except (OSError, tarfile.TarError) as error:
        raise ArchiveError(f"{path} bukan arsip yang dapat dibaca: {error}") from error
    with closing(archive):
        manifest = _manifest(archive)
        _refuse_unfit(manifest)
        with tempfile.TemporaryDirectory() as folder:
            archive.extractall(folder, filter="data")
            with transaction.atomic():
                _load(Path(folder) / "rows.jsonl")
            _put_files(Path(folder) / "media")
    return manifest


def _manifest(archive: tarfile.TarFile) -> dict[str, Any]:
    try:
        member = archive.extractfile("manifest.json")
        manifest = json.load(member) if member else {}
    except (KeyError, ValueError, tarfile.TarError, EOFError) as error:
        raise ArchiveError(f"Arsip tidak lengkap: {error}") from error
    if manifest.get("format") != FORMAT:
        raise ArchiveError("Arsip ini dibuat oleh versi lain yang tidak dikenal.")
    return manifest


def _refuse_unfit(manifest: dict[str, Any]) -> None:
    from tickets.models import Ticket

    if manifest["migrations"] != _applied():
        raise ArchiveError("Susunan basis data arsip berbeda. Pasang versi yang sama, jalankan migrate, lalu ulangi.")
    if Ticket.objects.exists():
        raise ArchiveError("Basis data ini sudah berisi tiket. Pulihkan ke basis data kosong.")


def _load(rows: Path) -> None:
    """Insert the archived rows; constraints are checked once, at the end."""
    try:
        with connection.constraint_checks_disabled(), rows.open(encoding="utf-8") as stream:
            for item in serializers.deserialize("jsonl", stream):
                item.save()
        connection.check_constraints()
    except IntegrityError as error:
        raise ArchiveError(f"Basis data tidak kosong: {error}. Pulihkan ke basis data yang baru di-migrate.") from error
    _reset_sequences()


def _reset_sequences() -> None:
    statements = connection.ops.sequence_reset_sql(no_style(), list(apps.get_models(include_auto_created=True)))
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def _applied() -> list[str]:
    return sorted(f"{app}.{name}" for app, name in MigrationRecorder(connection).applied_migrations())


def _add_files(archive: tarfile.TarFile) -> int:
    root = Path(settings.MEDIA_ROOT)
    files = [path for path in root.rglob("*") if path.is_file()] if root.exists() else []
    for file in files:
        archive.add(file, f"media/{file.relative_to(root)}")
    return len(files)


def _put_files(folder: Path) -> None:
    root = Path(settings.MEDIA_ROOT)
    for file in folder.rglob("*") if folder.exists() else []:
        if file.is_file():
            target = root / file.relative_to(folder)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(file.read_bytes())


def _add_text(archive: tarfile.TarFile, name: str, text: str) -> None:
    info = tarfile.TarInfo(name)
    info.size = len(text.encode())
    archive.addfile(info, io.BytesIO(text.encode()))
