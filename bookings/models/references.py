"""References of orders: how they are made, and read as people type them."""

import secrets

# 32 characters that people do not mistake for one another on the phone (Crockford's base 32).
# https://www.crockford.com/base32.html
REFERENCE_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
REFERENCE_LENGTH = 10  # 50 bits: too many to guess one, and no two orders get the same


def new_reference() -> str:
    """Return a reference for an order, such as "7KX2M9QF4T"."""
    bits = secrets.randbits(5 * REFERENCE_LENGTH)
    return "".join(REFERENCE_ALPHABET[bits >> shift & 31] for shift in range(0, 5 * REFERENCE_LENGTH, 5))


def read_out(reference: str) -> str:
    """Return a reference as it is read out: in halves, "7KX2M-9QF4T"."""
    half = len(reference) // 2
    return f"{reference[:half]}-{reference[half:]}"


# What people read and type for the digits that look alike, by the same author.
MISREAD = str.maketrans("OIL", "011")


def as_reference(typed: str) -> str:
    """Return what was typed as it is printed: in capitals, with 0 for O and 1 for I and L."""
    return typed.upper().translate(MISREAD)
