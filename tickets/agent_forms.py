"""Forms of the agent workspace. They check shapes only; the services decide."""

import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.contacts import Identity
from accounts.models import Office, User
from accounts.normalize import phone_key
from assets.models import Asset
from catalog.models import Service
from tickets.attachments import Upload, problem_with
from tickets.changes import templates
from tickets.choices import (
    CONCEALING,
    ChangeType,
    Channel,
    ComplaintClass,
    Confidentiality,
    Kind,
    Level,
    Visibility,
)
from tickets.edits import OF_COMPLAINTS
from tickets.intake import InboundMessage, TicketDraft
from tickets.models import ChangeTemplate, Ticket
from tickets.particulars import complaint_of

LEVELS = [("", gettext_lazy("Pilih")), *reversed(Level.choices)]
LOCAL_TIME = "%Y-%m-%dT%H:%M"
OLDEST_REPORT = timedelta(days=366)


class MultipleFileInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Several files in one input; cleans to a list of `Upload`."""

    widget = MultipleFileInput

    def clean(self, data: Any, initial: Any = None) -> list[Upload]:
        files: Sequence[UploadedFile[Any]] = data if isinstance(data, list | tuple) else [data] if data else []
        if len(files) > settings.ATTACHMENT_MAX_COUNT:
            raise ValidationError(
                _("Paling banyak %(count)d berkas sekali kirim."), params={"count": settings.ATTACHMENT_MAX_COUNT}
            )
        limit = settings.ATTACHMENT_MAX_BYTES
        # One byte more than allowed is enough to refuse a file by its size.
        uploads = [Upload(file.name or "", file.content_type or "", file.read(limit + 1)) for file in files]
        problems = [problem for upload in uploads if (problem := problem_with(upload))]
        if problems:
            raise ValidationError(problems)
        return uploads


class VersionedForm(forms.Form):
    """Carries the version of the ticket that the person looked at."""

    version = forms.IntegerField(required=False, min_value=0, max_value=2**31, widget=forms.HiddenInput)


class ComposerForm(VersionedForm):
    """A public reply or an internal note."""

    visibility = forms.ChoiceField(
        label=gettext_lazy("Jenis pesan"), choices=Visibility.choices, widget=forms.RadioSelect
    )
    text = forms.CharField(
        label=gettext_lazy("Pesan"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 5, "data-typing": "", "placeholder": gettext_lazy("Tulis pesan …")}),
    )
    attachments = FilesField(label=gettext_lazy("Lampiran"), required=False)


class IdentityForm(forms.Form):
    """Why somebody needs to see who the requester is."""

    reason = forms.CharField(label=gettext_lazy("Keperluan melihat identitas"), min_length=5, max_length=200)


class EditForm(VersionedForm):
    """Facts of a ticket that are no transitions."""

    subject = forms.CharField(label=gettext_lazy("Perihal"), max_length=250)
    service = forms.ModelChoiceField(
        Service.objects.all(),
        to_field_name="code",
        label=gettext_lazy("Layanan"),
        required=False,
        empty_label=gettext_lazy("Belum ditentukan"),
    )
    office = forms.ModelChoiceField(
        Office.objects.filter(is_active=True).exclude(kind=Office.Kind.LOCATION),
        to_field_name="code",
        label=gettext_lazy("Perangkat daerah"),
        required=False,
        empty_label=gettext_lazy("Belum ditentukan"),
    )
    impact = forms.TypedChoiceField(label=gettext_lazy("Dampak"), choices=Level.choices, coerce=int)
    urgency = forms.TypedChoiceField(label=gettext_lazy("Urgensi"), choices=Level.choices, coerce=int)
    priority = forms.TypedChoiceField(
        label=gettext_lazy("Prioritas"),
        choices=[("", gettext_lazy("Menurut matriks dampak × urgensi")), *reversed(Level.choices)],
        coerce=int,
        empty_value=None,
        required=False,
    )
    priority_reason = forms.CharField(
        label=gettext_lazy("Alasan prioritas berbeda dari matriks"), max_length=300, required=False
    )
    confidentiality = forms.ChoiceField(label=gettext_lazy("Kerahasiaan"), choices=Confidentiality.choices)
    reason = forms.CharField(
        label=gettext_lazy("Alasan perubahan kerahasiaan"),
        max_length=300,
        required=False,
        help_text=gettext_lazy("Wajib bila kerahasiaan diturunkan."),
    )
    assets = forms.ModelMultipleChoiceField(
        Asset.objects.none(),
        to_field_name="code",
        label=gettext_lazy("Aset terkait"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    add_asset = forms.CharField(
        label=gettext_lazy("Tambah aset"),
        max_length=400,
        required=False,
        help_text=gettext_lazy("Ketik nama atau kode, lalu pilih. Beberapa kode dipisahkan koma."),
        widget=forms.TextInput(
            attrs={
                "list": "asset-options",
                "autocomplete": "off",
                "hx-trigger": "input changed delay:300ms",
                "hx-target": "#asset-options",
            }
        ),
    )

    complaint_class = forms.ChoiceField(
        label=gettext_lazy("Golongan pengaduan"),
        choices=ComplaintClass.choices,
        required=False,
        help_text=gettext_lazy("Menentukan tenggat penyelesaian."),
    )
    external_number = forms.CharField(label=gettext_lazy("Nomor SP4N-LAPOR"), max_length=60, required=False)

    def __init__(self, data: Any = None, *, ticket: Ticket, by_matrix: int) -> None:
        facts = {name: getattr(ticket, name) for name in ("subject", "impact", "urgency", "confidentiality", "version")}
        facts |= {name: getattr(getattr(ticket, name), "code", "") for name in ("service", "office")}
        facts["priority"] = ticket.priority if ticket.priority != by_matrix else ""
        linked = list(ticket.assets.order_by("name", "pk"))
        facts["assets"] = [asset.code for asset in linked]
        complaint = complaint_of(ticket)
        if complaint:
            facts |= {name: getattr(complaint, name) for name in OF_COMPLAINTS}
        super().__init__(data, initial=facts)
        if complaint is None:
            del self.fields["complaint_class"], self.fields["external_number"]
        self.fields["assets"].queryset = ticket.assets.order_by("name", "pk")  # type: ignore[attr-defined]
        self.has_assets = bool(linked)
        self.fields["add_asset"].widget.attrs["hx-get"] = reverse("agent:assets", args=[ticket.number])

    def clean_add_asset(self) -> list[Asset]:
        codes = [code for part in self.cleaned_data["add_asset"].split(",") if (code := part.strip())]
        found = {asset.code.casefold(): asset for asset in Asset.objects.filter(code__in=codes)}
        unknown = [code for code in codes if code.casefold() not in found]
        if unknown:
            raise ValidationError(_("Tidak ada aset berkode %(codes)s."), params={"codes": ", ".join(unknown)})
        return list(found.values())

    def facts(self) -> dict[str, Any]:
        """The cleaned values as keyword arguments of `edits.change`."""
        data = dict(self.cleaned_data)
        version, added = data.pop("version"), data.pop("add_asset")
        data["assets"] = list(dict.fromkeys([*data["assets"], *added]))
        if not data.get("complaint_class"):
            data.pop("complaint_class", None)  # a form without it leaves the class as it is
        return {**data, "expected_version": version}


def assets_matching(words: str, ticket: Ticket | None = None, limit: int = 20) -> QuerySet[Asset]:
    """Assets whose code or name holds the words; without words those of the ticket's office."""
    assets = Asset.objects.exclude(status=Asset.Status.DISPOSED).order_by("name", "pk")
    words = words.replace("\x00", "").strip()[:80]  # PostgreSQL takes no NUL
    if words:
        return assets.filter(Q(code__icontains=words) | Q(name__icontains=words))[:limit]
    if ticket is None or ticket.office_id is None:
        return assets.none()
    return assets.filter(office_id=ticket.office_id)[:limit]


