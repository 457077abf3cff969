"""Canonical forms of the addresses and numbers that identify people. Pure functions."""

import re

import phonenumbers

_SPACES = re.compile(r"\s+")


def email_key(value: str) -> str:
    """Lower-cased address used for look-ups; "" when it is not an address.

    >>> email_key(" Sari@Contoh.go.ID ")
    'sari@contoh.go.id'
    """
    value = value.strip().lower()
    local, at, domain = value.rpartition("@")
    if not at or not local or "." not in domain or _SPACES.search(value) or len(value) > 254:
        return ""
    return value


def sender_key(value: str) -> str:
    """`email_key` without a "+tag", so that all sub-addresses of a mailbox count as one; "" when it is no address.

    >>> sender_key("Sari+spbe@Contoh.go.ID")
    'sari@contoh.go.id'
    """
    local, at, domain = email_key(value).rpartition("@")
    return f"{local.partition('+')[0] or local}{at}{domain}"


def phone_key(value: str) -> str:
    """E.164 form of an Indonesian or international number; "" when it is not a possible number.

    Accepts 08..., 628..., +62..., with spaces, dots and dashes.

    >>> phone_key("0812-3456-7890")
    '+6281234567890'
    >>> phone_key("62 812 3456 7890")
    '+6281234567890'
    """
    digits = value.strip()
    if digits.startswith("62"):
        digits = "+" + digits
    try:
        number = phonenumbers.parse(digits, "ID")
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_possible_number(number):
        return ""
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def nip_digits(value: str) -> str:
    """The 18 digits of a NIP, or "" (only digits and length are checked: PPPK numbers break the month rule)."""
    digits = _SPACES.sub("", value)
    return digits if len(digits) == 18 and digits.isascii() and digits.isdigit() else ""


def mask(value: str) -> str:
    """Hide the middle of an identity value for screens that do not need all of it.

    >>> mask("sari@contoh.go.id")
    's•••@contoh.go.id'
    >>> mask("+6281234567890")
    '+62•••••••890'
    """
    local, at, domain = value.partition("@")
    if at:
        return f"{local[:1]}•••@{domain}"
    if len(value) <= 6:
        return "•" * len(value)
    return value[:3] + "•" * (min(len(value), 13) - 6) + value[-3:]
