"""What a scrape reads from the database: as it is now, within a second or not at all."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import Lock, Thread

from django.conf import settings
from django.db import Error, connection, transaction
from django.db.models import Count, Min, Q, Sum
from django.utils import timezone
from prometheus_client.metrics_core import GaugeMetricFamily

from accounts.models import OutgoingMail
from bookings.models import Booking, Status
from movie_booking.database import is_reading
from movie_booking.metrics import NAMESPACE
from movies.models import Show

PATIENCE = 1.0  # seconds; a scrape may take 10, by default

# By name, what each says. All hosts read the same: ask for the max of them.
DATABASE_UP = f"{NAMESPACE}_database_up"
GAUGES = {
    f"{NAMESPACE}_shows_on_sale": "Shows on sale that have yet to start.",
    f"{NAMESPACE}_seats_offered": "All their seats.",
    f"{NAMESPACE}_seats_taken": "Those of their seats that are held, booked or blocked.",
    f"{NAMESPACE}_seats_held": "Seats on hold, of all shows.",
    f"{NAMESPACE}_holds_overdue": "Holds whose time is over, and which nobody has freed yet.",
    f"{NAMESPACE}_mails_waiting": "Mails that are to be sent.",
    f"{NAMESPACE}_mail_oldest_seconds": "How long the first of them has waited.",
}


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Have PostgreSQL give up what takes longer. On SQLite a transaction would wait for all who write."""
    if connection.vendor != "postgresql":
        yield
        return
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('statement_timeout', %s, true)", [str(int(seconds * 1000))])
        yield


def read() -> Mapping[str, float]:
    """Return the gauges by their names: three statements, each by an index. Raises Error."""
    now = timezone.now()
    with within(PATIENCE):
        shows = Show.objects.upcoming(now).aggregate(
            shows=Count("pk"), seats=Sum("total_seats", default=0), taken=Sum("live_seats", default=0)
        )
        holds = Booking.objects.filter(status=Status.HELD).aggregate(
            running=Count("pk", filter=Q(expires_at__gt=now)),
            over=Count("pk", filter=Q(expires_at__lte=now)),
        )
        mails = OutgoingMail.objects.aggregate(waiting=Count("pk"), oldest=Min("created_at"))
    age = (now - mails["oldest"]).total_seconds() if mails["oldest"] else 0.0
    values = (
        *(shows["shows"], shows["seats"], shows["taken"]),
        *(holds["running"], holds["over"]),
        *(mails["waiting"], max(0.0, age)),
    )
    return dict(zip(GAUGES, values, strict=True))


class Reading(Thread):
    """One look at the database. It may outlive its scrape, and the next one then waits for it too."""

    _latest: "Reading | None" = None
    _mutex = Lock()

    def __init__(self) -> None:
        super().__init__(name="gauges", daemon=True)
        self.values: Mapping[str, float] | None = None

    @classmethod
    def begin(cls) -> "Reading":
        """Return the one that is under way, or a new one."""
        with cls._mutex:
            if cls._latest is None or not cls._latest.is_alive():
                cls._latest = cls()
                cls._latest.start()
            return cls._latest

    def run(self) -> None:
        is_reading.set(True)
        try:
            self.values = read()
        except Error:  # that the database is away, the requests of customers log
            self.values = None
        finally:
            connection.close()


def collect() -> Iterator[GaugeMetricFamily]:
    """Yield the gauges, and whether they could be read; without them within PATIENCE."""
    reading = Reading.begin()
    reading.join(min(PATIENCE, settings.LOCK_TIMEOUT_SECONDS))
    values = reading.values
    yield GaugeMetricFamily(
        DATABASE_UP, "Whether the database answered, in time, what follows.", values is not None
    )
    for name, value in (values or {}).items():
        yield GaugeMetricFamily(name, GAUGES[name], value)
