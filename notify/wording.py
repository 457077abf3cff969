"""The words of the notices: those the product comes with, or those of an administrator.

`{{ name }}` is filled in and nothing else in a text is code, so that no text can break a page or read what it should
not. A text is checked before it is kept, and what is kept is never changed: an edit is a new version.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from accounts.models import User
from notify.events import Event, registry
from notify.models import Wording

NAME = re.compile(r"\{\{\s*([a-z_]{1,30})\s*\}\}")
_BRACES = re.compile(r"\{\{|\}\}|\{%|%\}")
_GAPS = re.compile(r"\n[ \t]*\n(?:[ \t]*\n)+")
MAX_TEXT = 5000


@dataclass(frozen=True, slots=True)
class Words:
    """A subject and a text, as templates or filled in."""

    subject: str
    text: str


def words_of(event: Event) -> Words:
    """The templates in force."""
    current = Wording.objects.filter(event=event.code).order_by("-number").first()
    if current is None or current.is_default:
        return Words(str(event.subject), str(event.text))
    return Words(current.subject, current.text)


def render(code: str, values: Mapping[str, str]) -> Words:
    """The words of an event for one message."""
    event = registry()[code]
    return fill(words_of(event), values)


def fill(words: Words, values: Mapping[str, str]) -> Words:
    """Put the values in; what is missing is empty. A value is never read as a template."""

    def put(template: str) -> str:
        return NAME.sub(lambda found: values.get(found[1], ""), template)

    return Words(" ".join(put(words.subject).split()), _GAPS.sub("\n\n", put(words.text)).strip())


def example(event: Event, words: Words) -> Words:
    """What a message would look like."""
    return fill(words, {name: _text(value) for name, value in event.examples.items()})


def _text(value: str | Promise) -> str:
    return str(value)


def check(event: Event, words: Words) -> None:
    """Raises ValidationError, by field, for words that would break a message or leave out what its reader needs."""
    problems = {
        "subject": [*_syntax(words.subject, event, event.in_subject), *_subject_problems(words.subject, event)],
        "text": [*_syntax(words.text, event, frozenset(event.variables)), *_text_problems(words.text, event)],
    }
    found = {name: texts for name, texts in problems.items() if texts}
    if found:
        raise ValidationError(found)


def _syntax(template: str, event: Event, allowed: frozenset[str]) -> list[str]:
    found = []
    for name in sorted(set(NAME.findall(template)) - allowed):
        if name in event.variables:
            found.append(_("{{ %(name)s }} tidak boleh dalam perihal: perihal dibaca setiap server.") % {"name": name})
        else:
            known = ", ".join(f"{{{{ {each} }}}}" for each in event.variables if each in allowed)
            found.append(_("{{ %(name)s }} tidak dikenal. Yang ada: %(known)s") % {"name": name, "known": known})
    if _BRACES.search(NAME.sub("", template)):
        found.append(_("Ada kurung {{ atau }} yang tidak lengkap. Tulis nama dalam kurung ganda, misalnya {{ url }}."))
    return found


def _subject_problems(subject: str, event: Event) -> list[str]:
    found = []
    if not subject.strip():
        found.append(_("Perihal tidak boleh kosong."))
    if len(subject) > 150 or "\n" in subject or "\r" in subject:
        found.append(_("Perihal harus satu baris, paling panjang 150 huruf."))
    if event.tag and event.tag not in subject:
        found.append(_("Perihal harus memuat %(tag)s: dari situ jawaban dikenali.") % {"tag": event.tag})
    return found


def _text_problems(text: str, event: Event) -> list[str]:
    found = []
    if not text.strip():
        found.append(_("Isi tidak boleh kosong."))
    if len(text) > MAX_TEXT:
        found.append(_("Isi paling panjang %(most)d huruf.") % {"most": MAX_TEXT})
    if "\x00" in text:
        found.append(_("Isi memuat huruf yang tidak dapat disimpan."))
    missing = sorted(event.required - set(NAME.findall(text)))
    if missing:
        names = ", ".join(f"{{{{ {name} }}}}" for name in missing)
        found.append(_("Penerima membutuhkan %(names)s. Masukkan ke dalam isi.") % {"names": names})
    return found


@transaction.atomic
def save(*, event: Event, words: Words, actor: User) -> Wording:
    """Keep a new version. Raises ValidationError for broken words; the same words again make no version."""
    clean = Words(words.subject.strip(), words.text.replace("\r\n", "\n").strip())
    check(event, clean)
    return _append(event, clean, actor)


@transaction.atomic
def restore_default(*, event: Event, actor: User) -> Wording:
    """Go back to the words of the product, as a version of its own."""
    return _append(event, Words("", ""), actor)


@transaction.atomic
def reuse(*, event: Event, number: int, actor: User) -> Wording | None:
    """Make an earlier version the newest one; None when there is none, or its words would no longer do."""
    earlier = Wording.objects.filter(event=event.code, number=min(number, 2**31 - 1)).first()
    if earlier is None:
        return None
    words = Words(earlier.subject, earlier.text)
    if not earlier.is_default:
        try:
            check(event, words)
        except ValidationError:
            return None
    return _append(event, words, actor)


def _append(event: Event, words: Words, actor: User) -> Wording:
    versions = Wording.objects.filter(event=event.code)
    last = versions.order_by("-number").first()
    if last and (last.subject, last.text) == (words.subject, words.text):
        return last
    number = (versions.aggregate(last=Max("number"))["last"] or 0) + 1
    return Wording.objects.create(
        event=event.code, number=number, subject=words.subject, text=words.text, made_by=actor
    )


def newest() -> dict[str, Wording]:
    """Event code → its version in force, for the events that have one."""
    rows = Wording.objects.select_related("made_by").defer("text").order_by("event", "number")
    return {row.event: row for row in rows}


def history(event: Event) -> QuerySet[Wording]:
    """Versions, newest first."""
    return Wording.objects.filter(event=event.code).select_related("made_by").order_by("-number")
