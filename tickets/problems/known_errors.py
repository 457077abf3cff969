"""Known errors: problems whose cause and workaround are known while the fix is still to come."""

import re
from collections.abc import Sequence

from django.db.models import Q, QuerySet

from accounts.models import User
from catalog.models import Service
from tickets import access
from tickets.choices import Kind
from tickets.models import Ticket
from tickets.problems.analysis import KNOWN

SHOWN = 3
LOOKED_AT = 60
WORD = re.compile(r"[^\W\d_]{4,}")
COMMON = frozenset(
    # Words that many reports share and that say nothing about the cause.
    (
        *("yang", "dengan", "untuk", "dari", "pada", "tidak", "bisa", "dapat", "sudah", "belum", "sejak", "karena"),
        *("pagi", "siang", "sore", "hari", "saat", "saya", "kami", "kantor", "dinas", "mohon", "tolong", "atau"),
        *("juga", "akan", "masalah", "gangguan", "layanan", "aplikasi", "sistem", "error", "terjadi"),
    )
)


def known_errors(user: User) -> QuerySet[Ticket]:
    """The known errors this person sees, with their details."""
    known = access.visible_to(user).filter(kind=Kind.PROBLEM, state__in=KNOWN, problem_detail__isnull=False)
    return known.exclude(problem_detail__workaround="").select_related("problem_detail", "service")


def search(user: User, text: str, service: Service | None = None) -> QuerySet[Ticket]:
    """Known errors in which every word of `text` occurs: in subject, root cause, workaround or service name."""
    found = known_errors(user)
    if service is not None:
        found = found.filter(service=service)
    for word in text.split()[:8]:
        found = found.filter(
            Q(subject__icontains=word)
            | Q(problem_detail__root_cause__icontains=word)
            | Q(problem_detail__workaround__icontains=word)
            | Q(service__name__icontains=word)
            | Q(number__iexact=word)
        )
    return found


def words_of(text: str) -> set[str]:
    """The words of a subject that may point to a cause."""
    return {word for word in WORD.findall(text.lower()) if word not in COMMON}


def similar_to(ticket: Ticket, user: User) -> list[Ticket]:
    """The known errors nearest to a ticket: the same service or asset counts most, shared words of the subject add up.

    A single shared word alone is chance, so it needs two. At most SHOWN, the best first; two queries.
    """
    if ticket.kind == Kind.PROBLEM or not ticket.is_open:
        return []
    words = words_of(ticket.subject)
    assets = set(ticket.assets.values_list("pk", flat=True))
    near = Q(pk__in=[])
    if ticket.service_id is not None:
        near |= Q(service_id=ticket.service_id)
    if assets:
        near |= Q(pk__in=Ticket.objects.filter(kind=Kind.PROBLEM, assets__in=assets).values("pk"))
    for word in sorted(words)[:12]:
        near |= Q(subject__icontains=word)
    found = list(known_errors(user).filter(near).prefetch_related("assets").order_by("-id")[:LOOKED_AT])
    scored = [(_score(problem, ticket.service_id, assets, words), problem) for problem in found]
    return _best(scored)


def _score(problem: Ticket, service_id: int | None, assets: set[int], words: set[str]) -> int:
    score = 3 if service_id is not None and problem.service_id == service_id else 0
    score += 3 if assets & {asset.pk for asset in problem.assets.all()} else 0
    return score + len(words & words_of(problem.subject))


def _best(scored: Sequence[tuple[int, Ticket]]) -> list[Ticket]:
    near = [(score, problem) for score, problem in scored if score >= 2]
    return [problem for _score_, problem in sorted(near, key=lambda pair: (-pair[0], -pair[1].pk))[:SHOWN]]


def workaround_of(user: User, number: str) -> str:
    """The workaround of a known error, for the composer; "" when this person knows none of that number."""
    if not number:
        return ""
    problem = known_errors(user).filter(number=number.strip().upper()[:40]).first()
    return problem.problem_detail.workaround if problem else ""
