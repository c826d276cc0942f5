"""Mails: sent by a real server that refuses, dies and comes back; none is lost silently or sent twice."""

import logging
import socket
from datetime import timedelta
from io import StringIO

import pytest
from aiosmtpd.controller import Controller
from django.core.mail.backends.locmem import EmailBackend
from django.core.management import call_command
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import OutgoingMail
from accounts.services import mails, request_password_reset, send_mails
from accounts.tests.factories import make_user
from movie_booking.tests.concurrency import run_concurrently

pytestmark = pytest.mark.django_db


class Inbox:
    """What a mail server received, and what it answers."""

    def __init__(self):
        self.received, self.refusal = [], None

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802
        if self.refusal:
            return self.refusal.format(address)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        self.received.append((envelope.mail_from, envelope.rcpt_tos, envelope.content.decode()))
        return "250 OK"


@pytest.fixture(scope="module")
def server():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    logging.getLogger("mail.log").setLevel(logging.CRITICAL)  # the mail server's own
    controller = Controller(Inbox(), hostname="127.0.0.1", port=port)
    controller.start()
    yield controller
    controller.stop()


@pytest.fixture
def inbox(server, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
    server.handler.__init__()
    return server.handler


def ask(*users):
    for user in users:
        request_password_reset(email=user.email)


def let_pass(**time):
    """As if all that was written had been written so much earlier."""
    for mail in OutgoingMail.objects.all():
        mail.created_at -= timedelta(**time)
        mail.due_at -= timedelta(**time)
        mail.save()


def waits():
    """In how many seconds each mail will be tried again, and how often it was tried."""
    now = timezone.now()
    return [
        (round((mail.due_at - now).total_seconds()), mail.attempts)
        for mail in OutgoingMail.objects.order_by("pk")
    ]


def test_a_mail_goes_out_by_smtp(inbox):
    user = make_user("john")
    ask(user)

    assert send_mails() == 1

    [(sender, receivers, text)] = inbox.received
    assert (sender, receivers) == ("noreply@localhost", ["john@example.com"])
    assert "Subject: Choose a new password\r\n" in text
    assert "http://127.0.0.1:8000/password/reset/#uid=" in text
    assert not OutgoingMail.objects.exists()


def test_while_the_mail_server_is_down_all_wait_longer_each_time_and_then_all_go_out(inbox, settings, caplog):
    ask(make_user("john"), make_user("jane"))
    up = settings.EMAIL_PORT
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        settings.EMAIL_PORT = nobody.getsockname()[1]

        for pause in (1, 2, 4, 8):
            assert send_mails() == 0
            assert waits() == [(60 * pause, pause.bit_length()), (60 * pause, 0)]
            assert send_mails() == 0  # nothing is due
            let_pass(minutes=pause)

    settings.EMAIL_PORT = up
    assert send_mails() == 2
    assert sorted(receivers for _, receivers, _ in inbox.received) == [
        ["jane@example.com"],
        ["john@example.com"],
    ]
    assert [record.levelname for record in caplog.records] == ["WARNING"] * 4
    assert "example.com" not in caplog.text
    assert "ConnectionRefusedError" in caplog.text


def test_a_mail_that_is_refused_holds_up_no_other_and_its_address_is_in_no_log(inbox, caplog):
    refused, other = make_user("john"), make_user("jane")
    ask(refused)
    inbox.refusal = "451 4.7.1 {}: greylisted, come back later"
    assert send_mails() == 0
    inbox.refusal = None
    ask(other)

    assert send_mails() == 1
    assert [receivers for _, receivers, _ in inbox.received] == [["jane@example.com"]]
    let_pass(minutes=1)
    assert send_mails() == 1

    assert [record.getMessage().partition("again: ")[2] for record in caplog.records] == [
        "SMTPRecipientsRefused"
    ]
    assert "example.com" not in caplog.text


def test_pauses_grow_to_an_hour_and_after_a_day_a_mail_is_given_up_loudly(inbox, caplog):
    ask(make_user())
    inbox.refusal = "550 {}: no such mailbox"
    pauses = []
    while OutgoingMail.objects.exists():
        assert send_mails() == 0
        for seconds, _ in waits():
            pauses.append(seconds // 60)
            let_pass(seconds=seconds + 1)

    assert pauses[:7] == [1, 2, 4, 8, 16, 32, 60]
    assert set(pauses[7:]) == {60}
    assert sum(pauses) in range(24 * 60, 26 * 60)
    last = caplog.records[-1]
    assert last.levelno == logging.ERROR
    assert last.getMessage() == "Mails given up, as they could not be sent for 1 day, 0:00:00: 1."
    assert "example.com" not in caplog.text


def test_a_sender_that_dies_leaves_its_mail_to_the_next(monkeypatch, mailoutbox):
    ask(make_user())

    def die(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(EmailBackend, "send_messages", die)
    with pytest.raises(KeyboardInterrupt):
        send_mails()
    monkeypatch.undo()

    assert send_mails() == 0
    let_pass(minutes=1)
    assert send_mails() == 1


def test_a_request_that_comes_while_its_mail_is_sent_is_not_lost(monkeypatch, mailoutbox):
    user, send = make_user(), EmailBackend.send_messages
    ask(user)

    def ask_meanwhile(self, messages):
        monkeypatch.undo()
        ask(user)
        return send(self, messages)

    monkeypatch.setattr(EmailBackend, "send_messages", ask_meanwhile)

    assert send_mails() == 1
    assert send_mails() == 1


def test_nothing_to_do_is_one_query(django_assert_num_queries):
    with django_assert_num_queries(1):
        assert send_mails() == 0


def test_no_text_and_no_link_is_kept():
    ask(make_user("john"))

    row = OutgoingMail.objects.values().get()

    assert row.keys() == {"id", "kind", "address", "created_at", "due_at", "attempts"}
    assert row["address"] == "john@example.com"


def test_the_command_says_how_many_it_has_sent(mailoutbox):
    ask(make_user(), make_user())

    for sent in (2, 0):
        output = StringIO()
        call_command("send_mail", stdout=output)
        assert output.getvalue() == f"Mails sent: {sent}.\n"


# --- Two senders ---------------------------------------------------------------------------------


@pytest.mark.usefixtures("real_transactions")
def test_of_many_senders_one_sends_each_mail(inbox):
    users = [make_user() for _ in range(4)]
    ask(*users)

    sent = run_concurrently(*[send_mails] * 3)

    assert sum(sent) == 4
    assert sorted(receivers for _, receivers, _ in inbox.received) == sorted([user.email] for user in users)


def send_while_it_is_sent(monkeypatch):
    """Have another sender meet the same mail while the first sends it. Return how many each has sent."""
    ask(make_user())
    [mail] = OutgoingMail.objects.due(timezone.now())
    send, other = EmailBackend.send_messages, []

    def meet(self, messages):
        monkeypatch.setattr(EmailBackend, "send_messages", send)
        other.append(mails._send(mail, mails.get_connection()))
        return send(self, messages)

    monkeypatch.setattr(EmailBackend, "send_messages", meet)
    return mails._send(mail, mails.get_connection()), *other


def test_what_one_sender_has_claimed_another_leaves_alone(monkeypatch, mailoutbox):
    assert send_while_it_is_sent(monkeypatch) == (1, 0)
    assert len(mailoutbox) == 1


def test_control_without_the_claim_both_send_it(monkeypatch, mailoutbox):
    monkeypatch.setattr(QuerySet, "update", lambda self, **changes: 1)

    assert send_while_it_is_sent(monkeypatch) == (1, 1)
    assert len(mailoutbox) == 2
