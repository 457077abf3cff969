"""Settings of the tests: the product's own, with fast hashing, private folders, and servers only when asked for."""

import os
import tempfile
from pathlib import Path

os.environ["DATABASE_URL"] = os.environ.get("TEST_DATABASE_URL", "")
os.environ["REDIS_URL"] = os.environ.get("TEST_REDIS_URL", "")
if os.environ["REDIS_URL"]:
    # Parallel test processes clear their cache between tests: each gets a Redis database of its own.
    _server, _slash, _number = os.environ["REDIS_URL"].rpartition("/")
    _worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
    os.environ["REDIS_URL"] = f"{_server}/{int(_number or 0) + int(_worker)}"
for _name in (
    "EMAIL_URL",
    "IMAP_URL",
    "TELEGRAM_BOT_TOKEN",
    "TELEGRAM_WEBHOOK_SECRET",
    "TELEGRAM_BOT_USERNAME",
    "DEMO_PASSWORD",
    "BASE_URL",
):
    os.environ.pop(_name, None)
os.environ.setdefault("SECRET_KEY", "only-for-tests-" + "x" * 40)
os.environ["VAR_DIR"] = tempfile.mkdtemp(prefix="layanan-test-")

from servicedesk.settings import *  # noqa: E402, F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}  # noqa: F405
STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # noqa: F405
LOGGING["root"]["level"] = "ERROR"  # noqa: F405
if os.environ["DATABASE_URL"]:
    # The pool keeps connections to the test database open, which then could not be dropped.
    DATABASES["default"]["OPTIONS"].pop("pool", None)  # noqa: F405
EMAIL_OUTBOX_DIR = Path(os.environ["VAR_DIR"]) / "outbox"
