"""The agent workspace, under /kerja/."""

from django.urls import path

from tickets.urls import converters  # noqa: F401 - registers <ticket_number:…>
from tickets.urls.sla import urlpatterns as sla_urlpatterns
from tickets.views.agent import (
    approvals,
    automation,
    changes,
    create,
    dossier,
    facts,
    operations,
    problems,
    quarantine,
    queue,
    steps,
    ticket,
)

app_name = "agent"

urlpatterns = [
    path("", queue.queue, name="queue"),
    path("ambil/", queue.take_many, name="take_many"),
    path("baru/", create.create, name="create"),
    path("baru/tanda-terima/", create.receipt, name="receipt"),
    path("galat-dikenal/", problems.known_errors, name="known_errors"),
    path("calon-masalah/", problems.candidate_list, name="candidates"),
    path("perubahan/kalender/", changes.calendar, name="change_calendar"),
    path("perubahan/kalender/alamat/", changes.renew_feed, name="change_feed_renew"),
    path("tiket/<ticket_number:number>/pelaksanaan/", changes.log, name="change_log"),
    path("karantina/", quarantine.quarantine, name="quarantine"),
    path("karantina/<int:pk>/", quarantine.decide, name="decide"),
    path("persetujuan/", approvals.approvals, name="approvals"),
    path(
        "tiket/<ticket_number:number>/persetujuan/<int:pk>/limpahkan/",
        approvals.delegate,
        name="approval_delegate",
    ),
    path("tiket/<ticket_number:number>/", ticket.ticket, name="ticket"),
    path("tiket/<ticket_number:number>/balas/", ticket.reply, name="reply"),
    path("tiket/<ticket_number:number>/ambil/", ticket.take, name="take"),
    path("tiket/<ticket_number:number>/langkah/<slug:name>/", steps.transition, name="transition"),
    path("tiket/<ticket_number:number>/ubah/", facts.edit, name="edit"),
    path("tiket/<ticket_number:number>/aset/", facts.assets, name="assets"),
    path("tiket/<ticket_number:number>/akar-masalah/", problems.cause, name="cause"),
    path("tiket/<ticket_number:number>/gangguan/", problems.link_incidents, name="link_incidents"),
    path("tiket/<ticket_number:number>/identitas/", facts.identity, name="identity"),
    path("tiket/<ticket_number:number>/label/", operations.tag, name="tag"),
    path("tiket/<ticket_number:number>/amati/", operations.watch, name="watch"),
    path("tiket/<ticket_number:number>/tautan/", operations.link, name="link"),
    path("tiket/<ticket_number:number>/tautan/<int:pk>/", operations.unlink, name="unlink"),
    path("tiket/<ticket_number:number>/tugas/", operations.task_add, name="task_add"),
    path("tiket/<ticket_number:number>/tugas/<int:pk>/", operations.task, name="task"),
    path("tiket/<ticket_number:number>/waktu/", operations.time_add, name="time_add"),
    path("tiket/<ticket_number:number>/waktu/<int:pk>/", operations.time_remove, name="time_remove"),
    path("tiket/<ticket_number:number>/jenis/", operations.convert, name="convert"),
    path("tiket/<ticket_number:number>/pisah/<int:pk>/", operations.split, name="split"),
    path("tugas/", operations.my_tasks, name="my_tasks"),
    path("tugas/<int:pk>/", operations.task_done, name="task_done"),
    path("massal/", operations.many, name="many"),
    path("massal/hasil/", operations.many_results, name="many_results"),
    path("tiket/<ticket_number:number>/berkas/", dossier.export, name="dossier"),
    path("otomasi/", automation.listing, name="automation"),
    path("otomasi/baru/", automation.create, name="automation_create"),
    path("otomasi/catatan/", automation.log, name="automation_log"),
    path("otomasi/<int:pk>/", automation.edit, name="automation_edit"),
    path("otomasi/<int:pk>/saklar/", automation.switch, name="automation_switch"),
    path("otomasi/<int:pk>/pindah/", automation.move, name="automation_move"),
    path("otomasi/<int:pk>/hapus/", automation.delete, name="automation_delete"),
    *sla_urlpatterns,
]
