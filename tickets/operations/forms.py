"""Inputs of the operations, as forms. They check shapes only; the services decide."""

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Team, User
from accounts.roles import Role
from catalog.models import Service
from tickets.agent_forms import VersionedForm
from tickets.choices import ChangeType, ComplaintClass, Kind, LinkType
from tickets.models import Ticket

STAFF_ROLES = (Role.AGENT, Role.COORDINATOR, Role.LIAISON)


def staff(*, restricted: bool = False) -> Any:
    """People to whom work is given, by name."""
    roles = (Role.CONFIDENTIAL_OFFICER,) if restricted else STAFF_ROLES
    people = User.objects.filter(is_active=True, groups__name__in=roles)
    return people.distinct().order_by("first_name", "username")


class _Person(forms.ModelChoiceField):  # type: ignore[type-arg]
    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("empty_label", _("Belum ditentukan"))
        super().__init__(User.objects.none(), to_field_name="username", required=False, **kwargs)

    def label_from_instance(self, obj: User) -> str:
        return obj.display_name


class TagForm(forms.Form):
    tag = forms.CharField(
        label=_("Label"),
        max_length=40,
        widget=forms.TextInput(attrs={"list": "label-terpakai", "autocomplete": "off"}),
    )


class LinkForm(forms.Form):
    """`relation` is a type of link, with "<" in front when read from the other side."""

    relation = forms.ChoiceField(label=_("Tiket ini"))
    number = forms.CharField(label=_("Nomor tiket"), max_length=40)

    def __init__(self, data: Any = None) -> None:
        from tickets.workbench import BACKWARD

        super().__init__(data)
        forward = [(code, label) for code, label in LinkType.choices]
        backward = [(f"<{code}", BACKWARD[LinkType(code)]()) for code in LinkType.values if code != LinkType.RELATED]
        self.fields["relation"].choices = forward + backward  # type: ignore[attr-defined]

    def facts(self) -> dict[str, Any]:
        relation = self.cleaned_data["relation"]
        return {
            "type": relation.removeprefix("<"),
            "backward": relation.startswith("<"),
            "number": self.cleaned_data["number"],
        }


class TaskForm(forms.Form):
    title = forms.CharField(label=_("Tugas baru"), max_length=200)
    assignee = _Person(label=_("Petugas"))
    working_hours = forms.IntegerField(
        label=_("Tenggat (jam kerja)"), required=False, min_value=1, max_value=2000, help_text=_("Sejak boleh dimulai.")
    )
    position = forms.IntegerField(
        label=_("Urutan"),
        required=False,
        min_value=1,
        max_value=99,
        help_text=_("Urutan yang sama dikerjakan bersama."),
    )

    def __init__(self, data: Any = None, *, ticket: Ticket) -> None:
        super().__init__(data, auto_id="id_task_%s")
        self.fields["assignee"].queryset = staff(restricted=ticket.is_restricted)  # type: ignore[attr-defined]


class TaskAssigneeForm(forms.Form):
    assignee = _Person(label=_("Petugas"))

    def __init__(self, data: Any = None, *, ticket: Ticket) -> None:
        super().__init__(data, auto_id=False)
        self.fields["assignee"].queryset = staff(restricted=ticket.is_restricted)  # type: ignore[attr-defined]


class TimeForm(forms.Form):
    minutes = forms.IntegerField(label=_("Menit"), min_value=1, max_value=1440)
    spent_on = forms.DateField(
        label=_("Tanggal"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    note = forms.CharField(label=_("Keterangan"), max_length=200, required=False)

    def __init__(self, data: Any = None) -> None:
        super().__init__(data, auto_id="id_time_%s", initial={"spent_on": timezone.localdate()})


class ConvertForm(VersionedForm):
    kind = forms.ChoiceField(label=_("Jenis yang benar"))
    complaint_class = forms.ChoiceField(
        label=_("Golongan pengaduan"),
        choices=[("", _("Pilih")), *ComplaintClass.choices],
        required=False,
        help_text=_("Diisi bila menjadi pengaduan."),
    )
    change_type = forms.ChoiceField(
        label=_("Jenis perubahan"),
        choices=[("", _("Pilih")), *ChangeType.choices],
        required=False,
        help_text=_("Diisi bila menjadi perubahan."),
    )

    def __init__(self, data: Any = None, *, ticket: Ticket) -> None:
        super().__init__(data, initial={"version": ticket.version})
        others = [(code, label) for code, label in Kind.choices if code != ticket.kind]
        self.fields["kind"].choices = [("", _("Pilih")), *others]  # type: ignore[attr-defined]


class SplitForm(VersionedForm):
    kind = forms.ChoiceField(label=_("Jenis"), choices=Kind.choices)
    subject = forms.CharField(label=_("Perihal"), max_length=120)
    service = forms.ModelChoiceField(
        Service.objects.all(),
        to_field_name="code",
        label=_("Layanan"),
        required=False,
        empty_label=_("Belum ditentukan"),
    )

    def __init__(self, data: Any = None, *, ticket: Ticket, subject: str = "") -> None:
        service = ticket.service.code if ticket.service else ""
        initial = {"version": ticket.version, "kind": ticket.kind, "service": service, "subject": subject}
        super().__init__(data, initial=initial)


class BulkNoteForm(forms.Form):
    note = forms.CharField(
        label=_("Catatan internal"), required=False, max_length=20_000, widget=forms.Textarea(attrs={"rows": 3})
    )


class BulkAssignForm(forms.Form):
    """Codes as the transitions take them; each ticket's own step checks whether they fit."""

    team = forms.ChoiceField(label=_("Tim"), required=False)
    assignee = forms.ChoiceField(label=_("Petugas"), required=False)
    note = BulkNoteForm.base_fields["note"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        teams = Team.objects.filter(is_active=True).order_by("name").values_list("code", "name")
        people = [(person.username, person.display_name) for person in staff()]
        self.fields["team"].choices = [("", _("Mengikuti petugas")), *teams]  # type: ignore[attr-defined]
        self.fields["assignee"].choices = [("", _("Belum ditentukan")), *people]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not data.get("team") and not data.get("assignee") and not self.errors:
            self.add_error(None, _("Pilih tim, petugas, atau keduanya."))
        return data
