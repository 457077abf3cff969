"""Shapes of what the API sends. They render and describe; what may be shown is decided in `presentation`."""

from typing import Any

from rest_framework import serializers

from assets.models import Asset
from catalog.models import ApprovalRuleStep, Service
from notify.models import Delivery
from sla.models import Clock, Metric
from tickets.choices import Channel, Confidentiality, Direction, Kind, Level, LinkType, Stage, Visibility
from tickets.models import ApprovalRound, ApprovalStep, InboundRecord, Task, Vote

LEVELS = [(level.code, level.label) for level in Level]
DELIVERY_STATES = [choice for choice in Delivery.State.choices if choice[0] != Delivery.State.SENDING]
ALL_METRICS = "all"


class Shape(serializers.Serializer[Any]):
    """An output shape."""


class RequesterSerializer(Shape):
    """Addresses are in full for oneself and for who may open the identity, masked or null for others."""

    name = serializers.CharField()
    email = serializers.CharField(allow_null=True)
    phone = serializers.CharField(allow_null=True)


class ClockSerializer(Shape):
    """Minutes are working minutes; negative `remaining_minutes` is overrun. `due_at` is null while paused."""

    metric = serializers.ChoiceField(Metric.choices)
    state = serializers.ChoiceField(Clock.State.choices)
    target_minutes = serializers.IntegerField()
    due_at = serializers.DateTimeField(allow_null=True)
    elapsed_minutes = serializers.IntegerField()
    remaining_minutes = serializers.IntegerField()


class TicketSerializer(Shape):
    """A ticket in a list. `service`, `office` and `team` are codes; `assignee` is a user name, null for requesters."""

    number = serializers.CharField()
    kind = serializers.ChoiceField(Kind.choices)
    state = serializers.CharField()
    stage = serializers.ChoiceField(Stage.choices)
    subject = serializers.CharField()
    priority = serializers.ChoiceField(LEVELS)
    impact = serializers.ChoiceField(LEVELS)
    urgency = serializers.ChoiceField(LEVELS)
    confidentiality = serializers.ChoiceField(Confidentiality.choices)
    service = serializers.CharField(allow_null=True)
    office = serializers.CharField(allow_null=True)
    team = serializers.CharField(allow_null=True)
    assignee = serializers.CharField(allow_null=True)
    requester = RequesterSerializer()
    channel = serializers.ChoiceField(Channel.choices)
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField(allow_null=True)
    clocks = ClockSerializer(many=True)


class AttachmentSerializer(Shape):
    name = serializers.CharField()
    size = serializers.IntegerField(help_text="bytes")
    content_type = serializers.CharField()
    url = serializers.URLField(help_text="needs the same token")


class MessageSerializer(Shape):
    """`text` is the visible reply; the untrimmed words are behind `original_url` when they differ."""

    id = serializers.IntegerField()
    direction = serializers.ChoiceField(Direction.choices)
    visibility = serializers.ChoiceField(Visibility.choices)
    author = serializers.CharField()
    channel = serializers.ChoiceField(Channel.choices)
    text = serializers.CharField()
    html = serializers.CharField(help_text="cleaned; empty when the message was plain text")
    original_url = serializers.URLField(allow_null=True)
    attachments = AttachmentSerializer(many=True)
    created_at = serializers.DateTimeField()


class TimelineSerializer(Shape):
    code = serializers.CharField()
    actor = serializers.CharField()
    channel = serializers.ChoiceField(Channel.choices)
    at = serializers.DateTimeField()
    changes = serializers.DictField(child=serializers.JSONField())


class LinkSerializer(Shape):
    """`direction` out: this ticket <type> the other one; in: the other way round."""

    type = serializers.ChoiceField(LinkType.choices)
    direction = serializers.ChoiceField([("out", "out"), ("in", "in")])
    number = serializers.CharField()
    kind = serializers.ChoiceField(Kind.choices)
    state = serializers.CharField()
    subject = serializers.CharField()


class AssetReferenceSerializer(Shape):
    code = serializers.CharField()
    name = serializers.CharField()
    type = serializers.CharField(source="asset_type.code")


class ChoiceSerializer(Shape):
    value = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]


class InputSerializer(Shape):
    name = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    type = serializers.ChoiceField(
        [(name, name) for name in ("string", "text", "choice", "datetime", "date", "boolean", "integer")]
    )
    required = serializers.BooleanField()  # type: ignore[assignment]
    choices = ChoiceSerializer(many=True, allow_null=True, help_text="null unless the type is choice")


class TransitionSerializer(Shape):
    """A step the caller may take now."""

    name = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    inputs = InputSerializer(many=True)


class TaskSerializer(Shape):
    """A piece of the work. Tasks of a later `position` wait until the earlier ones are done."""

    id = serializers.IntegerField()
    position = serializers.IntegerField()
    title = serializers.CharField()
    state = serializers.ChoiceField(Task.State.choices)
    assignee = serializers.CharField(allow_null=True)
    team = serializers.CharField(allow_null=True)
    due_at = serializers.DateTimeField(allow_null=True)


