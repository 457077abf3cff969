"""What may stand in an address of the workspace."""

from django.urls import register_converter


class TicketNumber:
    """What can be a ticket number at all; anything else is no address of the workspace."""

    regex = "[A-Za-z0-9-]{1,40}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(TicketNumber, "ticket_number")
