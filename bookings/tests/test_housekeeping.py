"""What is done beside the server: by one process of many, when it is due, and noted."""

from contextlib import suppress
from datetime import timedelta
from io import StringIO

import pytest
from django.conf import settings
from django.core.management import call_command
from django.utils import timezone

from bookings.management.commands.housekeeping import DAY, HOUR, Command, jobs, tasks
from bookings.models import HousekeepingLead, HousekeepingRun
from bookings.services import housekeeping
from bookings.services.housekeeping import Lead, Task
from movie_booking.tests.concurrency import run_concurrently

pytestmark = pytest.mark.django_db


class Work:
    """Counts how often it was done, and returns or raises what it is told to."""

    def __init__(self, result=0):
        self.times, self.result = 0, result

    def __call__(self):
        self.times += 1
        if isinstance(self.result, Exception):
            raise self.result
        return self.result


def leading():
    lead = Lead()
    lead.renew()
    assert lead.is_ours
    return lead


def end_lead():
    """The time of whoever has it is over."""
    HousekeepingLead.objects.update(until=timezone.now() - timedelta(seconds=1))


def later(**time):
    """So much time has passed since what is noted."""
    for run in HousekeepingRun.objects.all():
        run.due_at -= timedelta(**time)
        run.save()


# --- One of many -----------------------------------------------------------------------------------


def test_one_process_has_the_lead_and_keeps_it():
    first, second = Lead(), Lead()

    for _ in range(3):
        first.renew()
        second.renew()
        assert (first.is_ours, second.is_ours) == (True, False)


def test_another_has_it_when_the_time_of_the_first_is_over():
    first, second = leading(), Lead()
    end_lead()

    second.renew()
    first.renew()

    assert (first.is_ours, second.is_ours) == (False, True)


def test_another_has_it_at_once_when_the_first_leaves_in_order():
    first, second = leading(), Lead()
    first.give_up()

    second.renew()
    assert (first.is_ours, second.is_ours) == (False, True)

    first.give_up()  # what is not its own any more it does not give up
    Lead().renew()
    second.renew()
    assert second.is_ours


def test_a_process_that_could_not_renew_it_does_nothing(monkeypatch):
    """Its database is away, say: another may have the lead by now."""
    lead, work = leading(), Work()
    monkeypatch.setattr(housekeeping.time, "monotonic", lambda: lead._until)

    lead.do(Task("Sweeping", work, 15))

    assert work.times == 0


def test_of_many_that_begin_at_once_one_has_it(real_transactions):
    leads = [Lead() for _ in range(6)]

    for _ in range(3):
        run_concurrently(*(lead.renew for lead in leads))
        assert [lead.is_ours for lead in leads].count(True) == 1
        end_lead()
    assert HousekeepingLead.objects.count() == 1


def test_the_others_stand_by():
    leading()
    second, work = Lead(), Work()
    second.renew()

    assert second.do(Task("Sweeping", work, 15)) is False
    assert second.do(Task("Purging", work, HOUR)) is False

    assert work.times == 0
    assert not HousekeepingRun.objects.exists()


# --- When it is due, and what is noted of it --------------------------------------------------------


def test_a_task_is_done_when_it_is_due_whichever_process_did_it_before():
    work = Work(7)
    task = Task("Purging", work, HOUR)

    leading().do(task)
    end_lead()
    leading().do(task)
    assert work.times == 1
    later(minutes=59)
    end_lead()
    leading().do(task)
    assert work.times == 1
    later(minutes=1)
    end_lead()
    leading().do(task)
    assert work.times == 2


def test_what_came_of_it_is_noted():
    before = timezone.now()
    leading().do(Task("Purging", Work(7), HOUR))

    run = HousekeepingRun.objects.get()
    assert (run.name, run.count, run.failed_at, run.error) == ("Purging", 7, None, "")
    assert before <= run.started_at <= run.finished_at
    assert run.due_at == run.finished_at + timedelta(hours=1)


