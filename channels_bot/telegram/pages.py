"""Pages of the web on which chats and groups are linked: the account's own, and the one of a team's coordinators."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.models import Team, User
from accounts.roles import Role
from channels_bot.telegram import client, linking
from channels_bot.telegram.models import TelegramGroup
from tickets.errors import Forbidden
from tickets.views.agent.shared import AgentRequest, View, workspace

CODE = "telegram_code"
"""Where a session keeps a code until the page that shows it once."""


@never_cache
@login_required
@require_http_methods(["GET", "POST"])
def account(request: HttpRequest) -> HttpResponse:
    """The chat of the signed-in person: a code to link one, or to take it off again."""
    user = request.user
    if not isinstance(user, User):
        raise Http404
    if request.method == "POST" and request.POST.get("action") == "unlink":
        if linking.unlink(user):
            messages.success(request, _("Telegram tidak lagi terhubung. Jawaban dikirim ke email Anda."))
        return redirect("account_telegram")
    if request.method == "POST":
        request.session[CODE] = linking.issue(user=user)
        return redirect("account_telegram")
    shown = {
        "code": request.session.pop(CODE, ""),
        "is_linked": linking.linked(user) is not None,
        "is_configured": client.is_configured(),
        "bot_name": settings.TELEGRAM_BOT_USERNAME,
        "minutes": int(linking.LIFETIME.total_seconds() // 60),
    }
    return render(request, "account/telegram.html", shown)


def keepers(view: View) -> View:
    """For those who coordinate a team, and administrators; others of the workspace get 403."""

    def guarded(request: AgentRequest, *args: object, **kwargs: object) -> HttpResponse:
        if not request.user.has_role(Role.COORDINATOR, Role.ADMINISTRATOR):
            raise Forbidden(_("Grup Telegram diatur oleh koordinator tim dan administrator."))
        return view(request, *args, **kwargs)

    return workspace(guarded)


def _teams(user: User) -> QuerySet[Team]:
    """The teams whose groups this person keeps."""
    teams = Team.objects.filter(is_active=True, is_confidential=False)
    if user.has_role(Role.ADMINISTRATOR):
        return teams
    return teams.filter(memberships__user=user, memberships__is_coordinator=True)


@require_http_methods(["GET", "POST"])
@keepers
def groups(request: AgentRequest) -> HttpResponse:
    """The teams with their groups, and a code to link one more."""
    if request.method == "POST":
        team = _teams(request.user).filter(code=request.POST.get("team", "")[:60]).first()
        if team is None:
            raise Http404(_("Tim tidak ditemukan."))
        request.session[CODE] = [team.code, linking.issue(user=request.user, team=team)]
        return redirect("telegram_groups")
    kept = request.session.pop(CODE, None)
    team_code, code = kept if isinstance(kept, list) else ("", "")
    teams = list(_teams(request.user).prefetch_related("telegram_groups").order_by("name"))
    shown = {
        "teams": teams,
        "code": code,
        "code_team": next((team for team in teams if team.code == team_code), None),
        "is_linked": linking.linked(request.user) is not None,
        "is_configured": client.is_configured(),
        "bot_name": settings.TELEGRAM_BOT_USERNAME,
        "minutes": int(linking.LIFETIME.total_seconds() // 60),
    }
    return render(request, "agent/telegram_groups.html", shown)


@require_POST
@keepers
def group(request: AgentRequest, pk: int) -> HttpResponse:
    """Change what one group is told, or take it off."""
    found = TelegramGroup.objects.select_related("team").filter(pk=min(pk, 2**63 - 1)).first()
    if found is None or not linking.may_link(request.user, found.team):
        raise Http404(_("Grup tidak ditemukan."))
    if request.POST.get("action") == "unlink":
        linking.unlink_group(group=found, actor=request.user)
        messages.success(request, _("Grup tidak lagi menerima kabar tiket."))
    elif request.POST.get("subject") in ("0", "1"):
        linking.set_shows_subject(group=found, actor=request.user, shows=request.POST["subject"] == "1")
        messages.success(request, _("Disimpan."))
    return redirect("telegram_groups")
