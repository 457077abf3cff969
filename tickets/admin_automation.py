"""Canned texts, and rules and seals to look at; rules are edited in the workspace, where they are checked."""

from typing import Any

from django import forms
from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from core.adminbase import FixedCodeMixin, ModelAdmin, NoDeleteMixin, ReadOnlyMixin
from tickets.automation import templates
from tickets.models import AuditSeal, AutomationRule, ReplyTemplate


class ReplyTemplateForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = ReplyTemplate
        fields = ["code", "name", "text", "is_active"]
        help_texts = {
            "text": _("Diisi otomatis: {{ number }}, {{ subject }}, {{ requester }}, {{ service }}, {{ url }}.")
        }

    def clean_text(self) -> Any:
        text = self.cleaned_data["text"]
        problems = templates.problems(text)
        if problems:
            raise forms.ValidationError(problems)
        return text


@admin.register(ReplyTemplate)
class ReplyTemplateAdmin(NoDeleteMixin, FixedCodeMixin, ModelAdmin):
    """Texts that agents insert and rules send."""

    form = ReplyTemplateForm
    list_display = ("name", "code", "is_active")
    search_fields = ("name", "code", "text")


@admin.register(AutomationRule)
class AutomationRuleAdmin(ReadOnlyMixin, ModelAdmin):
    """Read-only: the workspace checks what a rule says before it is saved."""

    list_display = ("name", "event", "position", "stops", "is_active", "updated_at")
    list_filter = ("event", "is_active")


@admin.register(AuditSeal)
class AuditSealAdmin(ReadOnlyMixin, ModelAdmin):
    """The daily seals, newest first, to compare with a copy kept elsewhere."""

    list_display = ("day", "entries", "last_entry_id", "digest", "created_at")
    ordering = ("-day",)
