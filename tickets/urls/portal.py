"""Addresses of the portal. They are printed on receipts and sent in mails: keep them."""

from django.urls import path

from tickets.views.portal import agreements, catalog, home, mine, report, track

app_name = "portal"

urlpatterns = [
    path("", home.home, name="home"),
    path("layanan/", catalog.catalog, name="catalog"),
    path("layanan/<slug:code>/", catalog.service, name="service"),
    path("layanan/<slug:code>/perjanjian/", agreements.agreement, name="agreement"),
    path("layanan/<slug:code>/perjanjian/pdf/", agreements.download, name="agreement_pdf"),
    path("lapor/", report.report, name="report"),
    path("lapor/terima-kasih/", report.received, name="received"),
    path("lacak/", track.track, name="track"),
    path("lacak/tiket/", track.tracked, name="tracked"),
    path("lacak/tiket/langkah/<slug:name>/", track.tracked_step, name="tracked_step"),
    path("lacak/keluar/", track.leave, name="track_leave"),
    path("tiket-saya/", mine.my_tickets, name="my_tickets"),
    path("tiket-saya/<slug:number>/", mine.ticket, name="ticket"),
    path("tiket-saya/<slug:number>/langkah/<slug:name>/", mine.ticket_step, name="ticket_step"),
]
