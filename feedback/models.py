"""What requesters think of how their tickets were handled."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Contact
from core.models import TimeStampedModel
from tickets.choices import Channel
from tickets.models import Ticket


class Score(models.IntegerChoices):
    """The four answers of the county's satisfaction surveys (Permen PANRB 14/2017)."""

    BAD = 1, _("Tidak baik")
    POOR = 2, _("Kurang baik")
    GOOD = 3, _("Baik")
    EXCELLENT = 4, _("Sangat baik")


class Rating(TimeStampedModel):
    """The requester's judgement of one ticket; a later one takes the place of an earlier."""

    ticket = models.OneToOneField(Ticket, models.CASCADE, related_name="rating")
    contact = models.ForeignKey(Contact, models.CASCADE, related_name="ratings")
    score = models.PositiveSmallIntegerField(
        _("nilai"), choices=Score, validators=[MinValueValidator(1), MaxValueValidator(4)]
    )
    comment = models.TextField(_("komentar"), blank=True)
    channel = models.CharField(_("kanal"), max_length=12, choices=Channel)

    class Meta:
        verbose_name = _("penilaian tiket")
        verbose_name_plural = _("penilaian tiket")
        constraints = [
            models.CheckConstraint(condition=Q(score__gte=1, score__lte=4), name="feedback_rating_score"),
        ]

    def __str__(self) -> str:
        return f"{self.ticket_id} {self.score}"
