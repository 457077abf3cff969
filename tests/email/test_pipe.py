"""`manage.py receive_email` as a mail server runs it: any bytes end in an entry, soon and in little memory."""

import base64
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from channels_bot.email.inbound import MAX_BYTES
from tests.email.samples import plain
from tests.email.test_hostile import HOSTILE

pytestmark = pytest.mark.slow

MEGABYTES, SECONDS = 200, 5
NOISE = random.Random(7).randbytes(MAX_BYTES)
FILE = (
    b"From: a@b.id\nMessage-ID: <%s@b.id>\n%sContent-Type: multipart/mixed; boundary=x\n\n--x\n\nhalo\n"
    b"--x\nContent-Type: application/pdf; name=a.pdf\nContent-Transfer-Encoding: base64\n\n"
)
PACKED = base64.encodebytes(b"%PDF" + NOISE)[: MAX_BYTES - 1_000] + b"\n--x--\n"
LARGE = {
    "file": FILE % (b"satu", b"") + PACKED,
    "file-of-a-program": FILE % (b"dua", b"Precedence: bulk\n") + PACKED,
    "text": b"From: a@b.id\n\n" + b"halo dunia apa kabar\n" * (MAX_BYTES // 21 - 1),
    "noise": NOISE,
    "too-large": b"From: a@b.id\n\n" + b"x" * (4 * MAX_BYTES),
}
CHOSEN = ("quote-lines", "tags", "nesting", "quotations", "levels", "parts", "words", "commas", "nasty-parts", "prose")
CASES = {"nothing": b"", "nul": b"\x00" * 1000, **{name: HOSTILE[name] for name in CHOSEN}, **LARGE}


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """A desk of its own, with the county's data; commands run against it as in production."""
    folder = tmp_path_factory.mktemp("meja")
    environment = {
        **os.environ, "VAR_DIR": str(folder), "DATABASE_URL": "", "REDIS_URL": "", "SECRET_KEY": "x" * 40,
        "DJANGO_SETTINGS_MODULE": "servicedesk.settings", "LOG_LEVEL": "ERROR",
    }  # fmt: skip
    for command in ("migrate", "load_reference"):
        subprocess.run([*MANAGE, command], env=environment, check=True, capture_output=True)
    return environment


MANAGE = [sys.executable, str(Path(settings.BASE_DIR) / "manage.py")]
MEASURED = """
import os, re, sys
sys.path.insert(0, sys.argv.pop(1))
from django.core.management import execute_from_command_line
try:
    execute_from_command_line(["manage.py", "receive_email"])
finally:
    peak = int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read()).group(1)) // 1024
    print(f"{sum(os.times()[:4]):.2f} {peak}", file=sys.stderr)
"""


def receive(environment, raw):
    """(exit code, output, CPU seconds, megabytes at most) of one run of the pipe."""
    command = [sys.executable, "-c", MEASURED, str(settings.BASE_DIR)]
    done = subprocess.run(command, env=environment, input=raw, capture_output=True, check=False)
    seconds, megabytes = done.stderr.decode().splitlines()[-1].split()
    return done.returncode, done.stdout.decode(), float(seconds), int(megabytes)


@pytest.mark.parametrize("name", CASES)
def test_any_bytes_are_stored_soon_and_in_little_memory(desk, name):
    code, output, seconds, megabytes = receive(desk, CASES[name])
    assert code == 0 and output.split()[0] in {"created", "quarantined", "duplicate"}
    assert (seconds < SECONDS, megabytes < MEGABYTES) == (True, True), f"{seconds:.1f} s, {megabytes} MB"


def test_only_a_failing_database_makes_the_mail_server_keep_the_mail(desk, tmp_path):
    assert receive({**desk, "VAR_DIR": str(tmp_path)}, plain("Halo"))[0] == 75
