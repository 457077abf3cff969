"""The ticket: one table for all five kinds, so that a queue is one indexed query."""

from datetime import UTC, datetime

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, FSMModelMixin

from accounts.models import Contact, Office, Team, User
from assets.models import Asset
from catalog.models import Service
from tickets.choices import (
    OPEN_STAGES,
    RESTRICTED,
    Channel,
    Confidentiality,
    HoldReason,
    Kind,
    Level,
    LinkType,
    RequesterClass,
    ResolutionCode,
    Stage,
)

NO_DUE = datetime(9999, 12, 31, tzinfo=UTC)
"""`sort_due_at` of a ticket without a running deadline: it sorts last and the key stays comparable."""


class Ticket(FSMModelMixin, models.Model):
    """One piece of work for one requester.

    `state` is protected: only the transition methods of `tickets.kinds` change it, through `tickets.workflow`.
    """

    number = models.CharField(_("nomor tiket"), max_length=40, unique=True)
    kind = models.CharField(_("jenis"), max_length=12, choices=Kind)
    state = FSMField(_("keadaan"), max_length=24, default="new", protected=True)
    stage = models.CharField(_("tahap"), max_length=10, choices=Stage, default=Stage.NEW)
    # Follows from the stage. An equality on one column lets both databases read a queue in the order of its index;
    # a list of stages would make them sort all open tickets for each page.
    is_open = models.BooleanField(default=True, editable=False)
    subject = models.CharField(_("perihal"), max_length=250)
    priority = models.PositiveSmallIntegerField(_("prioritas"), choices=Level, default=Level.MEDIUM)
    impact = models.PositiveSmallIntegerField(_("dampak"), choices=Level, default=Level.MEDIUM)
    urgency = models.PositiveSmallIntegerField(_("urgensi"), choices=Level, default=Level.MEDIUM)

    requester = models.ForeignKey(Contact, models.PROTECT, related_name="tickets", verbose_name=_("pelapor"))
    requester_class = models.CharField(
        _("golongan pelapor"), max_length=12, choices=RequesterClass, default=RequesterClass.CITIZEN
    )
    channel = models.CharField(_("kanal"), max_length=12, choices=Channel)
    reply_channel = models.CharField(
        max_length=12,
        choices=Channel,
        help_text=_("Kanal yang terakhir dipakai pelapor; balasan kembali lewat sini."),
    )
    reply_address = models.CharField(max_length=254, blank=True)
    service = models.ForeignKey(
        Service, models.PROTECT, null=True, blank=True, related_name="tickets", verbose_name=_("layanan")
    )
    office = models.ForeignKey(
        Office,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="tickets",
        verbose_name=_("perangkat daerah"),
    )
    team = models.ForeignKey(Team, models.PROTECT, null=True, blank=True, related_name="tickets", verbose_name=_("tim"))
    assignee = models.ForeignKey(
        User,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="assigned_tickets",
        verbose_name=_("petugas"),
    )
    assets = models.ManyToManyField(Asset, blank=True, related_name="tickets", verbose_name=_("aset"))
    confidentiality = models.CharField(
        _("kerahasiaan"), max_length=15, choices=Confidentiality, default=Confidentiality.NORMAL
    )
    is_restricted = models.BooleanField(default=False, editable=False)
    named_officers = models.ManyToManyField(
        User, blank=True, related_name="named_tickets", verbose_name=_("petugas yang ditunjuk")
    )
    tags = models.ManyToManyField("tickets.Tag", blank=True, related_name="tickets", verbose_name=_("label"))
    watchers = models.ManyToManyField(User, blank=True, related_name="watched_tickets", verbose_name=_("pengamat"))

    access_code = models.CharField(max_length=16)

    hold_reason = models.CharField(_("alasan menunggu"), max_length=12, choices=HoldReason, blank=True)
    resume_state = models.CharField(max_length=24, blank=True, help_text=_("Keadaan sebelum menunggu."))
    resolution_code = models.CharField(_("hasil"), max_length=20, choices=ResolutionCode, blank=True)
    solution = models.TextField(_("penyelesaian"), blank=True)
    merged_into = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="merged")

    created_at = models.DateTimeField(_("dibuat"), default=timezone.now)
    updated_at = models.DateTimeField(_("diubah"), default=timezone.now)
    first_response_at = models.DateTimeField(_("tanggapan pertama"), null=True, blank=True)
    last_reply_at = models.DateTimeField(_("kabar terakhir"), null=True, blank=True)
    team_since = models.DateTimeField(_("di tim sejak"), default=timezone.now)
    resolved_at = models.DateTimeField(_("diselesaikan"), null=True, blank=True)
    closed_at = models.DateTimeField(_("ditutup"), null=True, blank=True)
    auto_close_at = models.DateTimeField(null=True, blank=True)
    due_at = models.DateTimeField(_("tenggat"), null=True, blank=True)
    sort_due_at = models.DateTimeField(default=NO_DUE, editable=False)
    reopen_count = models.PositiveSmallIntegerField(default=0)
    version = models.PositiveIntegerField(default=1)
    # How many entries the history has had: tells that the newest were removed, before a seal covers them.
    history_length = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        verbose_name = _("tiket")
        verbose_name_plural = _("tiket")
        constraints = [
            models.CheckConstraint(
                condition=Q(is_restricted=True, confidentiality__in=RESTRICTED)
                | (Q(is_restricted=False) & ~Q(confidentiality__in=RESTRICTED)),
                name="tickets_restricted_matches",
            ),
            models.CheckConstraint(
                condition=Q(is_open=True, stage__in=OPEN_STAGES) | (Q(is_open=False) & ~Q(stage__in=OPEN_STAGES)),
                name="tickets_open_matches_stage",
            ),
        ]
        indexes = [
            models.Index(fields=["is_open", "sort_due_at", "id"], name="tickets_open_due"),
            models.Index(fields=["is_open", "id"], name="tickets_open_newest"),
            models.Index(fields=["team", "is_open", "sort_due_at", "id"], name="tickets_team_due"),
            models.Index(fields=["assignee", "is_open", "sort_due_at", "id"], name="tickets_assignee_due"),
            models.Index(fields=["stage", "sort_due_at", "id"], name="tickets_stage_due"),
            models.Index(fields=["created_at", "id"], name="tickets_created"),
            models.Index(fields=["requester", "created_at"], name="tickets_requester"),
            models.Index(fields=["office", "sort_due_at", "id"], name="tickets_office_due"),
            models.Index(fields=["auto_close_at"], name="tickets_auto_close", condition=Q(auto_close_at__isnull=False)),
            models.Index(fields=["id"], name="tickets_restricted", condition=Q(is_restricted=True)),
            models.Index(fields=["service", "created_at"], name="tickets_service_created"),
            models.Index(fields=["office", "created_at"], name="tickets_office_created"),
            models.Index(fields=["team", "created_at"], name="tickets_team_created"),
            models.Index(fields=["resolved_at"], name="tickets_resolved", condition=Q(resolved_at__isnull=False)),
            models.Index(
                fields=["created_at"], name="tickets_open_age", condition=Q(is_open=True, is_restricted=False)
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def state_label(self) -> str:
        """Indonesian name of the state, as the kind's own machine calls it."""
        from tickets.kinds import machine_of

        return str(machine_of(self.kind).label_of(self.state))

    @property
    def etag(self) -> str:
        """By number, not by key: the keys of restricted tickets would show as gaps."""
        return f'"{self.number}-{self.version}"'


class Participant(models.Model):
    """A contact who takes part in a ticket besides its requester: may reply, and hears public replies if wanted."""

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="participants")
    contact = models.ForeignKey(Contact, models.CASCADE, related_name="participations")
    hears_replies = models.BooleanField(default=False)
    via = models.ForeignKey(
        Ticket,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        help_text=_("Tiket yang digabung, yang membawa orang ini ke sini; ia mengikuti lewat nomor tiket itu."),
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["ticket", "contact"], name="tickets_participant_unique")]

    def __str__(self) -> str:
        return f"{self.ticket_id} {self.contact_id}"


class TicketLink(models.Model):
    """A directed relation: `source` <type> `target`, e.g. an incident caused by a problem."""

    source = models.ForeignKey(Ticket, models.CASCADE, related_name="links_out")
    target = models.ForeignKey(Ticket, models.CASCADE, related_name="links_in")
    type = models.CharField(max_length=12, choices=LinkType)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "target", "type"], name="tickets_link_unique"),
            models.CheckConstraint(condition=~Q(source=models.F("target")), name="tickets_link_not_self"),
        ]

    def __str__(self) -> str:
        return f"{self.source_id} {self.type} {self.target_id}"
