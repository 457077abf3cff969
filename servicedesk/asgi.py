"""ASGI: HTTP by Django, websockets by channels, both from the same origin only."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "servicedesk.settings")

from django.core.asgi import get_asgi_application

http = get_asgi_application()  # loads the apps; the imports below need them

from channels.auth import AuthMiddlewareStack  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from channels.security.websocket import AllowedHostsOriginValidator  # noqa: E402

from tickets.routing import websocket_urlpatterns  # noqa: E402

application = ProtocolTypeRouter(
    {
        "http": http,
        "websocket": AllowedHostsOriginValidator(AuthMiddlewareStack(URLRouter(websocket_urlpatterns))),
    }
)
