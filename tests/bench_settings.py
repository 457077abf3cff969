"""The product's settings plus one bare view to compare with."""

from servicedesk.settings import *  # noqa: F403

ROOT_URLCONF = "tests.bench_urls"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}  # noqa: F405
