"""Addresses of the SLA settings, below /kerja/sla/."""

from django.urls import URLPattern, path

from tickets.urls import converters  # noqa: F401 - registers <ticket_number:…>
from tickets.views.agent.sla import agreements, calendar_edits, calendars, escalation, explain, policies, revisions

urlpatterns: list[URLPattern] = [
    path("sla/", calendars.hub, name="sla"),
    path("sla/kalender/", calendars.listing, name="sla_calendars"),
    path("sla/kalender/baru/", calendars.create, name="sla_calendar_create"),
    path("sla/kalender/<int:pk>/", calendars.detail, name="sla_calendar"),
    path("sla/kalender/<int:pk>/nama/", calendars.facts, name="sla_calendar_facts"),
    path("sla/kalender/<int:pk>/pemakai/", calendars.uses, name="sla_calendar_uses"),
    path("sla/kalender/<int:pk>/riwayat/", calendars.history, name="sla_calendar_history"),
    path("sla/kalender/<int:pk>/jam/", calendar_edits.week, name="sla_calendar_week"),
    path("sla/kalender/<int:pk>/masa/", calendar_edits.period, name="sla_calendar_period"),
    path("sla/kalender/<int:pk>/libur/", calendar_edits.holiday, name="sla_calendar_holiday"),
    path("sla/kalender/<int:pk>/libur/impor/", calendar_edits.import_decree, name="sla_calendar_import"),
    path("sla/kalender/<int:pk>/libur/cocokkan/", calendar_edits.refresh, name="sla_calendar_refresh"),
    path("sla/perubahan/", revisions.listing, name="sla_revisions"),
    path("sla/perubahan/<int:pk>/", revisions.revision, name="sla_revision"),
    path("sla/perubahan/<int:pk>/terapkan/", revisions.apply, name="sla_revision_apply"),
    path("sla/perubahan/<int:pk>/buang/", revisions.discard, name="sla_revision_discard"),
    path("sla/kebijakan/", policies.policies, name="sla_policies"),
    path("sla/kebijakan/baru/", policies.create, name="sla_policy_create"),
    path("sla/kebijakan/<int:pk>/", policies.edit, name="sla_policy_edit"),
    path("sla/kebijakan/<int:pk>/riwayat/", policies.versions, name="sla_policy_history"),
    path("sla/kebijakan/<int:pk>/akhiri/", policies.retire, name="sla_policy_retire"),
    path("sla/target/", policies.overview, name="sla_matrix"),
    path("tiket/<ticket_number:number>/sla/", explain.explain, name="sla_explain"),
    path("sla/perjanjian/", agreements.agreements, name="sla_agreements"),
    path("sla/perjanjian/baru/", agreements.create, name="sla_agreement_create"),
    path("sla/perjanjian/<int:pk>/", agreements.agreement, name="sla_agreement"),
    path("sla/perjanjian/<int:pk>/ubah/", agreements.edit, name="sla_agreement_edit"),
    path("sla/perjanjian/<int:pk>/tanda-tangan/", agreements.sign, name="sla_agreement_sign"),
    path("sla/perjanjian/<int:pk>/versi/", agreements.renew, name="sla_agreement_renew"),
    path("sla/perjanjian/<int:pk>/akhiri/", agreements.end, name="sla_agreement_end"),
    path("sla/perjanjian/<int:pk>/pdf/", agreements.download, name="sla_agreement_pdf"),
    path("sla/eskalasi/", escalation.steps, name="sla_escalation"),
    path("sla/eskalasi/baru/", escalation.create, name="sla_escalation_create"),
    path("sla/eskalasi/catatan/", escalation.log, name="sla_escalation_log"),
    path("sla/eskalasi/<int:pk>/", escalation.edit, name="sla_escalation_edit"),
    path("sla/eskalasi/<int:pk>/nyala/", escalation.switch, name="sla_escalation_switch"),
]
