"""What the embedded database needs to be told; on PostgreSQL all of it does nothing."""

import os

from django.db import connection


def settle() -> None:
    """Write the committed transactions to the disk, before somebody else forgets something because of us.

    A commit in WAL mode survives a crash of the process, but a loss of power only after the next checkpoint; here the
    log is written out without waiting for one. Raises OSError when the disk refuses.
    """
    if connection.vendor != "sqlite":
        return
    name = str(connection.settings_dict["NAME"])
    try:
        log = os.open(f"{name}-wal", os.O_RDONLY)
    except FileNotFoundError:
        return  # a database in memory, or one whose log was checkpointed away
    try:
        os.fsync(log)
    finally:
        os.close(log)


def use_little_memory() -> None:
    """Keep few pages of the database in this process, which does one thing and ends."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA cache_size=-4000")
            cursor.execute("PRAGMA mmap_size=0")
