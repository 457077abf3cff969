from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ChannelsBotConfig(AppConfig):
    name = "channels_bot"
    verbose_name = _("Kanal")