class ReportForm(forms.Form):
    """A report taken by telephone, at the counter or from a letter; or work an agent raises on their own."""

    CHANNELS = [
        (Channel.PHONE, Channel.PHONE.label),
        (Channel.WALK_IN, Channel.WALK_IN.label),
        (Channel.LETTER, Channel.LETTER.label),
        (Channel.WEB, gettext_lazy("Saya sendiri (masalah atau perubahan)")),
    ]

    token = forms.UUIDField(widget=forms.HiddenInput)
    channel = forms.ChoiceField(label=gettext_lazy("Diterima lewat"), choices=CHANNELS)
    received_at = forms.DateTimeField(
        label=gettext_lazy("Waktu diterima"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format=LOCAL_TIME),
    )
    name = forms.CharField(label=gettext_lazy("Nama pelapor"), max_length=150, required=False)
    phone = forms.CharField(
        label=gettext_lazy("Nomor telepon"),
        max_length=30,
        required=False,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "off"}),
    )
    email = forms.EmailField(label=gettext_lazy("Email"), required=False)
    kind = forms.ChoiceField(label=gettext_lazy("Jenis"), choices=Kind.choices, initial=Kind.INCIDENT)
    subject = forms.CharField(label=gettext_lazy("Perihal"), max_length=120)
    text = forms.CharField(
        label=gettext_lazy("Isi laporan"), max_length=20_000, widget=forms.Textarea(attrs={"rows": 6})
    )
    service = EditForm.base_fields["service"]
    office = EditForm.base_fields["office"]
    impact = forms.TypedChoiceField(
        label=gettext_lazy("Dampak"), choices=LEVELS, coerce=int, empty_value=None, required=False
    )
    urgency = forms.TypedChoiceField(
        label=gettext_lazy("Urgensi"), choices=LEVELS, coerce=int, empty_value=None, required=False
    )
    confidentiality = forms.ChoiceField(
        label=gettext_lazy("Kerahasiaan"), choices=Confidentiality.choices, initial=Confidentiality.NORMAL
    )
    complaint_class = forms.ChoiceField(
        label=gettext_lazy("Golongan pengaduan"),
        choices=[("", gettext_lazy("Menurut verifikasi")), *ComplaintClass.choices],
        required=False,
        help_text=gettext_lazy("Hanya untuk pengaduan."),
    )
    change_type = forms.ChoiceField(
        label=gettext_lazy("Jenis perubahan"),
        choices=[("", ChangeType.NORMAL.label), *[c for c in ChangeType.choices if c[0] != ChangeType.NORMAL]],
        required=False,
        help_text=gettext_lazy("Hanya untuk perubahan."),
    )
    change_template = forms.ModelChoiceField(
        ChangeTemplate.objects.none(),
        to_field_name="code",
        label=gettext_lazy("Templat perubahan standar"),
        required=False,
        empty_label=gettext_lazy("Tanpa templat"),
        help_text=gettext_lazy("Wajib untuk perubahan standar; rencana, risiko, layanan, dan tim disalin darinya."),
    )
    attachments = FilesField(label=gettext_lazy("Lampiran"), required=False)

    def __init__(self, data: Any = None, files: Any = None) -> None:
        now = timezone.localtime()
        super().__init__(data, files, initial={"token": uuid.uuid4(), "received_at": now})
        self.fields["received_at"].widget.attrs["max"] = now.strftime(LOCAL_TIME)
        self.fields["change_template"].queryset = templates.offered()  # type: ignore[attr-defined]

    def clean_received_at(self) -> Any:
        at, now = self.cleaned_data["received_at"], timezone.now()
        if at > now + timedelta(minutes=1):
            raise ValidationError(_("Waktu diterima tidak boleh di masa depan."))
        if at < now - OLDEST_REPORT:
            raise ValidationError(_("Waktu diterima paling lama setahun yang lalu."))
        return min(at, now)

    def clean_phone(self) -> str:
        phone: str = self.cleaned_data["phone"].strip()
        if phone and not phone_key(phone):
            raise ValidationError(_("Nomor telepon tidak dikenali. Contoh: 0812-3456-7890."))
        return phone

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        is_own = data.get("channel") == Channel.WEB
        if is_own and data.get("kind") not in (Kind.PROBLEM, Kind.CHANGE):
            self.add_error("channel", _("Atas nama sendiri hanya untuk masalah dan perubahan."))
        nameless = data.get("confidentiality") in CONCEALING
        if not is_own and not nameless and not data.get("name"):
            self.add_error("name", _("Tulis nama pelapor, atau pilih kerahasiaan anonim."))
        if data.get("kind") == Kind.CHANGE and "change_template" not in self.errors:
            reason = templates.problem_with(Kind.CHANGE, data.get("change_type", ""), data.get("change_template"))
            if reason:
                self.add_error("change_template", reason)
        return data

    def message(self, agent: User) -> InboundMessage:
        """The report as the intake takes it; `token` makes a second click on the button the same report."""
        data = self.cleaned_data
        is_own = data["channel"] == Channel.WEB
        sender = (
            Identity(user=agent, email=agent.email)
            if is_own
            else Identity(name=data["name"], email=data["email"], phone=data["phone"])
        )
        drafted = ("kind", "service", "office", "impact", "urgency", "confidentiality")
        is_complaint, is_change = data["kind"] == Kind.COMPLAINT, data["kind"] == Kind.CHANGE
        return InboundMessage(
            channel=data["channel"],
            external_id=f"agent-{agent.pk}-{data['token']}",
            sender=sender,
            subject=data["subject"],
            text=data["text"],
            uploads=tuple(data["attachments"]),
            received_at=data["received_at"],
            created_by=agent,
            draft=TicketDraft(
                **{name: data[name] for name in drafted},
                complaint_class=data["complaint_class"] if is_complaint else "",
                change_type=data["change_type"] if is_change else "",
                change_template=data["change_template"] if is_change else None,
            ),
        )


class DecisionForm(forms.Form):
    """What becomes of a quarantined message."""

    JOIN, NEW, DISCARD, BLOCK = "join", "new", "discard", "block"

    decision = forms.ChoiceField(
        label=gettext_lazy("Keputusan"),
        choices=[
            (JOIN, gettext_lazy("Gabungkan ke tiket")),
            (NEW, gettext_lazy("Jadikan tiket baru")),
            (DISCARD, gettext_lazy("Singkirkan")),
            (BLOCK, gettext_lazy("Blokir pengirim")),
        ],
    )
    number = forms.CharField(label=gettext_lazy("Nomor tiket"), max_length=40, required=False)
    confirm = forms.BooleanField(
        label=gettext_lazy("Ya, singkirkan. Pesan tetap tersimpan, tetapi tidak ditindaklanjuti."), required=False
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("decision") == self.JOIN and not data.get("number", "").strip():
            self.add_error("number", _("Tulis nomor tiket tujuan."))
        if data.get("decision") == self.DISCARD and not data.get("confirm"):
            self.add_error("confirm", _("Centang untuk menegaskan bahwa pesan ini disingkirkan."))
        return data
