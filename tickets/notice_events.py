"""What people are told about tickets, with the words the product comes with."""

from django.utils.translation import gettext_lazy as _

from notify.events import Event, Text

TAG = "[{{ number }}]"
NUMBER: dict[str, Text] = {"number": _("nomor tiket")}
URL: dict[str, Text] = {"url": _("alamat halaman tiket")}
SAMPLE: dict[str, Text] = {
    "number": "GGN-2026-000123",
    "subject": _("Internet kantor mati"),
    "url": "https://layanan.contoh.go.id/lacak/",
}


PLAIN_SUBJECT = _("perihal laporan, tanpa nama, nomor dan alamat orang")


def _staff(code: str, label: Text, text: Text, *, optional: bool, urgent: bool, **more: tuple[Text, Text]) -> Event:
    """A notice to a member of the staff; `more`: further variables with (meaning, example)."""
    return Event(
        code=code,
        label=label,
        subject=_("[{{ number }}] Pemberitahuan petugas"),
        text=text,
        variables={**NUMBER, **URL, **{name: each[0] for name, each in more.items()}},
        examples={**SAMPLE, **{name: each[1] for name, each in more.items()}},
        # News name their ticket themselves.
        required=frozenset({"news" if "news" in more else "number", "url"}),
        tag=TAG,
        in_subject=frozenset({"number"}),
        to_staff=True,
        is_optional=optional,
        is_urgent=urgent,
    )


def _said(code: str, label: Text, *, optional: bool) -> Event:
    """What the staff wrote, for somebody outside it."""
    return Event(
        code=code,
        label=label,
        subject=_("[{{ number }}] {{ subject }}"),
        text=_("{{ message }}\n\n{{ attachments }}"),
        variables={
            **NUMBER,
            "subject": PLAIN_SUBJECT,
            "message": _("kata-kata petugas"),
            "attachments": _("keterangan lampiran; kosong bila tidak ada"),
            **URL,
        },
        examples={
            **SAMPLE,
            "message": _("Jaringan di lantai dua sudah kami perbaiki. Mohon dicoba kembali."),
            "attachments": _("Lampiran: hasil-periksa.pdf"),
        },
        required=frozenset({"message", "attachments"}),
        tag=TAG,
        in_subject=frozenset({"number", "subject"}),
        is_optional=optional,
    )


EVENTS = (
    Event(
        code="receipt",
        label=_("Tanda terima laporan"),
        subject=_("[{{ number }}] {{ subject }}"),
        text=_(
            "Terima kasih, laporan Anda sudah kami terima.\n\n"
            "Nomor tiket: {{ number }}\nKode akses: {{ code }}\n\n"
            "Simpan keduanya untuk melihat perkembangan di {{ url }}\n"
            "Anda juga dapat membalas pesan ini untuk menambah keterangan."
        ),
        variables={
            **NUMBER,
            "subject": PLAIN_SUBJECT,
            "code": _("kode akses"),
            **URL,
        },
        examples={**SAMPLE, "code": "K7M2Q9X4TB"},
        required=frozenset({"number", "code", "url"}),
        tag=TAG,
        in_subject=frozenset({"number", "subject"}),
    ),
    _said("reply", _("Balasan petugas kepada pelapor"), optional=False),
    _said("copy", _("Balasan pada tiket yang Anda ikuti"), optional=True),
    Event(
        code="restricted",
        label=_("Pembaruan tiket rahasia, kepada pelapor"),
        subject=_("[{{ number }}]"),
        text=_("Ada pembaruan pada tiket {{ number }}. Buka dengan kode akses Anda di {{ url }}"),
        variables={**NUMBER, **URL},
        examples=SAMPLE,
        required=frozenset({"number", "url"}),
        tag=TAG,
        in_subject=frozenset({"number"}),
    ),
    _staff(
        "restricted_staff",
        _("Pembaruan tiket rahasia, kepada petugasnya"),
        _("Ada pembaruan pada tiket {{ number }}.\n\n{{ url }}"),
        optional=False,
        urgent=True,
    ),
    _staff(
        "assigned",
        _("Tiket ditugaskan kepada Anda"),
        _("Tiket {{ number }} ditugaskan kepada Anda.\n\n{{ url }}"),
        optional=True,
        urgent=False,
    ),
    _staff(
        "watch",
        _("Kabar tiket yang Anda amati"),
        _("{{ news }}\n\n{{ url }}"),
        optional=True,
        urgent=False,
        news=(_("apa yang terjadi"), _("Tiket GGN-2026-000123 kini “Dikerjakan”.")),
    ),
    _staff(
        "task",
        _("Tugas diberikan kepada Anda"),
        _("{{ news }}\n\n{{ url }}"),
        optional=True,
        urgent=False,
        news=(_("tugas apa"), _("Tugas “Periksa kabel” di tiket GGN-2026-000123 menjadi milik Anda.")),
    ),
    _staff(
        "forwarded",
        _("Pengaduan didisposisi kepada perangkat daerah Anda"),
        _("Pengaduan {{ number }} didisposisi kepada perangkat daerah Anda.\n\n{{ url }}"),
        optional=False,
        urgent=True,
    ),
    _staff(
        "returned",
        _("Pengaduan dikembalikan perangkat daerah"),
        _("Pengaduan {{ number }} dikembalikan oleh perangkat daerah. Alasannya ada di catatan internal.\n\n{{ url }}"),
        optional=False,
        urgent=True,
    ),
    _staff(
        "major",
        _("Anda menjadi koordinator gangguan besar"),
        _("Anda menjadi koordinator gangguan besar {{ number }}.\n\n{{ url }}"),
        optional=False,
        urgent=True,
    ),
    _staff(
        "major_due",
        _("Pengingat kabar gangguan besar"),
        _("Sudah waktunya menyampaikan kabar gangguan besar {{ number }}.\n\n{{ url }}"),
        optional=False,
        urgent=True,
    ),
    _staff(
        "escalation",
        _("Eskalasi SLA"),
        _("SLA {{ metric }} tiket {{ number }}: {{ moment }}.\n\n{{ url }}"),
        optional=False,
        urgent=True,
        metric=(_("yang diukur"), _("penyelesaian")),
        moment=(_("di mana waktunya"), _("80% waktu terpakai")),
    ),
    _staff(
        "undelivered",
        _("Balasan tidak sampai kepada pelapor"),
        _("Balasan di tiket {{ number }} tidak sampai: {{ reason }}\n\n{{ url }}"),
        optional=False,
        urgent=False,
        reason=(_("kata-kata server surat"), _("550 5.1.1 alamat tidak dikenal")),
    ),
    _staff(
        "approval_news",
        _("Kabar persetujuan"),
        _("{{ news }}\n\n{{ url }}"),
        optional=False,
        urgent=True,
        news=(_("apa yang diputuskan"), _("Permintaan GGN-2026-000123 disetujui.")),
    ),
    _staff(
        "news",
        _("Kabar lain kepada petugas"),
        _("{{ news }}\n\n{{ url }}"),
        optional=False,
        urgent=True,
        news=(_("apa yang terjadi"), _("Langkah persetujuan tiket GGN-2026-000123 lewat tenggat.")),
    ),
)
