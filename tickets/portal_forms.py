"""Forms of the portal. They check shapes only; the services decide."""

import uuid
from collections.abc import Iterable
from itertools import groupby
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.contacts import Identity
from accounts.models import Office, User
from accounts.normalize import phone_key
from catalog.models import Service
from tickets.agent_forms import FilesField
from tickets.attachments import Upload, problem_with
from tickets.choices import Channel, Confidentiality, Kind, RequesterClass
from tickets.intake import InboundMessage, TicketDraft
from tickets.kinds.inputs import TransitionForm

LISTED = (Service.Status.ACTIVE, Service.Status.MAINTENANCE)
TEXT_LENGTH = 20_000

KINDS = {
    Kind.INCIDENT: (
        gettext_lazy("Laporkan gangguan"),
        gettext_lazy("Ada aplikasi, jaringan, atau perangkat yang rusak atau tidak dapat dipakai."),
    ),
    Kind.COMPLAINT: (
        gettext_lazy("Sampaikan pengaduan"),
        gettext_lazy("Ada pelayanan yang mengecewakan atau keliru. Dapat tanpa nama atau dirahasiakan."),
    ),
    Kind.REQUEST: (
        gettext_lazy("Ajukan permintaan"),
        gettext_lazy("Anda membutuhkan sesuatu: akun, akses, perangkat, pemasangan, atau data."),
    ),
}
"""What a visitor may open, in plain words: (action, when to choose it)."""

CONFIDENTIALITY_HELP = {
    Confidentiality.NORMAL: gettext_lazy("Petugas yang menangani melihat nama dan isi laporan Anda."),
    Confidentiality.ANONYMOUS: gettext_lazy(
        "Isi laporan ditangani seperti biasa, tetapi identitas Anda disembunyikan dari petugas yang menangani."
    ),
    Confidentiality.SECRET: gettext_lazy(
        "Seluruh laporan hanya dapat dibuka petugas rahasia yang ditunjuk; bagi orang lain laporan ini tidak ada."
    ),
    Confidentiality.WHISTLEBLOWING: gettext_lazy(
        "Untuk dugaan pelanggaran pejabat atau pegawai. Hanya petugas Inspektorat yang ditunjuk yang dapat membukanya."
    ),
}
OFFICE_LABELS = {
    Kind.INCIDENT: gettext_lazy("Kantor tempat gangguan terjadi"),
    Kind.COMPLAINT: gettext_lazy("Kantor yang diadukan"),
    Kind.REQUEST: gettext_lazy("Kantor Anda"),
}
SUBJECT_HELP = {
    Kind.INCIDENT: gettext_lazy("Satu kalimat, misalnya “Internet di kantor camat mati sejak pagi”."),
    Kind.COMPLAINT: gettext_lazy("Satu kalimat, misalnya “Antrean KTP elektronik tidak dilayani”."),
    Kind.REQUEST: gettext_lazy("Satu kalimat, misalnya “Akun email dinas untuk pegawai baru”."),
}
TEXT_HELP = {
    Kind.INCIDENT: gettext_lazy("Apa yang terjadi, sejak kapan, dan pesan galat yang tampil, bila ada."),
    Kind.COMPLAINT: gettext_lazy("Apa yang terjadi, kapan, di mana, dan apa yang Anda harapkan."),
    Kind.REQUEST: gettext_lazy("Apa yang dibutuhkan, untuk siapa, dan kapan diperlukan."),
}


class UploadsField(FilesField):
    """Several files; every refused file is named with its own sentence."""

    def clean(self, data: Any, initial: Any = None) -> list[Upload]:
        uploads = super().clean(data, initial)
        problems = [reason for upload in uploads if (reason := problem_with(upload))]
        if problems:
            raise ValidationError(problems)
        return uploads


def grouped(rows: Iterable[Any], heading: Any) -> list[tuple[str, list[tuple[str, str]]]]:
    """Options of a select under headings; `rows` come sorted by heading."""
    return [(name, [(row.code, row.name) for row in members]) for name, members in groupby(rows, heading)]


