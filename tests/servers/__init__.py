"""Servers of our own for tests and for trying things by hand: a Telegram Bot API, SMTP and IMAP."""
