from django.urls import path

from channels_bot.telegram.views import webhook

app_name = "channels"
urlpatterns = [path("telegram/webhook/", webhook, name="telegram")]
