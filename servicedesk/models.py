"""What the REST API itself has to remember."""

from django.db import models
from django.utils import timezone

from accounts.models import User


class IdempotencyKey(models.Model):
    """The first answer to a request that carried an `Idempotency-Key`, so that a repeat changes nothing.

    Written in the transaction of the change itself: a refused request leaves no row and may be repeated.
    """

    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    key = models.CharField(max_length=255)
    method = models.CharField(max_length=10)
    path = models.CharField(max_length=300)
    request_hash = models.CharField(max_length=64, help_text="SHA-256 of method, path and body")
    status = models.PositiveSmallIntegerField(default=0)
    headers = models.JSONField(default=dict)
    body = models.JSONField(null=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="servicedesk_idempotency_once")]
        indexes = [models.Index(fields=["created_at"], name="servicedesk_idempotency_age")]

    def __str__(self) -> str:
        return f"{self.method} {self.path} {self.status}"
