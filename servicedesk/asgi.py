"""ASGI: HTTP by Django, websockets by channels, both from the same origin only."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "servicedesk.settings")

from django.core.asgi import get_asgi_application

http = get_asgi_application()  # loads the apps; the imports below need them

from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from tickets.routing import websocket_urlpatterns

application = ProtocolTypeRouter(
    {
        "http": http,
        "websocket": AllowedHostsOriginValidator(AuthMiddlewareStack(URLRouter(websocket_urlpatterns))),
    }
)
