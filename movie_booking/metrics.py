"""What is counted and measured, for Prometheus: every metric by its name, and what its labels may say.

Each process counts for itself; `metrics_page` adds up those of a server. A label never names a user, a show
or an order: there would be as many time series. https://prometheus.io/docs/practices/naming/
"""

import os
from functools import cache, partial
from typing import TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, values

NAMESPACE = "movie_booking"

# Processes of a production server keep their values in a folder, each by its name: see `metrics_files`.
# Without one, in development, they are kept in memory.
if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
    # A worker goes on with the file of one that is no more, or there would be ever more of them to read.
    name_of_process = os.environ.get("METRICS_PROCESS") or str(os.getpid())
    values.ValueClass = values.MultiProcessValue(lambda: name_of_process)  # type: ignore[no-untyped-call]

registry = CollectorRegistry()
counter = partial(Counter, namespace=NAMESPACE, registry=registry)
gauge = partial(Gauge, namespace=NAMESPACE, registry=registry)
histogram = partial(Histogram, namespace=NAMESPACE, registry=registry)

Metric = TypeVar("Metric", Counter, Gauge, Histogram)

SECONDS = (0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
# Of waits that end after LOCK_TIMEOUT_SECONDS, 5 by default.
WAITS = (0.005, 0.02, 0.1, 0.5, 1, 2.5, 5)


@cache
def child(metric: Metric, *labels: str) -> Metric:
    """Return the metric with these values of its labels. Looking it up costs a tenth of a microsecond."""
    return metric.labels(*labels)


# --- Requests ----------------------------------------------------------------------------------

REQUESTS = counter(
    "http_requests_total", "Requests that were answered, by route.", ["route", "method", "status"]
)
REQUEST_SECONDS = histogram(
    "http_request_duration_seconds",
    "How long requests took to be answered, once all of them was there.",
    ["route", "method"],
    buckets=SECONDS,
)
REPEATS = counter(
    "repeats_total",
    "Of the requests that were answered, those that repeated one word for word and were 304 again.",
)
PROBLEMS = counter("problems_total", "Requests that were refused or failed, by code.", ["code"])
GATEWAY_REFUSALS = counter(
    "gateway_refusals_total", "Requests that the server answered in place of the application.", ["code"]
)
THROTTLED = counter("throttled_requests_total", "Requests that came too often, by limit.", ["scope"])
REDIS_FAILURES = counter(
    "redis_failures_total", "Times that Redis did not answer, so that nothing was limited for a second."
)

# --- Seats and orders --------------------------------------------------------------------------

ORDER_REQUESTS = counter(
    "order_requests_total",
    "Requests that change who has a seat: done, replayed, or the code with which they were refused.",
    ["operation", "outcome"],
)
SEATS = counter(
    "seats_total",
    "Seats whose status changed, as committed. Sold is what is booked after.",
    ["before", "after", "channel"],
)

# --- Waiting -----------------------------------------------------------------------------------

LOCK_WAIT = histogram(
    "lock_wait_seconds",
    "How long a lock was waited for, with the reading that goes along (PostgreSQL).",
    ["lock"],
    buckets=WAITS,
)
DATABASE_FAILURES = counter(
    "database_failures_total",
    "What the database refused or failed with, as a lock time-out.",
    ["kind"],
)
TURN_WAIT = histogram(
    "turn_wait_seconds", "How long a request waited in line before the database, if it had to.", buckets=WAITS
)
SERVED_TOGETHER = histogram(
    "served_together",
    "How many of those who wanted seats at once went into one transaction.",
    buckets=(1, 2, 4, 8, 16),
)
TURNS_REFUSED = counter(
    "turns_refused_total", "Requests that were sent away from a line: it was full, or took too long.", ["why"]
)
CONNECTION_WAIT = histogram(
    "database_connection_wait_seconds",
    "How long a connection to the database was waited for, if none was free.",
    buckets=WAITS,
)

# --- Accounts, mails, and what is done beside the server ---------------------------------------

PASSWORD_ATTEMPTS = counter(
    "password_attempts_total", "Passwords that were right, wrong or not looked at.", ["outcome"]
)
MAILS = counter("mails_total", "Mails that were sent, failed for now, or were given up.", ["outcome"])
JOBS = counter("jobs_total", "What was done beside the server: done or failed.", ["task", "outcome"])
JOB_SUCCESS = gauge(
    "job_last_success_timestamp_seconds",
    "When it was last done beside the server, or was seen not to be due. By whichever process has to do it.",
    ["task"],
    multiprocess_mode="max",
)

# --- Worker processes, a look a second: see `worker_metrics` -----------------------------------

live_sum = partial(gauge, multiprocess_mode="livesum")
WORKERS = live_sum("workers", "Worker processes that serve.")
WORKER_STARTS = counter("worker_starts_total", "Worker processes that were started.")
WORKER_LAG = gauge(
    "worker_lag_seconds",
    "How late the busiest worker process comes to work.",
    multiprocess_mode="livemax",
)
WORKER_CPU = counter("worker_cpu_seconds_total", "Processor time of worker processes.")
WORKER_MEMORY = live_sum("worker_resident_memory_bytes", "Memory of worker processes.")
CLIENTS = live_sum("client_connections", "Connections of clients, idle ones too.")
WATCHERS = live_sum("watchers", "Clients that are told of seats as they change.")
WATCHERS_LIMIT = live_sum("watchers_limit", "How many there may be.")
TURNS_WAITING = live_sum("turns_waiting", "Requests that wait in line before the database.")
CONNECTIONS = live_sum("database_connections", "Connections to the database: in_use or idle.", ["state"])
CONNECTIONS_LIMIT = live_sum("database_connections_limit", "How many there may be.")

# At nought from the start, as what is first seen at 1 has not risen for Prometheus.
for outcome in ("right", "wrong", "not_looked_at"):
    child(PASSWORD_ATTEMPTS, outcome)
for outcome in ("sent", "failed", "given_up"):
    child(MAILS, outcome)
for code in (
    *("busy", "outcome_unknown", "request_timeout"),
    *("parse_error", "address_too_long", "headers_too_large"),
):
    child(GATEWAY_REFUSALS, code)
for why in ("full", "late"):
    child(TURNS_REFUSED, why)
for kind in (
    *("lock_timeout", "deadlock", "serialization", "file_locked"),
    *("no_connection", "commit_unanswered", "unavailable", "constraint"),
):
    child(DATABASE_FAILURES, kind)
for change in ("free held", "free booked", "held booked", "held cancelled", "booked cancelled"):
    child(SEATS, *change.split(), "api")
child(SEATS, "held", "expired", "expiry")
