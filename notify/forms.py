"""The form on which a person says how they want to be told."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from notify.events import Event
from notify.models import Delivery, Preference

PREFIX = "event_"
HOURS = [(hour, f"{hour:02d}.00") for hour in range(5, 21)]


class PreferenceForm(forms.Form):
    """One field for each event the person may decide about, besides channel and hours.

    Only the staff is told in a digest or not at night: what a requester hears are answers they wait for.
    """

    first_channel = forms.ChoiceField(
        label=_("Kanal pertama untuk jawaban"),
        choices=[("", _("Yang terakhir saya pakai")), *Delivery.Channel.choices],
        required=False,
        help_text=_("Bila kanal itu tidak sampai, kanal lain dipakai."),
    )

    def __init__(self, *args: Any, events: list[Event], preference: Preference, is_staff: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["first_channel"].initial = preference.first_channel
        choices = Preference.Choice.choices
        if is_staff:
            self.fields["is_quiet"] = forms.BooleanField(
                label=_("Jangan kirim di luar jam kerja"),
                required=False,
                initial=preference.is_quiet,
                help_text=_("Yang tidak mendesak menunggu jam kerja berikutnya. Yang mendesak tetap langsung dikirim."),
            )
            self.fields["digest_hour"] = forms.TypedChoiceField(
                label=_("Jam ringkasan harian"),
                coerce=int,
                choices=HOURS,
                initial=preference.digest_hour,
                help_text=_("Pada hari kerja."),
            )
        else:
            choices = [each for each in choices if each[0] != Preference.Choice.DIGEST]
        for event in events:
            self.fields[PREFIX + event.code] = forms.ChoiceField(
                label=str(event.label),
                choices=choices,
                initial=preference.choices.get(event.code, Preference.Choice.NOW),
            )

    def values(self) -> dict[str, Any]:
        """What `preferences.save` takes."""
        data = self.cleaned_data
        return {
            "first_channel": data["first_channel"],
            "is_quiet": data.get("is_quiet", False),
            "digest_hour": data.get("digest_hour", 8),
            "choices": {name.removeprefix(PREFIX): data[name] for name in data if name.startswith(PREFIX)},
        }
