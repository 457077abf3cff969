"""What each figure means; printed beside the figures and written into the files.

`docs/reports.md` has the same sentences, each with where the figure comes from. Whoever changes a figure in
`reports.sla` or `reports.figures` changes its sentence in both; a test compares them.
"""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

FIGURES: dict[str, tuple[Promise, Promise]] = {
    "period": (
        _("Masa"),
        _("Tiket masuk ke masa pembuatannya menurut tanggal setempat; hari pertama dan terakhir ikut dihitung."),
    ),
    "clock": (
        _("Jam SLA"),
        _(
            "Satu jam per tiket dan ukuran. Penugasan dan kabar berkala dimulai lagi untuk setiap tim dan setiap "
            "kabar: setiap putarannya dihitung sebagai satu jam. Waktunya dihitung pada jam kerja; selama tiket "
            "menunggu, jam berhenti sementara."
        ),
    ),
    "met": (_("Tercapai"), _("Jam yang berhenti pada atau sebelum tenggatnya.")),
    "breached": (_("Lewat tenggat"), _("Jam yang tenggatnya terlampaui, baik tiketnya sudah selesai maupun belum.")),
    "running": (
        _("Berjalan"),
        _("Jam yang belum berhenti dan belum lewat tenggat, termasuk yang sedang berhenti sementara."),
    ),
    "attainment": (
        _("Ketercapaian"),
        _(
            "Tercapai ÷ (tercapai + lewat tenggat), dalam persen. Jam yang berjalan belum ikut dibagi; tanda “–” "
            "berarti belum ada jam yang dinilai."
        ),
    ),
    "finished": (
        _("Selesai"),
        _(
            "Tiket yang kini terselesaikan atau ditutup. Tiket yang dibatalkan, ditolak, diarsipkan, atau diserahkan "
            "ikut dihitung: penutupan seperti itu juga menghentikan jamnya."
        ),
    ),
    "reopened": (
        _("Dibuka kembali"),
        _("Jam penyelesaian berjalan lagi dengan waktu yang sudah terpakai, dan dinilai saat tiket selesai lagi."),
    ),
    "coverage": (
        _("Cakupan"),
        _(
            "Hanya tiket yang boleh Anda lihat. Tiket rahasia dan pelaporan pelanggaran tidak ikut dihitung, kecuali "
            "bagi petugas rahasia yang menanganinya."
        ),
    ),
    "open": (_("Masih terbuka"), _("Tiket yang tahapnya sekarang Baru, Dikerjakan, atau Menunggu.")),
    "response": (
        _("Waktu tanggap (MTTA)"),
        _(
            "Waktu kerja dari tiket dibuat sampai kata pertama petugas kepada pelapor; masa menunggu tidak dihitung. "
            "Tiket yang belum ditanggapi belum ikut."
        ),
    ),
    "resolution": (
        _("Waktu penyelesaian (MTTR)"),
        _(
            "Waktu kerja dari tiket dibuat sampai terselesaikan; masa menunggu tidak dihitung. Tiket yang masih "
            "terbuka, dibatalkan, digabung, diarsipkan, atau diserahkan tidak ikut."
        ),
    ),
    "percentile": (
        _("Median dan p90"),
        _(
            "Separuh, dan sembilan dari sepuluh tiket, selesai paling lama dalam waktu itu. Angkanya dibulatkan ke "
            "atas: 1 menit sampai satu jam, 5 menit sampai 8 jam, 30 menit sampai 40 jam, lalu 2 jam, dan 8 jam di "
            "atas 160 jam. Rata-rata tidak dibulatkan seperti itu."
        ),
    ),
    "resolved": (
        _("Terselesaikan"),
        _(
            "Tiket yang kini terselesaikan atau ditutup, kecuali yang dibatalkan, digabung, diarsipkan, atau "
            "diserahkan. Permintaan yang ditolak ikut: pemohonnya mendapat jawaban."
        ),
    ),
    "first_contact": (
        _("Selesai pada kontak pertama"),
        _(
            "Tiket terselesaikan yang tidak pernah berpindah tim, tidak pernah dibuka kembali, dan kepada pelapornya "
            "petugas hanya sekali berkata, yaitu penyelesaiannya; dibagi semua yang terselesaikan."
        ),
    ),
    "reopen_rate": (
        _("Tingkat dibuka kembali"),
        _(
            "Tiket yang pernah dibuka kembali, dibagi tiket yang pernah selesai: yang kini selesai dan yang terbuka "
            "lagi."
        ),
    ),
    "volume": (_("Tiket masuk"), _("Tiket yang dibuat dalam masa itu, menurut keadaannya sekarang.")),
    "heat_map": (
        _("Jam ramai"),
        _("Tiket menurut hari dan jam pembuatannya, waktu setempat. Tanggal merah tidak dipisahkan."),
    ),
    "stages": (
        _("Lama per tahap"),
        _(
            "Waktu kerja menurut kalender utama yang dilewati tiket di tiap tahap, dirata-rata per tiket yang pernah "
            "berada di sana. Tahap yang masih berlangsung belum ikut."
        ),
    ),
    "holds": (
        _("Lama menunggu"),
        _(
            "Waktu kerja menurut kalender utama selama tiket menunggu, menurut siapa yang ditunggu. Masa tunggu yang "
            "masih berlangsung belum ikut."
        ),
    ),
    "causes": (
        _("Sebab lewat tenggat"),
        _(
            "Setiap tenggat penyelesaian yang lewat dihitung sekali menurut tempat dan sekali menurut tim. Bila "
            "tiketnya sudah selesai: tempat dan tim dengan waktu kerja terbanyak sebelum terselesaikan. Bila masih "
            "terbuka: tempat dan tim tiket itu sekarang."
        ),
    ),
    "cause_time": (
        _("Lama, tiket selesai"),
        _(
            "Waktu kerja menurut kalender utama yang dihabiskan tiket-tiket selesai yang lewat tenggat, di tempat itu "
            "atau dipegang tim itu, sebelum terselesaikan."
        ),
    ),
    "backlog": (
        _("Tiket terbuka menurut umur"),
        _(
            "Semua tiket yang sekarang terbuka, kapan pun dibuatnya. Umurnya dalam hari kalender setempat sejak "
            "dibuat, termasuk hari libur."
        ),
    ),
    "agents": (
        _("Beban petugas"),
        _(
            "Menurut petugas dan tim tiket sekarang: yang terbuka saat ini, yang terselesaikan dalam masa itu, dan "
            "dari keduanya yang melewati tenggat penyelesaian. Hanya untuk koordinator timnya dan administrator."
        ),
    ),
    "trend": (
        _("Perkembangan"),
        _(
            "Dibandingkan dengan masa sebelumnya yang sama panjang (bulan penuh dengan bulan penuh) dan tanggal yang "
            "sama tahun lalu. Tiket yang lebih baru belum lama berjalan; dan Ramadan bergeser tiap tahun, sehingga "
            "bulan dengan jam kerja pendek dapat bersanding dengan bulan biasa."
        ),
    ),
}
"""Name → (term, sentence)."""

ATTAINMENT = ("period", "clock", "met", "breached", "running", "attainment", "finished", "open", "reopened", "coverage")
"""What the report of attainment shows, in the order of its page."""
ALWAYS = ("period", "coverage")
"""What holds for every figure of every report."""


def words(*names: str) -> list[tuple[Promise, Promise]]:
    """(term, sentence) of these names, each once, in their order."""
    return [FIGURES[name] for name in dict.fromkeys(names)]
