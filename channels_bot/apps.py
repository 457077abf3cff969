from django.apps import AppConfig


class ChannelsBotConfig(AppConfig):
    name = "channels_bot"
