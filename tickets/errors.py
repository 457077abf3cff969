"""Refusals of the ticket services. Each message is an Indonesian sentence fit for the screen."""

from collections.abc import Mapping, Sequence


class TicketError(Exception):
    """Base of every refusal; `status` is the HTTP status that web and API answer with."""

    status = 400

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class NotVisible(TicketError):
    """The ticket does not exist for this actor."""

    status = 404


class Forbidden(TicketError):
    """The actor sees the ticket but may not do this."""

    status = 403


class WrongState(TicketError):
    """The transition does not leave from the present state, or a guard refuses it."""

    status = 409


class Stale(TicketError):
    """The ticket was changed by somebody else since the actor looked at it."""

    status = 409


class InvalidInputs(TicketError):
    """Inputs are missing or wrong; `errors` maps field names to sentences."""

    status = 400

    def __init__(self, message: str, errors: Mapping[str, Sequence[str]]) -> None:
        super().__init__(message)
        self.errors = {name: [str(text) for text in texts] for name, texts in errors.items()}
