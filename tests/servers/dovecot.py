"""Debian's dovecot as a throw-away IMAP server: own configuration, own port, own folder, any user incl. root."""

import contextlib
import grp
import itertools
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from pathlib import Path
from typing import Self

BINARY = shutil.which("dovecot", path="/usr/sbin:/usr/bin:/usr/local/sbin") or ""
PASSWORD = "rahasia"  # of a server that lives for one test
START_SECONDS = 15
STOP_SECONDS = 10

# No chroot anywhere and all services under one account, so that it runs without privileges too.
CONFIGURATION = """
base_dir = {folder}/run
state_dir = {folder}/run
instance_name = uji
protocols = imap
listen = 127.0.0.1
log_path = /dev/stderr
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain login
default_internal_user = {internal_user}
default_internal_group = {internal_group}
default_login_user = {login_user}
first_valid_uid = 1
mail_location = maildir:~/Maildir
mail_fsync = never
passdb {{
  driver = passwd-file
  args = scheme=plain username_format=%u {folder}/users
}}
userdb {{
  driver = static
  args = uid={mail_uid} gid={mail_gid} home={folder}/mail/%u
}}
namespace inbox {{
  inbox = yes
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service anvil {{
  chroot =
}}
"""


def dovecot_available() -> bool:
    """Whether Debian's dovecot-imapd is installed; tests that need it are skipped otherwise."""
    return bool(BINARY) and Path("/usr/lib/dovecot/imap").exists()


class DovecotServer:
    """One IMAP server. `users` all have the password `rahasia`."""

    def __init__(self, users: tuple[str, ...] = ("layanan",)) -> None:
        self.users = users
        self.port = 0
        self.folder = Path()
        self.log: list[str] = []
        self._process: subprocess.Popen[str] | None = None
        self._ready = threading.Event()
        self._reader: threading.Thread | None = None
        self._numbers = itertools.count(1)
        self._owner = pwd.getpwnam("mail") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())

    def start(self) -> Self:
        """Start listening. Raises RuntimeError with dovecot's own words when it does not."""
        if not dovecot_available():
            raise RuntimeError("dovecot is missing: apt-get install dovecot-imapd")
        self.folder = Path(tempfile.mkdtemp(prefix="dovecot-"))
        self.folder.chmod(0o755)  # its processes run as other accounts
        (self.folder / "users").write_text("".join(f"{user}:{{plain}}{PASSWORD}\n" for user in self.users))
        for user in self.users:
            for part in ("", "Maildir", "Maildir/new", "Maildir/cur", "Maildir/tmp"):
                self._make_folder(self.folder / "mail" / user / part)
        self.port = _free_port()
        try:
            self._launch()
        except BaseException:
            self.stop()
            raise
        return self

    def _make_folder(self, path: Path) -> None:
        path.mkdir(parents=True, exist_ok=True)
        os.chown(path, self._owner.pw_uid, self._owner.pw_gid)

    def _launch(self) -> None:
        is_root = os.geteuid() == 0
        configuration = self.folder / "dovecot.conf"
        configuration.write_text(
            CONFIGURATION.format(
                folder=self.folder,
                port=self.port,
                internal_user="dovecot" if is_root else self._owner.pw_name,
                internal_group="dovecot" if is_root else grp.getgrgid(self._owner.pw_gid).gr_name,
                login_user="dovenull" if is_root else self._owner.pw_name,
                mail_uid=self._owner.pw_uid,
                mail_gid=self._owner.pw_gid,
            )
        )
        self._ready.clear()
        # A session of its own lets `kill` reach all of its processes at once.
        self._process = subprocess.Popen(
            [BINARY, "-F", "-c", str(configuration)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read_log, args=(self._process,), daemon=True)
        self._reader.start()
        if not self._ready.wait(START_SECONDS) or self._process.poll() is not None:
            raise RuntimeError("dovecot did not start:\n" + "\n".join(self.log[-20:]))

    def _read_log(self, process: "subprocess.Popen[str]") -> None:
        assert process.stderr is not None
        for line in process.stderr:
            self.log.append(line.rstrip())
            if "starting up" in line:  # said once its ports are open
                self._ready.set()
        process.wait()
        self._ready.set()  # it ended; whoever waits for it must look

    def stop(self) -> None:
        """End the server in order and remove its folder."""
        self._end(signal.SIGTERM)
        if self.folder != Path():
            shutil.rmtree(self.folder)
            self.folder = Path()

    def kill(self) -> None:
        """End all of its processes at once, in the middle of whatever they do; the mail stays for `restart`."""
        self._end(signal.SIGKILL)

    def restart(self) -> None:
        """Start again on the same port with the same mail."""
        self._end(signal.SIGTERM)
        self._launch()

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if how != signal.SIGKILL:
            process.send_signal(how)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(STOP_SECONDS)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(STOP_SECONDS)
        assert self._reader is not None
        self._reader.join(STOP_SECONDS)  # its end of file means that no process is left
        assert process.stderr is not None
        process.stderr.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_exception: object) -> None:
        self.stop()

    @property
    def imap_url(self) -> str:
        """For IMAP_URL: imap://layanan:rahasia@127.0.0.1:PORT/INBOX."""
        return self.url_of(self.users[0])

    def url_of(self, user: str) -> str:
        return f"imap://{user}:{PASSWORD}@127.0.0.1:{self.port}/INBOX"

    def deliver(self, raw: bytes, user: str = "") -> Path:
        """Put one message into INBOX, whole or not at all; the first user's unless told otherwise."""
        maildir = self.folder / "mail" / (user or self.users[0]) / "Maildir"
        name = f"{time.time():.6f}.P{os.getpid()}Q{next(self._numbers)}.uji"
        path = maildir / "tmp" / name
        path.write_bytes(raw.replace(b"\r\n", b"\n"))
        os.chown(path, self._owner.pw_uid, self._owner.pw_gid)
        return path.rename(maildir / "new" / name)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
