"""What a transport says when it could not send."""

import re

from accounts.normalize import mask

_ADDRESS = re.compile(r"[\w.+=-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")


def without_addresses(text: str) -> str:
    """The words of a mail server with every address masked: they are shown to people who may not know the reporter.

    >>> without_addresses("550 5.1.1 <sari@contoh.id>: user unknown")
    '550 5.1.1 <s•••@contoh.id>: user unknown'
    """
    return _ADDRESS.sub(lambda found: mask(found[0]), text)


class TransportError(Exception):
    """`permanent`: trying again is useless. `retry_after`: seconds the other side asks us to wait.

    `dead_address`: nobody is reached at this address any more. `outage`: the way out itself is broken, for every
    message alike, so that it is no fault of this one.
    """

    def __init__(
        self,
        message: str,
        *,
        permanent: bool,
        retry_after: float | None = None,
        dead_address: bool = False,
        outage: bool = False,
    ) -> None:
        super().__init__(message)
        self.permanent = permanent
        self.retry_after = retry_after
        self.dead_address = dead_address
        self.outage = outage


class NotDue(Exception):
    """What was planned must not be sent any more, e.g. because its reader may not know of it now."""
