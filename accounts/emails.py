"""When two spellings of an e-mail address are counted as one person's."""

import re

# Google delivers to one mailbox however its dots are set, and under both names.
# https://support.google.com/mail/answer/7436150
IGNORES_DOTS = {"gmail.com", "googlemail.com"}


def counted_as(email: str, *, spellings_as_one: bool) -> str:
    """Return the address by which limits count: two addresses that differ in case are one.

    With `spellings_as_one` so are those that differ in what follows a plus, which most providers deliver to
    one mailbox and which elsewhere hardly any address has; and at Google's in their dots, which other
    providers tell apart. Nothing is sent to what is returned.
    """
    local, _, domain = email.strip().lower().rpartition("@")
    if not spellings_as_one or not local:
        return email.strip().lower()
    local = local.split("+", 1)[0] or local
    if domain in IGNORES_DOTS:
        local, domain = local.replace(".", "") or local, "gmail.com"
    return f"{local}@{domain}"


def spellings_of(email: str) -> str:
    """Return a pattern that all lower-case addresses match which are counted as this one, and no other."""
    local, _, domain = counted_as(email, spellings_as_one=True).rpartition("@")
    if domain == "gmail.com":
        names = r"\.*".join(map(re.escape, local))
        return rf"^{names}\.*(\+[^@]*)?@({'|'.join(sorted(map(re.escape, IGNORES_DOTS)))})$"
    return rf"^{re.escape(local)}(\+[^@]*)?@{re.escape(domain)}$"