class VoteSerializer(Shape):
    """One approver of a step, by name. `decision` is "" while open; `decided_by` may be a substitute or delegate."""

    approver = serializers.CharField()
    office = serializers.CharField(help_text="the office as whose head they are asked, else empty")
    delegated_to = serializers.CharField()
    decision = serializers.ChoiceField([("", "–"), *Vote.Decision.choices])
    decided_by = serializers.CharField()
    comment = serializers.CharField()
    channel = serializers.CharField()
    decided_at = serializers.DateTimeField(allow_null=True)


class ApprovalStepSerializer(Shape):
    """Steps of equal `position` run side by side. `needed` approvals make the quorum."""

    position = serializers.IntegerField()
    name = serializers.CharField()
    state = serializers.ChoiceField(ApprovalStep.State.choices)
    quorum = serializers.ChoiceField(ApprovalRuleStep.Quorum.choices)
    needed = serializers.IntegerField()
    due_at = serializers.DateTimeField(allow_null=True)
    is_overdue = serializers.BooleanField()
    votes = VoteSerializer(many=True)


class ApprovalRoundSerializer(Shape):
    """One attempt to get the ticket approved; only the votes of the newest count."""

    number = serializers.IntegerField()
    state = serializers.ChoiceField(ApprovalRound.State.choices)
    started_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)
    steps = ApprovalStepSerializer(many=True)


class TicketDetailSerializer(TicketSerializer):
    """A ticket with everything the caller may see of it. Tags, watchers and tasks are empty for requesters."""

    merged_into = serializers.CharField(
        allow_null=True, help_text="number of the ticket it lives on in, when the caller sees that one"
    )
    tags = serializers.ListField(child=serializers.CharField())
    watchers = serializers.ListField(child=serializers.CharField(), help_text="user names")
    tasks = TaskSerializer(many=True)
    spent_minutes = serializers.IntegerField(allow_null=True, help_text="time spent; null for requesters")
    is_major = serializers.BooleanField(help_text="a major incident with a public notice")
    description = serializers.CharField()
    messages = MessageSerializer(many=True)
    timeline = TimelineSerializer(many=True)
    links = LinkSerializer(many=True)
    assets = AssetReferenceSerializer(many=True)
    transitions = TransitionSerializer(many=True)
    approvals = ApprovalRoundSerializer(many=True, help_text="newest round first; empty for requesters")


class ServiceSerializer(Shape):
    code = serializers.CharField()
    name = serializers.CharField()
    category = serializers.CharField(source="category.code")
    description = serializers.CharField()
    audience = serializers.ChoiceField(Service.Audience.choices)
    status = serializers.ChoiceField(Service.Status.choices)
    owner_office = serializers.CharField(source="owner_office.code", default=None, allow_null=True)
    support_team = serializers.CharField(source="support_team.code", default=None, allow_null=True)
    requestable = serializers.BooleanField()
    needs_approval = serializers.BooleanField()
    url = serializers.CharField()


class AssetSerializer(AssetReferenceSerializer):
    office = serializers.CharField(source="office.code", default=None, allow_null=True)
    services = serializers.SerializerMethodField()
    brand = serializers.CharField()
    model = serializers.CharField()
    serial = serializers.CharField()
    condition = serializers.ChoiceField(Asset.Condition.choices)
    status = serializers.ChoiceField(Asset.Status.choices)

    def get_services(self, asset: Asset) -> list[str]:
        """Codes of the services that run on it."""
        return [service.code for service in asset.services.all()]


class QuarantineSerializer(Shape):
    """A message that no rule could place; the service desk decides."""

    id = serializers.IntegerField()
    channel = serializers.ChoiceField(Channel.choices)
    sender = serializers.CharField()
    subject = serializers.CharField()
    text = serializers.CharField()
    reason = serializers.ChoiceField(InboundRecord.Reason.choices)
    received_at = serializers.DateTimeField()


class DeliverySerializer(Shape):
    """One message to one recipient; `message_id` is its identifier on the channel."""

    id = serializers.IntegerField()
    ticket = serializers.CharField()
    channel = serializers.ChoiceField(Delivery.Channel.choices)
    recipient = serializers.CharField()
    state = serializers.ChoiceField(DELIVERY_STATES)
    attempts = serializers.IntegerField()
    message_id = serializers.CharField()
    error = serializers.CharField()
    created_at = serializers.DateTimeField()
    sent_at = serializers.DateTimeField(allow_null=True)


class AttainmentSerializer(Shape):
    """Clocks of one group and metric. `metric` is `all` for the group's metrics together."""

    key = serializers.CharField(help_text="code of the group; `-` where tickets have none")
    label = serializers.CharField()  # type: ignore[assignment]
    metric = serializers.ChoiceField([(ALL_METRICS, ALL_METRICS), *Metric.choices])
    total = serializers.IntegerField()
    met = serializers.IntegerField()
    breached = serializers.IntegerField()
    running = serializers.IntegerField()
    attainment = serializers.FloatField(
        allow_null=True, help_text="percent met among met and breached, one decimal; null while nothing is decided"
    )


class SlaReportSerializer(Shape):
    """The period (`from` and `to`, local dates, both included) and its figures."""

    to = serializers.DateField()
    group_by = serializers.CharField()
    results = AttainmentSerializer(many=True)

    def get_fields(self) -> dict[str, Any]:
        """`from` is a word of Python, so it cannot be declared as an attribute."""
        return {"from": serializers.DateField(), **super().get_fields()}
