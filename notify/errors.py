"""What a transport says when it could not send."""


class TransportError(Exception):
    """`permanent`: trying again is useless. `retry_after`: seconds the other side asks us to wait."""

    def __init__(self, message: str, *, permanent: bool, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.permanent = permanent
        self.retry_after = retry_after
