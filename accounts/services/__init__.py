"""What is done with accounts: verbs, one transaction each, which refuse by raising."""

from accounts.services.closing import anonymise, lock_to_close, refuse_other_password
from accounts.services.log_ins import log_in, log_out, purge_tokens, rotate_tokens
from accounts.services.mails import drop_old_mails, send_mails
from accounts.services.passwords import (
    PasswordRule,
    change_password,
    follow_password_change,
    password_rules,
    shortest_password,
)
from accounts.services.profiles import change_profile, sign_up, why_refused
from accounts.services.resetting import request_password_reset, reset_password
from accounts.services.sessions import purge_sessions
from accounts.services.verification import request_verification, verify_email

__all__ = [
    "PasswordRule",
    "anonymise",
    "change_password",
    "change_profile",
    "drop_old_mails",
    "follow_password_change",
    "lock_to_close",
    "log_in",
    "log_out",
    "password_rules",
    "purge_sessions",
    "purge_tokens",
    "refuse_other_password",
    "request_password_reset",
    "request_verification",
    "reset_password",
    "rotate_tokens",
    "send_mails",
    "shortest_password",
    "sign_up",
    "verify_email",
    "why_refused",
]
