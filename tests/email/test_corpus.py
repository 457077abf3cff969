"""The mail of common programs gives the right subject, visible text, files, kind and decision."""

import pytest

from channels_bot.email import inbound
from channels_bot.email.parsing import parse_email
from channels_bot.models import Mailbox
from tests.email.clients import CLIENTS
from tests.email.samples import CASES

ALL = [*CASES, *CLIENTS]


def test_the_corpus_is_large_and_its_cases_have_names_of_their_own():
    assert len({case.name for case in ALL}) == len(ALL) >= 150
    assert all(case.expect for case in ALL)


@pytest.mark.parametrize("case", ALL, ids=lambda case: case.name)
def test_what_is_read(case):
    parsed = parse_email(case.raw)
    seen = {
        "names": [attachment.name for attachment in parsed.attachments],
        "sender": parsed.from_.email,
        **{name: getattr(parsed, name) for name in ("text", "subject", "auto", "references", "in_reply_to")},
    }
    expected = {name: value for name, value in case.expect.items() if name != "decision"}
    assert {name: seen[name] for name in expected} == expected
    assert "unparsable" not in parsed.defects


def test_what_becomes_of_it(cast):
    Mailbox.objects.create(name="uji", address="layanan@contoh.go.id")
    wrong = {}
    for number, case in enumerate(CLIENTS):
        raw = case.raw.replace(b"sari@contoh.id", b"sari%d@contoh.id" % number)
        result = inbound.receive_raw(raw, "uji")
        decision = result.record.reason or str(result.outcome)
        if decision != case.expect["decision"]:
            wrong[case.name] = decision
    assert not wrong
