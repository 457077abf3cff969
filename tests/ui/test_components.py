"""Components as a browser and a screen reader get them."""

import re
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from django import forms
from django.template.loader import render_to_string

AT = datetime(2026, 11, 24, 7, 5, tzinfo=UTC)


class Report(forms.Form):
    subject = forms.CharField(label="Perihal", help_text="Singkat saja.")
    email = forms.EmailField(label="Email", required=False)
    secrecy = forms.ChoiceField(
        label="Kerahasiaan", choices=[("normal", "Biasa"), ("secret", "Rahasia")], widget=forms.RadioSelect
    )
    agree = forms.BooleanField(label="Setuju")
    photo = forms.FileField(label="Foto", required=False)
    token = forms.CharField(widget=forms.HiddenInput)


def render(name, **context):
    return render_to_string(f"components/{name}.html", context)


def ids_of(html):
    return set(re.findall(r'\bid="([^"]+)"', html))


def references_of(html):
    found = re.findall(r'(?:aria-describedby|for)="([^"]+)"', html) + re.findall(r'href="#([^"]+)"', html)
    return {one for value in found for one in value.split()}


@pytest.mark.parametrize("data", [None, {"email": "bukan", "secrecy": "x"}])
def test_every_reference_in_a_form_leads_somewhere(data):
    html = render("_form", form=Report(data))
    assert references_of(html) - ids_of(html) == set()


def test_a_wrong_field_names_its_help_and_its_error():
    html = render("_field", field=Report({})["subject"])
    assert 'aria-describedby="id_subject_helptext id_subject_error"' in html
    assert 'aria-invalid="true"' in html
    assert 'class="form-control"' in html
    assert {"id_subject_helptext", "id_subject_error"} <= ids_of(html)


def test_a_help_given_by_the_page_replaces_the_fields_own_and_is_named():
    html = render("_field", field=Report()["email"], help="Untuk jawaban.")
    assert 'aria-describedby="id_email_helptext"' in html
    assert "Untuk jawaban." in html
    assert "Singkat" not in render("_field", field=Report()["subject"], help="Lain.")


def test_only_fields_that_may_stay_empty_are_marked():
    assert "(opsional)" in render("_field", field=Report()["email"])
    assert "(opsional)" not in render("_field", field=Report()["email"], optional_mark=False)
    assert "(opsional)" not in render("_field", field=Report()["subject"])


def test_radios_are_a_group_with_a_legend():
    html = render("_field", field=Report({"secrecy": "x"})["secrecy"])
    assert "<fieldset" in html
    assert "<legend" in html
    assert html.count('class="form-check-input"') == 2
    assert 'aria-describedby="id_secrecy_error"' in html


def test_form_keeps_no_draft_of_a_confidential_report():
    assert 'data-draft="lapor"' in render("_form", form=Report(), draft="lapor")
    secret = render("_form", form=Report(), draft="lapor", confidential=True)
    assert "data-draft=" not in secret
    assert 'data-draft-off="lapor"' in secret
    assert 'enctype="multipart/form-data"' in secret


def message(direction, **more):
    facts = {
        "pk": 1,
        "is_automatic": False,
        "channel": "email",
        "get_channel_display": "Email",
        "author_name": "Sari <b>",
        "created_at": AT,
        "text": "Halo <script>",
        "original_text": "",
        "attachments": SimpleNamespace(all=list),
    }
    return SimpleNamespace(direction=direction, **{**facts, **more})


def test_message_shows_who_when_and_escapes():
    html = render("_message", message=message("in"), side="staff")
    assert "Sari &lt;b&gt;" in html
    assert "Halo &lt;script&gt;" in html
    assert ">24 Nov 2026 14.05 WIB</time>" in html
    assert "msg-mine" not in html


def test_message_stands_at_the_side_of_the_reader():
    assert "msg-mine" in render("_message", message=message("out"), side="staff")
    own = render("_message", message=message("in"), side="requester")
    assert "msg-mine" in own
    assert "Anda" in own
    assert "Catatan internal" in render("_message", message=message("note"), side="staff")


def test_untrimmed_text_is_for_staff():
    given = message("in", original_text="Halo <script>\n> kutipan lama")
    assert "kutipan lama" in render("_message", message=given, side="staff")
    assert "kutipan lama" not in render("_message", message=given, side="requester")


def test_attachments_are_links_with_a_size():
    file = SimpleNamespace(uuid="6f1c2f9e-0d5c-4f0e-9a55-0a4a4a1f7d11", name="foto <1>.jpg", size=1258291)
    html = render("_message", message=message("in", attachments=SimpleNamespace(all=lambda: [file])), side="staff")
    assert 'href="/lampiran/6f1c2f9e-0d5c-4f0e-9a55-0a4a4a1f7d11/"' in html
    assert "foto &lt;1&gt;.jpg" in html
    assert "1,2 MB" in html


@pytest.mark.parametrize(
    ("stage", "now", "done"),
    [("new", 1, 0), ("active", 1, 1), ("waiting", 1, 1), ("resolved", 0, 3), ("closed", 0, 3)],
)
def test_stage_bar(stage, now, done):
    html = render("_stage_bar", stage=stage, label="Keadaan")
    assert html.count('aria-current="step"') == 1
    assert html.count('class="now"') == now
    assert html.count('class="done"') == done
    assert html.count("Keadaan") == 1


def test_priority_is_told_by_bars_and_words():
    for level in (1, 2, 3, 4):
        html = render("_badge_priority", level=level, label="Tinggi")
        assert html.count('class="on"') == level
        assert "Tinggi" in html


def test_state_badge_differs_by_icon_too():
    icons = {
        re.search(r"#([\w-]+)", render("_badge_state", label="x", stage=stage)).group(1)
        for stage in ("new", "active", "waiting", "resolved", "closed")
    }
    assert len(icons) == 5


def test_time_left_with_and_without_the_due_time():
    clock = SimpleNamespace(
        metric="resolution", label="Penyelesaian", state="running", due_at=AT, remaining_minutes=135, target_minutes=480
    )
    html = render("_time_left", clock=clock, label=True)
    assert "Penyelesaian:" in html
    assert "sisa 2 j 15 m kerja" in html
    assert "Sel 24 Nov" in html and "14.05 WIB</time>" in html
    clock.zone = "Asia/Jayapura"
    assert "16.05 WIT</time>" in render("_time_left", clock=clock)
    assert "tenggat" not in render("_time_left", clock=clock, short=True)


def test_pager_offers_only_what_there_is():
    assert "Berikutnya" not in render("_pagination_keyset", prev_url="?a", next_url="")
    assert "Sebelumnya" not in render("_pagination_keyset", prev_url="", next_url="?b")
    assert "<nav" not in render("_pagination_keyset", prev_url="", next_url="")


def test_messages_are_spoken_and_escaped():
    class Told(str):
        level_tag = "error"

    html = render("_messages", messages=[Told("Gagal <b>")])
    assert 'role="alert"' in html
    assert "alert-error" in html
    assert "Gagal &lt;b&gt;" in html


def test_confirm_says_what_happens_and_lets_go_back():
    html = render(
        "_confirm", title="Hapus?", text="Tidak dapat dibatalkan.", confirm_label="Hapus", cancel_url="/kembali/"
    )
    assert "btn-danger" in html
    assert 'href="/kembali/"' in html
