"""Subjects of our mails: every server on the way reads them, so they name nobody. Pure functions."""

import re
from collections.abc import Iterable

GONE = "…"
_ADDRESS = re.compile(r"[\w.+=-]{1,64}@[\w.-]{1,255}")
_NUMBER = re.compile(r"\+?\d(?:[ .-]?\d){8,30}|\d{7,40}")
"""NIK, NIP, telephone numbers and the like; dates and times have fewer digits."""
_MOST = 300


def without_personal_data(subject: str, names: Iterable[str] = ()) -> str:
    """The subject without addresses, long numbers, and the given names of people.

    >>> without_personal_data("Akun sari@contoh.id, NIK 1809 0112 3456 7890 (Sari Dewi)", ["Sari Dewi"])
    'Akun …, NIK … (…)'
    >>> without_personal_data("Rapat 24-11-2026 pukul 10.30")
    'Rapat 24-11-2026 pukul 10.30'
    """
    text = _NUMBER.sub(GONE, _ADDRESS.sub(GONE, subject[:_MOST]))
    for name in names:
        words = [re.escape(word) for word in name.split() if len(word) > 3]
        for each in (r"\s+".join(map(re.escape, name.split())), *words):
            if each:
                text = re.sub(rf"(?<!\w){each}(?!\w)", GONE, text, flags=re.IGNORECASE)
    return re.sub(rf"{GONE}(?:\s*{GONE})+", GONE, text)
