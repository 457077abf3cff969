"""What callers send: shapes and codes are checked here, the services decide the rest."""

import base64
import binascii
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from accounts.models import Office
from accounts.normalize import phone_key
from catalog.models import Service
from servicedesk.api.serializers import LEVELS
from tickets import threading
from tickets.attachments import Upload, problem_with
from tickets.changes import templates
from tickets.choices import ChangeType, Confidentiality, Kind, Level, Visibility
from tickets.kinds import machines
from tickets.models import ChangeTemplate

TEXT_LENGTH = 20_000
SUBJECT_LENGTH = 120
LISTED = (Service.Status.ACTIVE, Service.Status.MAINTENANCE)
# A plus sign that nobody escaped arrives as a space.
UNESCAPED_OFFSET = re.compile(r"(T[\d:.]+) (\d\d:?\d\d)$")
STATES = sorted({state for machine in machines().values() for state in machine.STATES})

ERRORS = {
    "required": gettext_lazy("Wajib diisi."),
    "null": gettext_lazy("Tidak boleh null."),
    "blank": gettext_lazy("Tidak boleh kosong."),
    "invalid": gettext_lazy("Nilai tidak sah."),
    "does_not_exist": gettext_lazy("Tidak ada yang berkode “{value}”."),
    "invalid_choice": gettext_lazy("“{input}” bukan pilihan yang dikenal."),
    "max_length": gettext_lazy("Paling banyak {max_length} karakter."),
}


def _of(*names: str) -> dict[str, Any]:
    return {name: ERRORS[name] for name in names}


def choice_field(choices: Any, **kw: Any) -> serializers.ChoiceField:
    return serializers.ChoiceField(choices, error_messages=_of("required", "null", "invalid_choice"), **kw)


def text_field(length: int, **kw: Any) -> serializers.CharField:
    errors = _of("required", "null", "blank", "invalid", "max_length")
    return serializers.CharField(max_length=length, error_messages=errors, **kw)


def code_field(queryset: Any, **kw: Any) -> serializers.SlugRelatedField[Any]:
    errors = _of("required", "null", "does_not_exist", "invalid")
    return serializers.SlugRelatedField(slug_field="code", queryset=queryset, error_messages=errors, **kw)


class Strict(serializers.Serializer[Any]):
    """A shape that refuses what it does not know: a misspelt name must not pass unnoticed."""

    default_error_messages = {"invalid": gettext_lazy("Isi permintaan harus berupa objek JSON.")}

    def to_internal_value(self, data: Any) -> Any:
        """The checked values. Raises ValidationError."""
        unknown = set(data) - set(self.fields) if isinstance(data, dict) else set()
        if unknown:
            raise ValidationError({name: [_("Tidak dikenal.")] for name in sorted(unknown)})
        return super().to_internal_value(data)


class ReporterInput(Strict):
    """The person on whose behalf a member of staff reports."""

    name = text_field(150)
    email = serializers.EmailField(
        required=False, max_length=254, error_messages={"invalid": gettext_lazy("Alamat email tidak sah.")}
    )
    phone = text_field(30, required=False)

    def validate_phone(self, value: str) -> str:
        if not phone_key(value):
            raise ValidationError(_("Nomor telepon tidak dikenali. Contoh: 0812-3456-7890."))
        return value


