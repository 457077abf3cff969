"""The whole of a mail, as its sender's program would show it: images in place, nothing cut off."""

import html as entities
import re
from urllib.parse import unquote

from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe

from tickets import rawmail
from tickets.attachments import INLINE_TYPES
from tickets.models import InboundRecord, Message

# What the cleaning at intake leaves of an image inside the mail.
_INNER_IMAGE = re.compile(r'src="cid:([^"]{1,1000})"')


def html_of(message: Message) -> SafeString:
    """The HTML that was cleaned at intake, its inner images from our private addresses; "" when there is none.

    An image that was not kept leaves its alternative text.
    """
    if not message.html:
        return mark_safe("")
    images = {
        file.content_id: reverse("attachment", args=[file.uuid])
        for file in message.attachments.all()
        if file.content_id and file.content_type in INLINE_TYPES
    }

    def place(found: re.Match[str]) -> str:
        address = images.get(unquote(entities.unescape(found.group(1))))
        return f'src="{address}" loading="lazy"' if address else ""

    return mark_safe(_INNER_IMAGE.sub(place, message.html))  # noqa: S308 - cleaned by nh3 when it arrived


def raw_of(message: Message) -> bytes:
    """The mail as it came, b"" when there is none or its time of keeping is over."""
    record = InboundRecord.objects.filter(message_id=message.pk, raw__isnull=False).order_by("pk").first()
    return rawmail.read(record) if record else b""
