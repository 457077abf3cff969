"""Mail of the sign-in pages through the outbox: a mail server that is down must not break the page that asks for it."""

import uuid
from typing import Any

from accounts.adapters import AccountAdapter as Base
from notify import outbox
from notify.models import Delivery


class AccountAdapter(Base):
    """Proofs of an address and new passwords wait in the outbox like everything else, and are forgotten once sent."""

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        message = self.render_mail(template_prefix, email, context)
        outbox.plan(
            key=f"account:{uuid.uuid4()}",
            channel=Delivery.Channel.EMAIL,
            recipient=email,
            subject=message.subject,
            text=message.body,
            event="account",
            is_secret=True,
            options={"auto_submitted": "auto-generated"},
        )