def test_a_failure_is_noted_by_its_kind_and_the_task_is_due_until_it_succeeds():
    lead, work = leading(), Work(ValueError("john@example.com"))
    task = Task("Purging", work, HOUR)
    with pytest.raises(ValueError, match="john"):
        lead.do(task)
    run = HousekeepingRun.objects.get()
    assert (run.finished_at, run.error, run.failed_at) == (None, "ValueError", run.due_at)

    work.result = 3
    lead.do(task)
    done = HousekeepingRun.objects.get()
    assert (done.count, done.error, done.failed_at) == (3, "", None)

    later(hours=2)
    work.result = KeyError()
    with pytest.raises(KeyError):
        lead.do(task)
    failed = HousekeepingRun.objects.get()
    assert (failed.count, failed.finished_at, failed.error) == (3, done.finished_at, "KeyError")
    assert failed.due_at < timezone.now()


def test_what_is_done_each_second_is_not_written_each_second(monkeypatch, django_assert_num_queries):
    lead, work = leading(), Work()
    task = Task("Sending mails", work, 1)
    lead.do(task)
    noted = HousekeepingRun.objects.get()

    with django_assert_num_queries(0):
        for _ in range(5):
            lead.do(task)
    work.result = 2
    lead.do(task)

    assert work.times == 7
    run = HousekeepingRun.objects.get()
    assert (run.count, run.started_at > noted.started_at) == (2, True)
    assert run.due_at == run.finished_at + timedelta(minutes=1)


def test_tasks_of_another_release_are_forgotten_by_who_has_the_lead():
    lead = leading()
    lead.do(Task("Former", Work(), HOUR))
    lead.do(Task("Purging", Work(), HOUR))

    Lead().forget_others([])
    assert HousekeepingRun.objects.count() == 2
    lead.forget_others([Task("Purging", Work(), HOUR)])

    assert HousekeepingRun.objects.get().name == "Purging"


# --- The schedule ----------------------------------------------------------------------------------


def test_these_are_the_tasks_each_on_its_own_schedule():
    assert [(task.work.__name__, task.seconds) for task in tasks()] == [
        ("expire_holds", settings.SWEEP_SECONDS),
        ("send_mails", 1),
        ("purge_idempotency_keys", HOUR),
        ("purge_tokens", HOUR),
        ("purge_sessions", HOUR),
        ("purge_password_failures", HOUR),
        ("forget_old_contacts", DAY),
    ]


def test_each_is_done_by_the_process_that_has_the_lead():
    """As one round of all jobs does it, on an empty database."""
    lead = Lead()
    first, *others = jobs(lead, tasks())

    for job in others:
        job.work()
    assert not HousekeepingRun.objects.exists()
    first.work()
    for job in others:
        job.work()

    assert {run.name for run in HousekeepingRun.objects.all()} == {task.name for task in tasks()}
    assert [job.seconds for job in others] == [settings.SWEEP_SECONDS, 1, 60, 60, 60, 60, 60]


def test_a_process_that_gets_the_lead_knows_which_tasks_there_are():
    lead = leading()
    lead.do(Task("Former", Work(), HOUR))
    end_lead()

    jobs(Lead(), tasks())[0].work()

    assert not HousekeepingRun.objects.exists()


def test_the_lead_is_left_when_the_process_ends(monkeypatch, real_transactions):
    monkeypatch.setattr("bookings.management.commands.housekeeping.run", lambda jobs, beside: jobs[0].work())
    call_command("housekeeping")

    assert leading()


def test_the_command_says_what_was_done_last():
    lead, out = leading(), StringIO()
    lead.do(Task("Purging", Work(7), HOUR))
    lead.do(Task("Sweeping", Work(1), 15))
    for name in ("Sweeping", "Mailing"):
        with suppress(OSError):
            lead.do(Task(name, Work(OSError()), 15))
    moment = timezone.now().replace(year=2026, month=5, day=17, hour=20, minute=15, second=3)
    HousekeepingRun.objects.exclude(name="Mailing").update(started_at=moment, finished_at=moment)
    HousekeepingRun.objects.exclude(error="").update(failed_at=moment)

    Command(stdout=out).handle(beside=None, show=True)

    assert out.getvalue().splitlines() == [
        "Mailing: never done, failed at 2026-05-17 20:15:03 UTC (OSError)",
        "Purging: 7 at 2026-05-17 20:15:03 UTC in 0.0 s",
        "Sweeping: 1 at 2026-05-17 20:15:03 UTC in 0.0 s, failed at 2026-05-17 20:15:03 UTC (OSError)",
    ]
