from django.urls import path

from reports import changes, views

app_name = "reports"
urlpatterns = [
    path("", views.report, name="sla"),
    path("perubahan/", changes.results, name="changes"),
    path("tiket/", views.tickets, name="sla_tickets"),
    path("unduh/", views.export, name="sla_export"),
]
