"""The Telegram channel."""

import os

# python-telegram-bot's coming way of giving durations; without it every 429 logs a deprecation.
os.environ.setdefault("PTB_TIMEDELTA", "true")
