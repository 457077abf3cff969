"""A person's choices about notices, and the link in a mail by which such mails stop."""

from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from accounts.models import User
from notify import preferences
from notify.forms import PreferenceForm


@never_cache
@login_required
@require_http_methods(["GET", "POST"])
def preferences_page(request: HttpRequest) -> HttpResponse:
    """Which notices, by which channel, at what hours."""
    user = cast(User, request.user)
    form = PreferenceForm(
        request.POST or None,
        events=preferences.events_for(user),
        preference=preferences.of(user),
        is_staff=user.is_workspace_user,
    )
    if request.method == "POST" and form.is_valid():
        preferences.save(user=user, **form.values())
        messages.success(request, _("Pilihan Anda disimpan."))
        return redirect("notify:preferences")
    status = 422 if request.method == "POST" else 200
    return render(request, "notify/preferences.html", {"form": form}, status=status)


@csrf_exempt  # the signed link is the right; mail programs post it without a page of ours (RFC 8058)
@never_cache
@require_http_methods(["GET", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """Ask before anything changes: programs that look at links in mails follow them too. A post stops the notices."""
    reader = preferences.read(token)
    if reader is None:
        raise Http404(_("Tautan ini tidak dikenal. Salin seluruhnya dari email."))
    if request.method == "POST":
        preferences.set_choice(reader, is_off=request.POST.get("back") != "1")
        reader = preferences.read(token) or reader
    return render(request, "notify/unsubscribe.html", {"reader": reader, "is_done": request.method == "POST"})
