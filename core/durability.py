"""Making sure that what was committed survives a loss of power, before somebody else forgets it because of us."""

import os

from django.db import connection


def settle() -> None:
    """Write the committed transactions to the disk. Raises OSError when the disk refuses.

    On SQLite a commit in WAL mode survives a crash of the process, but is on the disk for sure only after the next
    checkpoint; here the log is written out without waiting for one. PostgreSQL does it with every commit.
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
