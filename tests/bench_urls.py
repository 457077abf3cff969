"""The product's addresses and the bare view: the same fifty tickets and columns as the queue, one query, one loop."""

from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.urls import include, path

from tickets.models import Ticket

TEMPLATE = engines["django"].from_string(
    "<table>{% for t in tickets %}<tr><td>{{ t.number }}</td><td>{{ t.subject }}</td><td>{{ t.requester.name }}</td>"
    "<td>{{ t.office.name }}</td><td>{{ t.state }}</td><td>{{ t.priority }}</td><td>{{ t.channel }}</td>"
    "<td>{{ t.team.name }}</td><td>{{ t.assignee.username }}</td><td>{{ t.created_at }}</td><td>{{ t.due_at }}</td>"
    "</tr>{% endfor %}</table>"
)


def bare(request: HttpRequest) -> HttpResponse:
    tickets = Ticket.objects.select_related("requester", "office", "team", "assignee").order_by("-pk")[:50]
    return HttpResponse(TEMPLATE.render({"tickets": tickets}, request))


urlpatterns = [path("bench/bare/", bare), path("", include("servicedesk.urls"))]
