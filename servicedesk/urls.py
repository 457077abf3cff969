"""All addresses of the desk."""

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.urls import include, path

from accounts.views import EmailPage
from channels_bot.telegram import pages as telegram
from servicedesk import health, views
from tickets.views.approval_link import approval_link
from tickets.views.change_feed import change_feed
from tickets.views.portal.attachments import attachment

# Administrators sign in where everybody does, under the same limit of attempts.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]

urlpatterns = [
    path("", include("tickets.urls.portal")),
    path("kerja/telegram/", telegram.groups, name="telegram_groups"),
    path("kerja/telegram/<int:pk>/", telegram.group, name="telegram_group"),
    path("kerja/", include("tickets.urls.agent")),
    path("laporan/", include("reports.urls")),
    path("kinerja/", include("reports.urls_public")),
    path("lampiran/<uuid:uuid>/", attachment, name="attachment"),
    path("persetujuan/<str:token>/", approval_link, name="approval_link"),
    path("kalender/perubahan/<str:key>.ics", change_feed, name="change_feed"),
    path("kanal/", include("channels_bot.urls")),
    path("akun/email/", EmailPage.as_view(), name="account_email"),
    path("akun/pemberitahuan/", include("notify.urls")),
    path("akun/telegram/", telegram.account, name="account_telegram"),
    path("akun/", include("allauth.account.urls")),
    path("setelah-masuk/", views.after_login, name="after_login"),
    path("api/", include("servicedesk.api.urls")),
    path("admin/", admin.site.urls),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", health.metrics, name="metrics"),
]