class TicketInput(Strict):
    """A new ticket. The caller is the requester, unless staff names one."""

    kind = choice_field(Kind.choices)
    subject = text_field(SUBJECT_LENGTH)
    description = text_field(TEXT_LENGTH)
    service = code_field(Service.objects.filter(status__in=LISTED), required=False, allow_null=True)
    office = code_field(
        Office.objects.filter(is_active=True).exclude(kind=Office.Kind.LOCATION), required=False, allow_null=True
    )
    impact = choice_field(LEVELS, required=False)
    urgency = choice_field(LEVELS, required=False)
    confidentiality = choice_field(Confidentiality.choices, default=Confidentiality.NORMAL)
    change_type = choice_field(ChangeType.choices, required=False, help_text="Changes only; `normal` unless told.")
    change_template = code_field(
        ChangeTemplate.objects.filter(is_active=True),
        required=False,
        allow_null=True,
        help_text="Changes of type `standard` only, which need one.",
    )
    requester = ReporterInput(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Type and template of a change belong together. Raises ValidationError."""
        kind, change_type = attrs["kind"], attrs.get("change_type", "")
        if kind != Kind.CHANGE and change_type:
            raise ValidationError({"change_type": [_("Hanya untuk perubahan.")]})
        reason = templates.problem_with(kind, change_type, attrs.get("change_template"))
        if reason:
            raise ValidationError({"change_template": [reason]})
        return attrs

    def validate_impact(self, value: str) -> int:
        return int(Level.from_code(value))

    def validate_urgency(self, value: str) -> int:
        return int(Level.from_code(value))

    def validate_subject(self, value: str) -> str:
        """The intake would join a tagged subject to that ticket; here a message on it is the way to do so."""
        if threading.TAG.search(value):
            raise ValidationError(
                _("Perihal menyebut nomor tiket dalam kurung siku. Kirim sebagai pesan pada tiket itu.")
            )
        return value


class FileInput(Strict):
    """A file inside JSON."""

    name = text_field(200)
    content_type = text_field(150, required=False, default="", allow_blank=True)
    content = serializers.CharField(help_text="base64", error_messages=_of("required", "null", "blank", "invalid"))

    def validate_content(self, value: str) -> bytes:
        try:
            return base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError) as error:
            raise ValidationError(_("Bukan base64 yang sah.")) from error


class MessageInput(Strict):
    """A message as JSON."""

    text = text_field(200_000, required=False, default="", allow_blank=True, trim_whitespace=False)
    visibility = choice_field(Visibility.choices, default=Visibility.PUBLIC)
    attachments = FileInput(many=True, required=False)


class MessageForm(serializers.Serializer[Any]):
    """A message as multipart/form-data, with files under `attachments`."""

    text = text_field(200_000, required=False, default="", allow_blank=True, trim_whitespace=False)
    visibility = choice_field(Visibility.choices, default=Visibility.PUBLIC)
    attachments = serializers.ListField(child=serializers.FileField(), required=False, write_only=True)


def uploads_of(files: Sequence[Any]) -> list[Upload]:
    """Uploaded files, read no further than the limit of one. Raises ValidationError with a sentence per file."""
    _check_count(len(files))
    limit = settings.ATTACHMENT_MAX_BYTES
    return _accepted([Upload(file.name or "", file.content_type or "", file.read(limit + 1)) for file in files])


def inline_uploads(files: Sequence[dict[str, Any]]) -> list[Upload]:
    """Files that came inside JSON. Raises ValidationError with a sentence per file."""
    _check_count(len(files))
    return _accepted([Upload(file["name"], file["content_type"], file["content"]) for file in files])


def _check_count(count: int) -> None:
    most = settings.ATTACHMENT_MAX_COUNT
    if count > most:
        raise ValidationError({"attachments": [_("Paling banyak %(count)d berkas sekali kirim.") % {"count": most}]})


def _accepted(uploads: list[Upload]) -> list[Upload]:
    problems = [reason for upload in uploads if (reason := problem_with(upload))]
    if problems:
        raise ValidationError({"attachments": problems})
    return uploads


@extend_schema_field(OpenApiTypes.DATETIME)
class InstantField(serializers.Field[datetime, Any, str, Any]):
    """An ISO 8601 instant with its offset from UTC: without one nobody knows which instant is meant."""

    def to_internal_value(self, data: Any) -> datetime:
        try:
            at = parse_datetime(UNESCAPED_OFFSET.sub(r"\1+\2", str(data)))
            if at is not None and at.utcoffset() is not None:
                return at.astimezone(UTC)
        except (ValueError, OverflowError) as error:
            raise ValidationError(_("Bukan waktu yang sah.")) from error
        raise ValidationError(_("Tulis waktu ISO 8601 dengan selisih dari UTC, misalnya 2026-11-24T08:00:00+07:00."))

    def to_representation(self, value: datetime) -> str:
        return value.isoformat()


@extend_schema_field(OpenApiTypes.BOOL)
class BooleanWord(serializers.Field[bool, Any, bool, Any]):
    """`true` or `false`, and nothing that resembles them."""

    def to_internal_value(self, data: Any) -> bool:
        if data not in ("true", "false"):
            raise ValidationError(_("Tulis true atau false."))
        return bool(data == "true")

    def to_representation(self, value: bool) -> bool:
        return value
