"""Addresses of the public dashboard. Others link to them: keep them."""

from django.urls import path

from reports.views import public

app_name = "performance"

urlpatterns = [
    path("", public.page, name="page"),
    path("data.json", public.as_json, name="json"),
    path("data.csv", public.as_csv, name="csv"),
]
