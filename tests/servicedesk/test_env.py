"""A malformed environment stops the start with a sentence that says what to fix."""

import os
import subprocess
import sys

import pytest
from django.conf import settings


def start(tmp_path, **variables):
    environment = {
        "PATH": os.environ["PATH"],
        "VAR_DIR": str(tmp_path),
        "DJANGO_SETTINGS_MODULE": "servicedesk.settings",
    }
    command = [sys.executable, "-c", "import django; django.setup()"]
    return subprocess.run(
        command, env=environment | variables, cwd=settings.BASE_DIR, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("DATABASE_URL", "mysql://x", "DATABASE_URL must start with"),
        ("DATABASE_URL", "postgres://a@b/c", "SECRET_KEY is required"),
        ("REDIS_URL", "http://x", "REDIS_URL must look like redis://host"),
        ("EMAIL_URL", "mail.contoh.id", "EMAIL_URL must look like smtp://host"),
        ("IMAP_URL", "imaps://a:b@c:70000/", "IMAP_URL has a port"),
        ("PORT", "delapan", "PORT='delapan' is not a whole number"),
        ("LOG_LEVEL", "BISING", "LOG_LEVEL='BISING' is not one of"),
        ("SECRET_KEY", "pendek", "SECRET_KEY is too short"),
        ("BEHIND_PROXY", "mungkin", "neither true nor false"),
    ],
)
def test_a_wrong_value_is_named(tmp_path, name, value, words):
    done = start(tmp_path, **{name: value})
    assert done.returncode != 0 and words in done.stderr


def test_an_empty_environment_works_and_keeps_its_key(tmp_path):
    assert start(tmp_path).returncode == 0
    key = (tmp_path / "secret_key").read_text()
    assert start(tmp_path).returncode == 0
    assert (tmp_path / "secret_key").read_text() == key and (tmp_path / "secret_key").stat().st_mode & 0o077 == 0
