"""Form widgets for long lists."""

from typing import Any

from django import forms
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString


class FastSelect(forms.Select):
    """A select whose options are written without a template each.

    Django renders every option through its own template; with the county's offices and services that alone took
    longer than the rest of the page.
    """

    def render(self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None) -> SafeString:
        chosen = {str(each) for each in self.format_value(value)}
        options = format_html_join(
            "",
            '<option value="{}"{}>{}</option>',
            (
                (self._value(key), " selected" if self._value(key) in chosen else "", label)
                for key, label in self.choices
            ),
        )
        merged = self.build_attrs(self.attrs, {**(attrs or {}), "name": name})
        written = format_html_join(
            "",
            " {}{}",
            (
                (key, "" if text is True else format_html('="{}"', text))
                for key, text in merged.items()
                if text is not False and text is not None
            ),
        )
        return format_html("<select{}>{}</select>", written, options)

    def use_required_attribute(self, initial: Any) -> bool:
        """Without Django's look at the first option, which would read the whole list once more."""
        return not self.is_hidden

    @staticmethod
    def _value(key: Any) -> str:
        return "" if key is None else str(key)
