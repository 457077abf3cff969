"""Filters of the queue, read from the URL so that a view can be kept as a bookmark or sent to a colleague."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.cache import cache
from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.utils.choices import CallableChoiceIterator
from django.utils.translation import gettext_lazy as _

from accounts.models import Office, Team, User
from accounts.roles import Role
from catalog.models import Service
from core.widgets import FastSelect
from tickets.choices import Channel, Kind, Level, Stage
from tickets.models import Ticket

NUMBER = re.compile(r"^[A-Za-z]{2,5}-\d{4}-[A-Za-z0-9]+$")

OPTIONS_SECONDS = 60


@dataclass(frozen=True, slots=True)
class ActiveFilter:
    """One filter in force, as the page names it; `rest` is the query string without it."""

    label: str
    value: str
    rest: str


class _Named(forms.ModelChoiceField):  # type: ignore[type-arg]
    """One of many objects by code and name.

    Reference data changes rarely and the queue is opened all day: its options are read without a model object each,
    and kept for `OPTIONS_SECONDS`. What somebody chose is always looked up afresh.
    """

    def options(self) -> Iterator[tuple[str, Any]]:
        """(value, label) pairs, the empty one first."""
        yield "", self.empty_label
        key = f"filter-options:{self.queryset.model._meta.label}"  # type: ignore[union-attr]
        yield from cache.get_or_set(key, self._pairs, OPTIONS_SECONDS) or []

    def _pairs(self) -> list[tuple[str, str]]:
        return list(self.queryset.values_list("code", "name"))  # type: ignore[union-attr]


class _People(_Named):
    def label_from_instance(self, obj: User) -> str:
        return obj.display_name

    def _pairs(self) -> list[tuple[str, str]]:
        people = self.queryset.values_list("username", "first_name", "last_name")  # type: ignore[union-attr]
        return [(username, " ".join(filter(None, names)) or username) for username, *names in people]


class QueueFilters(forms.Form):
    """Every field is optional, and a value that makes no sense filters nothing: an old bookmark still opens."""

    q = forms.CharField(label=_("Nomor atau perihal"), max_length=100, required=False)
    kind = forms.ChoiceField(label=_("Jenis"), choices=[("", _("Semua")), *Kind.choices], required=False)
    stage = forms.ChoiceField(label=_("Tahap"), choices=[("", _("Semua")), *Stage.choices], required=False)
    priority = forms.TypedChoiceField(
        label=_("Prioritas"),
        choices=[("", _("Semua")), *reversed(Level.choices)],
        coerce=int,
        empty_value=None,
        required=False,
    )
    team = _Named(
        Team.objects.filter(is_active=True).only("code", "name"),
        to_field_name="code",
        label=_("Tim"),
        empty_label=_("Semua"),
        required=False,
    )
    assignee = _People(
        User.objects.none(), to_field_name="username", label=_("Petugas"), empty_label=_("Semua"), required=False
    )
    service = _Named(
        Service.objects.only("code", "name"),
        to_field_name="code",
        label=_("Layanan"),
        empty_label=_("Semua"),
        required=False,
    )
    office = _Named(
        Office.objects.filter(is_active=True).exclude(kind=Office.Kind.LOCATION).only("code", "name"),
        to_field_name="code",
        label=_("Perangkat daerah"),
        empty_label=_("Semua"),
        required=False,
    )
    channel = forms.ChoiceField(label=_("Kanal"), choices=[("", _("Semua")), *Channel.choices], required=False)
    tag = forms.CharField(
        label=_("Label"),
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs={"list": "label-terpakai", "autocomplete": "off"}),
    )

    def __init__(self, data: Mapping[str, Any]) -> None:
        super().__init__(data, prefix=None)
        staff = User.objects.filter(is_active=True, groups__name__in=[Role.AGENT, Role.COORDINATOR, Role.LIAISON])
        people = staff.only("username", "first_name", "last_name").distinct().order_by("first_name", "username")
        self.fields["assignee"].queryset = people  # type: ignore[attr-defined]
        for field in self.fields.values():
            if isinstance(field, forms.ChoiceField):
                field.widget = FastSelect()
                # Read when the page shows it, not before.
                field.widget.choices = (
                    CallableChoiceIterator(field.options) if isinstance(field, _Named) else field.choices
                )
        self.is_valid()

    def narrow(self, tickets: QuerySet[Ticket]) -> QuerySet[Ticket]:
        """The tickets that match every filter in force."""
        for name, value in self._in_force():
            tickets = tickets.filter(_condition(name, value))
        return tickets

    def active(self, params: QueryDict) -> list[ActiveFilter]:
        """The filters in force, in the order of the form; `params` are those of the page."""
        found = []
        for name, value in self._in_force():
            rest = params.copy()
            for gone in (name, "sesudah", "sebelum"):
                rest.pop(gone, None)
            found.append(ActiveFilter(str(self.fields[name].label), self._shown(name, value), f"?{rest.urlencode()}"))
        return found

    def _in_force(self) -> Iterator[tuple[str, Any]]:
        for name in self.fields:
            value = self.cleaned_data.get(name)
            if value not in (None, ""):
                yield name, value

    def _shown(self, name: str, value: Any) -> str:
        field = self.fields[name]
        if isinstance(field, _People):
            return field.label_from_instance(value)
        if isinstance(field, forms.ChoiceField) and not isinstance(field, forms.ModelChoiceField):
            return str(dict(field.choices)[value])  # type: ignore[arg-type]
        return str(value)


def _condition(name: str, value: Any) -> Q:
    if name == "q":
        return _search(value)
    return Q(tags__name=value.strip().lower()) if name == "tag" else Q(**{name: value})


def _search(text: str) -> Q:
    """A whole number is looked up by its index; other words are sought in subject and number."""
    text = text.strip()
    if NUMBER.match(text):
        return Q(number=text.upper())
    return Q(subject__icontains=text) | Q(number__icontains=text)
