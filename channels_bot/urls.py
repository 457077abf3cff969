from django.urls import path

from channels_bot import views
from channels_bot.telegram.views import webhook

app_name = "channels"
urlpatterns = [
    path("telegram/webhook/", webhook, name="telegram"),
    path("surat/", views.mail, name="mail"),
    path("surat/ulang/", views.mail_retry_all, name="mail_retry_all"),
    path("surat/<int:pk>/ulang/", views.mail_retry, name="mail_retry"),
    path("kata/", views.wordings, name="wordings"),
    path("kata/<slug:code>/", views.wording_edit, name="wording_edit"),
    path("kata/<slug:code>/pakai/", views.wording_use, name="wording_use"),
]
