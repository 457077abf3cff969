import pytest
from django.conf import settings
from django.core.management import call_command

from tests import factories
from tickets.choices import Kind
from tickets.documentation import page
from tickets.timeline import last_position


@pytest.mark.parametrize("kind", Kind.values)
def test_the_workflow_page_is_what_the_code_says(kind):
    stored = (settings.BASE_DIR / "docs" / "workflows" / f"{kind}.md").read_text(encoding="utf-8")
    assert stored == page(kind), "run: make docs"


def test_verify_audit_passes_on_untouched_tickets(cast, capsys):
    ticket = factories.ticket(requester=cast.warga)
    assert last_position(ticket.pk) == 2
    call_command("verify_audit")
    assert "1 tiket utuh" in capsys.readouterr().out
