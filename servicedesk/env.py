"""Typed readers of environment variables.

A malformed value stops the start with one sentence that says what to fix, so that a typing error in an
environment file is never discovered by the first citizen who meets it.
"""

import os
import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured


def text(name: str, default: str = "") -> str:
    return os.environ.get(name, "").strip() or default


def boolean(name: str, default: bool) -> bool:
    value = text(name).lower()
    if not value:
        return default
    if value in {"1", "true", "yes", "on", "ya"}:
        return True
    if value in {"0", "false", "no", "off", "tidak"}:
        return False
    raise ImproperlyConfigured(f"{name}={value!r} is neither true nor false. Write {name}=true or {name}=false.")


def integer(name: str, default: int, low: int, high: int) -> int:
    value = text(name)
    if not value:
        return default
    if not value.isdigit() or not low <= int(value) <= high:
        raise ImproperlyConfigured(f"{name}={value!r} is not a whole number from {low} to {high}.")
    return int(value)


def choice(name: str, default: str, choices: Iterable[str]) -> str:
    value = text(name, default).upper()
    allowed = list(choices)
    if value not in allowed:
        raise ImproperlyConfigured(f"{name}={value!r} is not one of {', '.join(allowed)}.")
    return value


def words(name: str, default: list[str]) -> list[str]:
    return [word.strip() for word in text(name).split(",") if word.strip()] or default


def url(name: str, default: str, schemes: Iterable[str]) -> str:
    value = text(name, default)
    if not value:
        return ""
    parts = urlsplit(value)
    allowed = list(schemes)
    if parts.scheme not in allowed or not parts.hostname:
        raise ImproperlyConfigured(f"{name} must look like {allowed[0]}://host (schemes: {', '.join(allowed)}).")
    try:
        _ = parts.port
    except ValueError:
        raise ImproperlyConfigured(f"{name} has a port that is not a number from 0 to 65535.") from None
    return value


def database(default_file: Path) -> dict[str, Any]:
    """The DATABASES["default"] entry of DATABASE_URL; SQLite in `default_file` when it is not set."""
    value = text("DATABASE_URL", f"sqlite:///{default_file}")
    if value.split("://")[0] not in {"sqlite", "postgres", "postgresql"}:
        raise ImproperlyConfigured("DATABASE_URL must start with sqlite:/// or postgres://.")
    config: dict[str, Any] = environ.Env.db_url_config(value)
    if config["ENGINE"] == "django.db.backends.sqlite3":
        config["OPTIONS"] = {
            # Writers queue at BEGIN instead of failing half-way with "database is locked".
            "transaction_mode": "IMMEDIATE",
            "timeout": 30,
            "init_command": (
                "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;"
                "PRAGMA cache_size=-32000; PRAGMA mmap_size=268435456; PRAGMA temp_store=MEMORY;"
            ),
        }
    else:
        config["CONN_MAX_AGE"] = 0
        # Under ASGI each request runs in its own thread: a pool reuses connections where CONN_MAX_AGE cannot.
        # Compiling a query whose cost is overrated takes a second, where running it takes milliseconds.
        config["OPTIONS"] = {"pool": {"min_size": 1, "max_size": 10, "timeout": 20}, "options": "-c jit=off"}
    return config


def email(value: str) -> dict[str, Any]:
    """Parts of an SMTP URL (smtp://, smtps://, smtp+tls://) as keyword arguments of Django's SMTP backend."""
    parts = urlsplit(value)
    ports = {"smtp": 25, "smtps": 465, "smtp+tls": 587}
    return {
        "host": parts.hostname or "",
        "port": parts.port or ports[parts.scheme],
        "username": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
        "use_tls": parts.scheme == "smtp+tls",
        "use_ssl": parts.scheme == "smtps",
    }


def secret_key(keep_in: Path, embedded: bool) -> str:
    """SECRET_KEY, or on the embedded default a random one made once and kept in `keep_in` (mode 0600)."""
    value = text("SECRET_KEY")
    if value:
        if len(value) < 32:
            raise ImproperlyConfigured("SECRET_KEY is too short: use at least 32 random characters.")
        return value
    if not embedded:
        raise ImproperlyConfigured("SECRET_KEY is required when DATABASE_URL is set. Use 50 random characters.")
    if not keep_in.exists():
        keep_in.parent.mkdir(parents=True, exist_ok=True)
        draft = keep_in.with_suffix(f".{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(48))
        try:
            # link() fails when another process was first, so two processes never use different keys.
            keep_in.hardlink_to(draft)
        except FileExistsError:
            keep_in.touch()
        finally:
            draft.unlink()
    return keep_in.read_text().strip()
