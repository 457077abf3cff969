"""The agent workspace, under /kerja/."""

from django.urls import path

from tickets.views.agent import create, facts, quarantine, queue, steps, ticket

app_name = "agent"

urlpatterns = [
    path("", queue.queue, name="queue"),
    path("ambil/", queue.take_many, name="take_many"),
    path("baru/", create.create, name="create"),
    path("baru/tanda-terima/", create.receipt, name="receipt"),
    path("karantina/", quarantine.quarantine, name="quarantine"),
    path("karantina/<int:pk>/", quarantine.decide, name="decide"),
    path("tiket/<str:number>/", ticket.ticket, name="ticket"),
    path("tiket/<str:number>/balas/", ticket.reply, name="reply"),
    path("tiket/<str:number>/ambil/", ticket.take, name="take"),
    path("tiket/<str:number>/langkah/<str:name>/", steps.transition, name="transition"),
    path("tiket/<str:number>/ubah/", facts.edit, name="edit"),
    path("tiket/<str:number>/aset/", facts.assets, name="assets"),
    path("tiket/<str:number>/identitas/", facts.identity, name="identity"),
]
