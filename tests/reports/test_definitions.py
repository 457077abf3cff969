"""One sentence for each figure: on the screen, in the files, and in the documentation."""

import re
from html import unescape
from pathlib import Path

import pytest
from django.conf import settings

from reports import dashboard
from reports.definitions import ALWAYS, ATTAINMENT, FIGURES

ROW = re.compile(r"^\| (.+?) \| (.+?) \| .+ \|$", re.MULTILINE)
FIGURE_PAGE = (
    "volume", "open", "resolved", "attainment", "breached", "response", "resolution", "first_contact", "reopen_rate",
    "percentile", "causes", "cause_time", "stages", "holds", "backlog", "heat_map", "agents", "trend", *ALWAYS,
)  # fmt: skip
RECAP_PAGE = (
    "volume", "open", "resolved", "attainment", "met", "breached", "response", "resolution", "first_contact",
    "reopen_rate", "causes", "cause_time", "stages", "holds", "trend", *ALWAYS,
)  # fmt: skip
SCREENS = [
    ("/laporan/", [FIGURES[name] for name in ATTAINMENT]),
    ("/laporan/angka/", [FIGURES[name] for name in FIGURE_PAGE]),
    ("/laporan/rekap/", [FIGURES[name] for name in RECAP_PAGE]),
    ("/kinerja/", list(dashboard.WORDS)),
]


def documented():
    text = Path(settings.BASE_DIR, "docs", "reports.md").read_text()
    return {term: sentence for term, sentence in ROW.findall(text) if term not in ("Angka", "---")}


@pytest.mark.parametrize("address, words", SCREENS, ids=[address for address, _words in SCREENS])
def test_the_screen_says_what_the_documentation_says(cast, client, address, words):
    client.force_login(cast.koordinator)
    shown = unescape(client.get(address).content.decode())
    in_docs = documented()
    for term, sentence in words:
        assert in_docs[str(term)] == str(sentence)
        assert str(term) in shown and str(sentence) in shown, term


def test_the_documentation_defines_nothing_that_no_screen_shows():
    assert set(documented()) == {str(term) for _address, words in SCREENS for term, _sentence in words}
