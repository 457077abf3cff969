"""`Idempotency-Key`: the same request twice is one change and one answer."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from servicedesk.api import idempotency
from servicedesk.models import IdempotencyKey
from servicedesk.worker import jobs
from tests import factories
from tests.api.conftest import Caller, is_problem
from tests.races import errors, together
from tickets.models import Ticket

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 20
REPORT = {"kind": "incident", "subject": "Printer mati", "description": "Lampunya padam sejak pagi."}


def test_a_repeated_report_is_one_ticket(api, cast):
    first = api("asn").post("tickets/", REPORT, idempotency_key="kunci-1")
    again = api("asn").post("tickets/", REPORT, idempotency_key="kunci-1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json() and Ticket.objects.count() == 1
    for name in ("ETag", "Location", "Content-Type"):
        assert first[name] == again[name]
    assert "Idempotency-Replayed" not in first and again["Idempotency-Replayed"] == "true"


def test_the_same_words_in_another_order_are_the_same_request(api, cast):
    api("asn").post("tickets/", REPORT, idempotency_key="k")
    again = api("asn").post("tickets/", dict(reversed(REPORT.items())), idempotency_key="k")
    assert again["Idempotency-Replayed"] == "true"


def test_without_a_key_or_with_another_one_it_is_another_report(api, cast):
    for key in ("a", "b"):
        api("asn").post("tickets/", REPORT, idempotency_key=key)
    for _each in range(2):
        api("asn").post("tickets/", REPORT)
    assert Ticket.objects.count() == 4


def test_a_key_with_another_body_is_refused(api, cast):
    api("asn").post("tickets/", REPORT, idempotency_key="k")
    response = api("asn").post("tickets/", {**REPORT, "subject": "Lain"}, idempotency_key="k")
    assert is_problem(response, 422)["type"] == "urn:spbe:problem:idempotency-key-reused"
    ticket = Ticket.objects.get()
    is_problem(api("asn").say(ticket, idempotency_key="k"), 422)
    assert ticket.messages.count() == 1


def test_keys_of_different_people_do_not_meet(api, cast):
    numbers = {api(name).post("tickets/", REPORT, idempotency_key="k").json()["number"] for name in ("asn", "warga")}
    assert len(numbers) == 2


def test_a_refused_request_may_be_corrected_under_its_key(api, cast):
    is_problem(api("asn").post("tickets/", {**REPORT, "subject": ""}, idempotency_key="k"), 400)
    assert api("asn").post("tickets/", REPORT, idempotency_key="k").status_code == 201


def test_steps_and_messages_are_repeated_safely(api, cast):
    ticket, caller = factories.ticket(), api("agen")
    tag = caller.ticket(ticket)["ETag"]
    steps = [caller.step(ticket, "start", if_match=tag, idempotency_key="s") for _each in range(2)]
    assert [each.status_code for each in steps] == [200, 200] and steps[0].json() == steps[1].json()
    words = [caller.say(ticket, "Halo.", idempotency_key="m") for _each in range(2)]
    assert words[0].json() == words[1].json()
    assert ticket.messages.count() == 2
    assert ticket.timeline.filter(code="ticket.transition").count() == 1


def test_forms_with_files_are_compared_by_content(api, cast):
    ticket = factories.ticket()

    def send(content):
        file = SimpleUploadedFile("foto.png", content, "image/png")
        path = f"tickets/{ticket.number}/messages/"
        return api("agen").post(path, {"text": "Lihat."}, files={"attachments": file}, idempotency_key="k")

    first, again = send(PNG), send(PNG)
    assert first.status_code == 201 and first.json() == again.json()
    assert first.json()["attachments"][0]["size"] == len(PNG)
    is_problem(send(PNG + b"1"), 422)
    assert ticket.messages.count() == 2


@pytest.mark.parametrize("key", ["", "x" * 256, "a\tb", "kuncié"])
def test_keys_that_are_none_are_refused(api, cast, key):
    document = is_problem(api("asn").post("tickets/", REPORT, idempotency_key=key), 400)
    assert list(document["errors"]) == ["Idempotency-Key"]


def test_a_key_lives_for_a_day(api, cast):
    first = api("asn").post("tickets/", REPORT, idempotency_key="k").json()["number"]
    IdempotencyKey.objects.update(created_at=timezone.now() - timedelta(hours=24, seconds=1))
    assert api("asn").post("tickets/", REPORT, idempotency_key="k").json()["number"] != first
    assert IdempotencyKey.objects.count() == 1


def test_the_worker_forgets_old_keys(api, cast):
    for key in "ab":
        api("asn").post("tickets/", REPORT, idempotency_key=key)
    IdempotencyKey.objects.filter(key="a").update(created_at=timezone.now() - timedelta(hours=25))
    assert idempotency.forget_expired() == 1
    assert [each.key for each in IdempotencyKey.objects.all()] == ["b"]
    assert idempotency.forget_expired in {job.run for job in jobs()}


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_the_same_request_twice_at_once_is_one_ticket():
    people = factories.cast()
    factories.ticket(requester=people.asn)  # the contact and the number sequence exist, as they usually do
    before = Ticket.objects.count()
    for round_ in range(5):
        callers = [Caller(people.asn) for _each in range(2)]
        results = together(
            *(lambda c=c, r=round_: c.post("tickets/", REPORT, idempotency_key=f"k{r}") for c in callers)
        )
        assert errors(results) == []
        assert {each.status_code for each in results} == {201}
        assert len({each.json()["number"] for each in results}) == 1
        assert Ticket.objects.count() == before + round_ + 1