class ReportForm(forms.Form):
    """A report by a visitor, or by somebody signed in, whose identity then comes from the account."""

    submission = forms.UUIDField(widget=forms.HiddenInput, required=False)
    service = forms.ModelChoiceField(
        Service.objects.filter(status__in=LISTED), to_field_name="code", label=gettext_lazy("Layanan"), required=False
    )
    office = forms.ModelChoiceField(
        Office.objects.filter(is_active=True).exclude(kind=Office.Kind.LOCATION), to_field_name="code", required=False
    )
    subject = forms.CharField(label=gettext_lazy("Perihal"), max_length=120)
    text = forms.CharField(
        label=gettext_lazy("Penjelasan"), max_length=TEXT_LENGTH, widget=forms.Textarea(attrs={"rows": 6})
    )
    attachments = UploadsField(label=gettext_lazy("Lampiran"), required=False)
    confidentiality = forms.ChoiceField(
        label=gettext_lazy("Kerahasiaan"),
        choices=Confidentiality.choices,
        initial=Confidentiality.NORMAL,
        widget=forms.RadioSelect,
    )
    name = forms.CharField(
        label=gettext_lazy("Nama"),
        max_length=150,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "name", "data-draft-skip": True}),
    )
    email = forms.EmailField(
        label=gettext_lazy("Email"),
        required=False,
        help_text=gettext_lazy("Nomor tiket dan jawaban petugas dikirim ke sini."),
        widget=forms.EmailInput(attrs={"autocomplete": "email", "data-draft-skip": True}),
    )
    phone = forms.CharField(
        label=gettext_lazy("Nomor telepon"),
        max_length=30,
        required=False,
        help_text=gettext_lazy("Dipakai bila petugas perlu bertanya. Contoh: 0812-3456-7890."),
        widget=forms.TextInput(
            attrs={"type": "tel", "autocomplete": "tel", "inputmode": "tel", "data-draft-skip": True}
        ),
    )
    # A trap for programs that fill in everything. People do not see it.
    website = forms.CharField(
        label=gettext_lazy("Kosongkan isian ini"),
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "tabindex": "-1"}),
    )

    def __init__(
        self, data: Any = None, files: Any = None, *, kind: str, user: Any, submission: uuid.UUID, service: str = ""
    ) -> None:
        self.kind = Kind(kind)
        self.user = user if isinstance(user, User) else None
        initial = {"submission": submission, "service": service, "confidentiality": Confidentiality.NORMAL}
        if self.user and self.user.office:
            initial["office"] = self.user.office.code
        super().__init__(data, files, initial=initial)
        if self.user:
            for name in ("name", "email", "phone", "website"):
                del self.fields[name]
        if self.kind != Kind.COMPLAINT:
            del self.fields["confidentiality"]
        self._fill_selects()
        self.fields["office"].label = OFFICE_LABELS[self.kind]
        self.fields["subject"].help_text = SUBJECT_HELP[self.kind]
        self.fields["text"].help_text = TEXT_HELP[self.kind]
        self.fields["attachments"].help_text = uploads_help()

    def _fill_selects(self) -> None:
        services = Service.objects.filter(status__in=LISTED).select_related("category")
        if self.kind == Kind.REQUEST:
            services = services.filter(requestable=True)
        self.fields["service"].queryset = services  # type: ignore[attr-defined]
        by_category = services.order_by("category__position", "category__name", "name")
        self.fields["service"].choices = [  # type: ignore[attr-defined]
            ("", _("Belum tahu atau tidak ada di daftar")),
            *grouped(by_category, lambda service: service.category.name),
        ]
        offices = self.fields["office"].queryset.order_by("kind", "name")  # type: ignore[attr-defined]
        self.fields["office"].choices = [  # type: ignore[attr-defined]
            ("", _("Tidak terkait kantor tertentu")),
            *grouped(offices, lambda office: office.get_kind_display()),
        ]

    @property
    def confidentiality_options(self) -> list[dict[str, Any]]:
        """What each level means, for the radios."""
        chosen = self["confidentiality"].value()
        return [
            {
                "value": value,
                "label": label,
                "help": CONFIDENTIALITY_HELP[Confidentiality(value)],
                "on": value == chosen,
            }
            for value, label in Confidentiality.choices
        ]

    def chosen_service(self) -> Service | None:
        """The service that is selected now, also before anything was sent."""
        code = self["service"].value()
        services = self.fields["service"].queryset  # type: ignore[attr-defined]
        return services.filter(code=str(code)[:80]).first() if code else None

    @property
    def requester_class(self) -> str:
        """As whom the sender will be taken; "" leaves it to the audience of the service."""
        if self.user is None:
            return ""
        return RequesterClass.ASN if self.user.nip or self.user.office_id else RequesterClass.CITIZEN

    @property
    def is_delicate(self) -> bool:
        """Whether nothing of this form may stay behind on the device."""
        return "confidentiality" in self.fields and self["confidentiality"].value() != Confidentiality.NORMAL

    def clean_submission(self) -> uuid.UUID:
        return self.cleaned_data["submission"] or uuid.uuid4()

    def clean_phone(self) -> str:
        phone = str(self.cleaned_data["phone"]).strip()
        if phone and not phone_key(phone):
            raise ValidationError(_("Nomor telepon tidak dikenali. Contoh: 0812-3456-7890."))
        return phone

    def clean_website(self) -> str:
        if self.cleaned_data["website"]:
            raise ValidationError(_("Isian ini harus kosong. Hapus isinya, lalu kirim lagi."))
        return ""

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        level = data.setdefault("confidentiality", Confidentiality.NORMAL)
        if "name" in self.fields and level == Confidentiality.NORMAL and not data.get("name") and "name" in data:
            hint = _("Tulis nama Anda.")
            if self.kind == Kind.COMPLAINT:
                hint = _("Tulis nama Anda, atau pilih kerahasiaan selain Biasa.")
            self.add_error("name", hint)
        return data

    def message(self) -> InboundMessage:
        """The report as the intake takes it; the same submission sent twice is the same report."""
        data = self.cleaned_data
        sender = (
            Identity(user=self.user)
            if self.user
            else Identity(name=data["name"], email=data["email"], phone=data["phone"])
        )
        return InboundMessage(
            channel=Channel.WEB,
            external_id=f"web-{data['submission']}",
            sender=sender,
            subject=data["subject"],
            text=data["text"],
            uploads=tuple(data["attachments"]),
            draft=TicketDraft(
                kind=self.kind,
                service=data["service"],
                office=data["office"],
                confidentiality=data["confidentiality"],
            ),
        )


