"""The form of the words of a notice."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from notify import wording
from notify.events import Event
from notify.wording import Words


class WordingForm(forms.Form):
    """Subject and text with names in double braces; words that would break a message are refused."""

    subject = forms.CharField(label=_("Perihal"), max_length=150)
    text = forms.CharField(label=_("Isi"), widget=forms.Textarea(attrs={"rows": 12}), max_length=wording.MAX_TEXT)

    def __init__(self, *args: object, event: Event, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.event = event

    def clean(self) -> dict[str, object]:
        if not self.errors:
            try:
                wording.check(self.event, self.words)
            except ValidationError as error:
                self.add_error(None, error)
        return self.cleaned_data

    @property
    def words(self) -> Words:
        return Words(self.cleaned_data["subject"], self.cleaned_data["text"].replace("\r\n", "\n"))
