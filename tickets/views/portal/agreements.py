"""The agreement on a service, for everybody: only the one that is signed and in force."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from tickets.agreements import document, pdf


@require_safe
def agreement(request: HttpRequest, code: str) -> HttpResponse:
    """What is promised, in plain words."""
    return render(request, "portal/agreement.html", {"document": _published(code)})


@require_safe
def download(request: HttpRequest, code: str) -> HttpResponse:
    """The same on paper, without the numbers of civil servants."""
    shown = _published(code)
    return HttpResponse(
        pdf.render(shown),
        content_type="application/pdf",
        headers={"Content-Disposition": f'attachment; filename="{pdf.file_name(shown)}"'},
    )


def _published(code: str) -> document.Document:
    found = document.published(code)
    if found is None:
        raise Http404(_("Belum ada perjanjian yang berlaku untuk layanan ini."))
    return document.document_of(found, with_nip=False)
