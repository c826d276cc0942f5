"""What the tests of mailed links share."""

import re
from urllib.parse import unquote

from accounts.services import send_mails

LINK = re.compile(r"#uid=(\w+)&token=(\S+)")


def mailed_links(mailoutbox):
    """Send what is due, and return what the links of all mails until now say: uid and token."""
    send_mails()
    return [
        {"uid": uid, "token": unquote(token)} for mail in mailoutbox for uid, token in LINK.findall(mail.body)
    ]
