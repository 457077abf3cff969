"""Standard changes and the questionnaire, as programs use them."""

import json
from datetime import timedelta

import pytest

from accounts.tokens import issue
from tests.changes.factories import PLANS, answers, detail, questionnaire, template
from tickets.models import Ticket

REPORT = {"kind": "change", "subject": "Ganti sandi", "description": "Rutin."}


@pytest.fixture
def call(client, cast):
    token = issue(cast.agen, "tes", ("read", "write"), timedelta(days=1))

    def send(method, path, body=None):
        return client.generic(
            method, f"/api/v1/{path}", json.dumps(body or {}), "application/json",
            headers={"Authorization": f"Bearer {token}"},
        )  # fmt: skip

    return send


def test_a_standard_change_names_its_template(call):
    made = template()
    refused = call("POST", "tickets/", {**REPORT, "change_type": "standard"})
    assert refused.status_code == 400 and "change_template" in refused.json()["errors"]
    assert call("POST", "tickets/", {**REPORT, "change_template": "sandi"}).status_code == 400
    assert call("POST", "tickets/", {**REPORT, "kind": "incident", "change_type": "normal"}).status_code == 400
    answer = call("POST", "tickets/", {**REPORT, "change_type": "standard", "change_template": "sandi"})
    assert answer.status_code == 201, answer.content
    assert detail(Ticket.objects.get()).template == made


def test_the_questions_are_inputs_of_the_step(call):
    questionnaire()
    number = call("POST", "tickets/", REPORT).json()["number"]
    path = f"tickets/{number}/transitions"
    step = call("POST", f"{path}/submit/").json()["transitions"]
    inputs = {each["name"]: each for info in step if info["name"] == "assess" for each in info["inputs"]}
    assert [each["label"] for each in inputs["risk_kembali"]["choices"]] == ["Jawab 0", "Jawab 3"]
    assert call("POST", f"{path}/assess/", {**PLANS, "risk_lain": "1"}).status_code == 400
    assert call("POST", f"{path}/assess/", {**PLANS, **answers(3, 3)}).status_code == 200
    assert detail(Ticket.objects.get()).risk == 3
