"""Addresses of the SLA settings, below /kerja/sla/."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
