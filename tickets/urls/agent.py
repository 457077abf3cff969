"""The agent workspace, under /kerja/."""

from django.urls import path, register_converter

from tickets.views.agent import create, facts, quarantine, queue, steps, ticket


class TicketNumber:
    """What can be a ticket number at all; anything else is no address of the workspace."""

    regex = "[A-Za-z0-9-]{1,40}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(TicketNumber, "ticket_number")

app_name = "agent"

urlpatterns = [
    path("", queue.queue, name="queue"),
    path("ambil/", queue.take_many, name="take_many"),
    path("baru/", create.create, name="create"),
    path("baru/tanda-terima/", create.receipt, name="receipt"),
    path("karantina/", quarantine.quarantine, name="quarantine"),
    path("karantina/<int:pk>/", quarantine.decide, name="decide"),
    path("tiket/<ticket_number:number>/", ticket.ticket, name="ticket"),
    path("tiket/<ticket_number:number>/balas/", ticket.reply, name="reply"),
    path("tiket/<ticket_number:number>/ambil/", ticket.take, name="take"),
    path("tiket/<ticket_number:number>/langkah/<slug:name>/", steps.transition, name="transition"),
    path("tiket/<ticket_number:number>/ubah/", facts.edit, name="edit"),
    path("tiket/<ticket_number:number>/aset/", facts.assets, name="assets"),
    path("tiket/<ticket_number:number>/identitas/", facts.identity, name="identity"),
]
