"""What came of an act on one of several tickets."""

from dataclasses import dataclass

from tickets.errors import InvalidInputs, TicketError


@dataclass(frozen=True, slots=True)
class Row:
    """`reason` is empty when it was done."""

    number: str
    reason: str = ""

    @property
    def is_done(self) -> bool:
        return not self.reason


def reason_of(error: TicketError) -> str:
    """The sentence to show for one row: the first about its inputs, else the general one."""
    errors = error.errors if isinstance(error, InvalidInputs) else {}
    return next((text for texts in errors.values() for text in texts), error.message)
