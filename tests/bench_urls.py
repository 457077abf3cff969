"""The product's addresses and the bare view: one query of 50 rows, one loop, the same middleware."""

from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.urls import include, path

from tickets.models import Ticket

TEMPLATE = engines["django"].from_string(
    "<table>{% for t in tickets %}<tr><td>{{ t.number }}</td><td>{{ t.subject }}</td><td>{{ t.state }}</td>"
    "<td>{{ t.priority }}</td><td>{{ t.channel }}</td><td>{{ t.created_at }}</td><td>{{ t.due_at }}</td></tr>"
    "{% endfor %}</table>"
)


def bare(request: HttpRequest) -> HttpResponse:
    return HttpResponse(TEMPLATE.render({"tickets": Ticket.objects.order_by("-pk")[:50]}, request))


urlpatterns = [path("bench/bare/", bare), path("", include("servicedesk.urls"))]
