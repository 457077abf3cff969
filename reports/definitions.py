"""What each figure of the SLA report means; printed beside the figures and written into the workbook.

`docs/reports.md` says the same at more length. Whoever changes a figure in `reports.sla` changes its sentence here.
"""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

DEFINITIONS: tuple[tuple[Promise, Promise], ...] = (
    (
        _("Masa"),
        _("Tiket masuk ke masa pembuatannya menurut tanggal setempat; hari pertama dan terakhir ikut dihitung."),
    ),
    (
        _("Jam SLA"),
        _(
            "Setiap tiket punya paling banyak satu jam per ukuran. Waktunya dihitung pada jam kerja; selama tiket "
            "menunggu, jam berhenti sementara."
        ),
    ),
    (_("Tercapai"), _("Jam yang berhenti pada atau sebelum tenggatnya.")),
    (_("Lewat tenggat"), _("Jam yang tenggatnya terlampaui, baik tiketnya sudah selesai maupun belum.")),
    (
        _("Berjalan"),
        _("Jam yang belum berhenti dan belum lewat tenggat, termasuk yang sedang berhenti sementara."),
    ),
    (
        _("Ketercapaian"),
        _(
            "Tercapai ÷ (tercapai + lewat tenggat), dalam persen. Jam yang berjalan belum ikut dibagi; tanda “–” "
            "berarti belum ada jam yang dinilai."
        ),
    ),
    (
        _("Selesai"),
        _(
            "Tiket yang kini terselesaikan atau ditutup. Tiket yang dibatalkan, ditolak, diarsipkan, atau diserahkan "
            "ikut dihitung: penutupan seperti itu juga menghentikan jamnya."
        ),
    ),
    (
        _("Dibuka kembali"),
        _("Jam penyelesaian berjalan lagi dengan waktu yang sudah terpakai, dan dinilai saat tiket selesai lagi."),
    ),
    (
        _("Cakupan"),
        _(
            "Hanya tiket yang boleh Anda lihat. Tiket rahasia dan pelaporan pelanggaran tidak ikut dihitung, kecuali "
            "bagi petugas rahasia yang menanganinya."
        ),
    ),
)
"""(term, sentence) in the order of the page."""