class ReplyForm(forms.Form):
    """More words of the requester on their ticket."""

    submission = forms.UUIDField(widget=forms.HiddenInput, required=False)
    text = forms.CharField(
        label=gettext_lazy("Balasan Anda"),
        required=False,
        max_length=TEXT_LENGTH,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    attachments = UploadsField(label=gettext_lazy("Lampiran"), required=False)

    def __init__(self, data: Any = None, files: Any = None) -> None:
        super().__init__(data, files, initial={"submission": uuid.uuid4()})
        self.fields["attachments"].help_text = uploads_help()

    def clean_submission(self) -> uuid.UUID:
        return self.cleaned_data["submission"] or uuid.uuid4()

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not self.errors and not data.get("text", "").strip() and not data.get("attachments"):
            self.add_error("text", _("Tulis balasan atau pilih berkas."))
        return data


class TrackForm(forms.Form):
    """Number and access code of a ticket."""

    number = forms.CharField(
        label=gettext_lazy("Nomor tiket"),
        max_length=40,
        help_text=gettext_lazy("Misalnya GGN-2026-000123."),
        widget=forms.TextInput(attrs={"autocapitalize": "characters", "autocomplete": "off", "spellcheck": "false"}),
    )
    code = forms.CharField(
        label=gettext_lazy("Kode akses"),
        max_length=40,
        help_text=gettext_lazy("Sepuluh huruf dan angka pada tanda terima. Huruf besar atau kecil sama saja."),
        widget=forms.TextInput(attrs={"autocapitalize": "characters", "autocomplete": "off", "spellcheck": "false"}),
    )


def uploads_help() -> str:
    """The limits of files as one sentence."""
    from tickets.views.portal.limits import total_upload_bytes

    return _(
        "Paling banyak %(count)d berkas, masing-masing paling besar %(each)d MB dan seluruhnya %(total)d MB: "
        "PDF, gambar, dokumen, atau ZIP."
    ) % {
        "count": settings.ATTACHMENT_MAX_COUNT,
        "each": settings.ATTACHMENT_MAX_BYTES // 1024 // 1024,
        "total": total_upload_bytes() // 1024 // 1024,
    }


def for_requester(form: TransitionForm) -> TransitionForm:
    """The form of a transition in the words of the person who reported: notes for staff are not theirs."""
    form.fields.pop("note", None)
    for field in form.fields.values():
        field.help_text = ""
    return form
