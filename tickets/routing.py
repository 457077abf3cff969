"""Addresses of the websockets."""

from django.urls import re_path

from tickets.consumers import QueueConsumer, TicketConsumer

websocket_urlpatterns = [
    re_path(r"^ws/kerja/$", QueueConsumer.as_asgi()),
    re_path(r"^ws/tiket/(?P<number>[A-Za-z0-9-]{1,40})/$", TicketConsumer.as_asgi()),
]
