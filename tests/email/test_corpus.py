"""The mail of common programs gives the right subject, visible text, files and kind."""

import pytest

from channels_bot.email.parsing import parse_email
from tests.email.samples import CASES


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_corpus(case):
    parsed = parse_email(case.raw)
    seen = {
        "names": [attachment.name for attachment in parsed.attachments],
        "sender": parsed.from_.email,
        **{name: getattr(parsed, name) for name in ("text", "subject", "auto", "references", "in_reply_to")},
    }
    assert {name: seen[name] for name in case.expect} == case.expect
