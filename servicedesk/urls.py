"""All addresses of the desk."""

from django.contrib import admin
from django.urls import include, path

from servicedesk import health, views
from tickets.views.portal.attachments import attachment

urlpatterns = [
    path("", include("tickets.urls.portal")),
    path("kerja/", include("tickets.urls.agent")),
    path("laporan/", include("reports.urls")),
    path("lampiran/<uuid:uuid>/", attachment, name="attachment"),
    path("kanal/", include("channels_bot.urls")),
    path("akun/", include("allauth.account.urls")),
    path("setelah-masuk/", views.after_login, name="after_login"),
    path("api/", include("servicedesk.api.urls")),
    path("admin/", admin.site.urls),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", health.metrics, name="metrics"),
]
