from io import StringIO

import pytest
from django.core.management import call_command


def run(name, **options) -> str:
    """What a management command printed."""
    out = StringIO()
    call_command(name, stdout=out, **options)
    return out.getvalue()


@pytest.fixture
def reference(db):
    """The shipped reference data."""
    run("load_reference")
