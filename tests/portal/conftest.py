import re
import uuid

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests import factories

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 50


def picture(name="foto layar.png", content=PNG):
    return SimpleUploadedFile(name, content, content_type="image/png")


def report_data(**kw):
    data = {
        "jenis": "incident",
        "submission": str(uuid.uuid4()),
        "subject": "Internet mati",
        "text": "Internet kantor mati sejak pagi.",
        "name": "Sari",
        "email": "sari@contoh.id",
    }
    return data | kw


def page(response):
    """The words of a page without markup, spaces joined."""
    html = re.sub(r"<(script|style)\b.*?</\1>", " ", response.content.decode(), flags=re.S)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def follow(client, ticket):
    """Open the tracking page of a ticket with its number and code."""
    return client.post("/lacak/", {"number": ticket.number, "code": ticket.access_code})


@pytest.fixture
def service(cast):
    return factories.service("email-dinas", requestable=True, support_team=cast.network)
