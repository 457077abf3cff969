from django.urls import path

from reports import changes
from reports.views import figures, recap, saved, sla

app_name = "reports"

READING = [
    path("", sla.report, name="sla"),
    path("angka/", figures.report, name="figures"),
    path("angka/tiket/", figures.tickets, name="figure_tickets"),
    path("perubahan/", changes.results, name="changes"),
    path("tiket/", sla.tickets, name="sla_tickets"),
    path("unduh/", sla.export, name="sla_export"),
    path("rekap/", recap.page, name="recap"),
    path("rekap/unduh/", recap.recapitulation, name="recap_file"),
    path("tersimpan/", saved.listing, name="saved_list"),
]
"""Pages that show what their query asks for, and change nothing."""

KEEPING = [
    path("simpan/", saved.save, name="saved_save"),
    path("tersimpan/<int:pk>/", saved.open_saved, name="saved"),
    path("tersimpan/<int:pk>/ubah/", saved.edit, name="saved_edit"),
    path("tersimpan/<int:pk>/hapus/", saved.delete, name="saved_delete"),
    path("tersimpan/<int:pk>/jadwal/", saved.plan, name="saved_plan"),
    path("tersimpan/<int:pk>/jadwal/hentikan/", saved.unplan, name="saved_unplan"),
    path("tersimpan/<int:pk>/berhenti/", saved.leave, name="saved_leave"),
    path("tersimpan/<int:pk>/kirim/", saved.send_now, name="saved_send"),
]
"""Saved reports; only their owners change them."""

urlpatterns = [*READING, *KEEPING]
