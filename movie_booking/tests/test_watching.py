"""The dashboard and the alerts: they ask for metrics that there are, and each alert fires when it should."""

import json
import re
import subprocess

import pytest
import yaml
from django.conf import settings

from movie_booking import database_gauges, metrics
from movie_booking.tests.programs import require

DEPLOY = settings.BASE_DIR / "deploy"
DASHBOARD = json.loads((DEPLOY / "grafana" / "movie-booking.json").read_text())
ALERTS = DEPLOY / "prometheus" / "alerts.yml"
OPERATIONS = settings.BASE_DIR / "docs" / "operations.md"
# Which metrics the dashboard does not draw, and why.
LEFT_OUT: dict[str, str] = {}

SUFFIXES = {
    "counter": ["_total"],
    "gauge": [""],
    "histogram": ["_bucket", "_sum", "_count"],
}
ADDED_BY_PROMETHEUS = {"instance", "job", "le"}


def known():
    """The labels of each metric that there is, by its name without what its type adds."""
    found = {}
    for family in metrics.registry.collect():
        collector = metrics.registry._names_to_collectors[family.name]
        for suffix in SUFFIXES[family.type]:
            found[family.name + suffix] = set(collector._labelnames)
    for name in (database_gauges.DATABASE_UP, *database_gauges.GAUGES):
        found[name] = set()
    return found | {"movie_booking_build_info": {"version", "python", "django"}}


def queries(panels=DASHBOARD["panels"]):
    """Every query of the dashboard, by the title of its panel."""
    annotations = [(each["name"], each["expr"]) for each in DASHBOARD["annotations"]["list"]]
    return annotations + [
        (panel["title"], target["expr"]) for panel in panels for target in panel.get("targets", [])
    ]


def alerts():
    [group] = yaml.safe_load(ALERTS.read_text())["groups"]
    return {rule["alert"]: rule for rule in group["rules"]}


def names_in(query):
    return set(re.findall(r"\bmovie_booking_\w+", query))


def wrong_with(query):
    """What a query asks for that there is not: metrics, and labels of them."""
    there = known()
    wrong = [name for name in names_in(query) if name not in there]
    for name, selectors in re.findall(r"(movie_booking_\w+)\{((?:[^{}\"]|\"[^\"]*\")*)\}", query):
        labels = set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", re.sub(r'"[^"]*"', '""', selectors)))
        wrong += [f"{name}: {label}" for label in labels - there.get(name, set()) - ADDED_BY_PROMETHEUS]
    labels = set().union(*(there.get(name, set()) for name in names_in(query))) | ADDED_BY_PROMETHEUS
    for grouped in re.findall(r"\bby \(([^)]*)\)", query):
        wrong += [f"by {label.strip()}" for label in grouped.split(",") if label.strip() not in labels]
    return wrong


@pytest.mark.parametrize(
    ("query", "wrong"),
    [
        ("movie_booking_nothing", ["movie_booking_nothing"]),
        ('movie_booking_seats_total{user="1"}', ["movie_booking_seats_total: user"]),
        ("sum by (show) (movie_booking_seats_total)", ["by show"]),
        ("movie_booking_lock_wait_seconds", ["movie_booking_lock_wait_seconds"]),
        ('sum by (le, lock) (movie_booking_lock_wait_seconds_bucket{lock=~"{x}"})', []),
    ],
)
def test_a_query_for_what_is_not_there_is_found(query, wrong):
    assert wrong_with(query) == wrong


@pytest.mark.parametrize(("title", "query"), queries())
def test_the_dashboard_asks_for_metrics_and_labels_that_there_are(title, query):
    assert wrong_with(query) == []
    assert names_in(query)


def test_every_metric_is_on_the_dashboard_or_named_as_left_out():
    drawn = set().union(*(names_in(query) for _, query in queries()))
    families = {re.sub(r"_(bucket|sum|count)$", "", name) for name in known()}
    drawn = {re.sub(r"_(bucket|sum|count)$", "", name) for name in drawn}

    assert families - drawn == set(LEFT_OUT)


def test_panels_have_a_title_and_an_id_of_their_own_and_do_not_overlap():
    panels = DASHBOARD["panels"]
    places = [
        (x, y)
        for panel in panels
        for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
    ]

    assert all(panel["title"] for panel in panels)
    assert len({panel["id"] for panel in panels}) == len(panels)
    assert len(set(places)) == len(places)


def test_no_label_can_have_as_many_values_as_there_are_customers_or_shows():
    labels = set().union(*known().values())

    assert labels == {
        *("route", "method", "status", "code", "scope", "operation", "outcome", "before", "after", "channel"),
        *("lock", "kind", "why", "task", "state", "version", "python", "django"),
    }


# --- Alerts ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "rule"), alerts().items())
def test_alerts_ask_for_metrics_that_there_are_and_the_page_says_what_to_do(name, rule):
    assert wrong_with(rule["expr"]) == []
    assert rule["labels"]["severity"] in {"page", "ticket"}
    assert f"| `{name}` |" in OPERATIONS.read_text()


def took(seconds):
    """The orders that took no longer."""
    route = 'route="/api/orders/", method="POST"'
    return f'movie_booking_http_request_duration_seconds_bucket{{{route}, le="{seconds}"}}'


# What Prometheus reads each minute, so that the alert fires after 30 minutes.
FIRES = {
    "HostDown": {'up{job="movie-booking", instance="a"}': "0x30"},
    "NoHost": {"another_metric": "1x30"},
    "DatabaseAway": {'movie_booking_database_up{instance="a"}': "0x30"},
    "ServerErrors": {'movie_booking_http_requests_total{route="/api/me/", status="500"}': "_x25 1x5"},
    "ManyUnavailable": {
        'movie_booking_http_requests_total{status="503"}': "0+10x30",
        'movie_booking_http_requests_total{status="200"}': "0+90x30",
    },
    "OutcomesUnknown": {'movie_booking_gateway_refusals_total{code="outcome_unknown"}': "0x25 1x5"},
    "BookingsSlow": {
        took("2.5"): "0x30",
        took("5"): "0+9x30",
        took("+Inf"): "0+9x30",
    },
    "LockTimeouts": {'movie_booking_database_failures_total{kind="lock_timeout"}': "0+5x30"},
    "LinesFull": {'movie_booking_turns_refused_total{why="full"}': "0+1x30"},
    "ConnectionsShort": {"movie_booking_database_connection_wait_seconds_sum": "0+120x30"},
    "ConstraintRefusals": {'movie_booking_database_failures_total{kind="constraint"}': "0+1x30"},
    # Of two hosts one stands by, and says nothing of what it does not do.
    "HousekeepingStopped": {
        'movie_booking_job_last_success_timestamp_seconds{task="Sending mails", instance="a"}': "0x30",
        'movie_booking_job_last_success_timestamp_seconds{task="Being the only one"}': "0+60x30",
    },
    "HousekeepingMissing": {"movie_booking_build_info": "1x30"},
    "HoldsOverdue": {"movie_booking_holds_overdue": "101x30"},
    "MailsWaiting": {"movie_booking_mail_oldest_seconds": "901x30"},
    "PasswordsGuessed": {'movie_booking_password_attempts_total{outcome="wrong"}': "0+60x30"},
    "RedisAway": {"movie_booking_redis_failures_total": "0+1x30"},
    "WorkersDie": {'movie_booking_worker_starts_total{instance="a"}': "0+1x30"},
    "ProcessorsShort": {'movie_booking_worker_lag_seconds{instance="a"}': "2x30"},
}
# A quiet evening: nobody is to be told of anything.
QUIET = {
    'up{job="movie-booking", instance="a"}': "1x30",
    "movie_booking_build_info": "1x30",
    "movie_booking_database_up": "1x30",
    'movie_booking_http_requests_total{route="/api/orders/", status="200"}': "0+90x30",
    'movie_booking_http_requests_total{route="/api/orders/", status="503"}': "0+1x30",
    took("0.1"): "0+9x30",
    took("+Inf"): "0+9x30",
    'movie_booking_database_failures_total{kind="lock_timeout"}': "0x25 1x5",
    'movie_booking_database_failures_total{kind="constraint"}': "0x25 1x5",
    'movie_booking_gateway_refusals_total{code="outcome_unknown"}': "0x30",
    'movie_booking_turns_refused_total{why="full"}': "0x30",
    "movie_booking_database_connection_wait_seconds_sum": "0+1x30",
    'movie_booking_job_last_success_timestamp_seconds{task="Sending mails"}': "0+60x30",
    "movie_booking_holds_overdue": "3x30",
    "movie_booking_mail_oldest_seconds": "30x30",
    'movie_booking_password_attempts_total{outcome="wrong"}': "0+3x30",
    "movie_booking_redis_failures_total": "0x30",
    'movie_booking_worker_starts_total{instance="a"}': "2x30",
    'movie_booking_worker_lag_seconds{instance="a"}': "0.01x30",
}


def series(by_name):
    return [{"series": name, "values": values} for name, values in by_name.items()]


def fires(name):
    """A test of promtool's: the alert fires once, with whatever labels its expression gives it."""
    expression = f'count(ALERTS{{alertname="{name}", alertstate="firing"}})'
    sample = {"labels": "{}", "value": 1}
    return {"expr": expression, "eval_time": "30m", "exp_samples": [sample]}


@pytest.mark.needs("promtool")
def test_each_alert_fires_when_it_should_and_none_on_a_quiet_evening(tmp_path):
    assert set(FIRES) == set(alerts())
    tests = [
        {"interval": "1m", "input_series": series(FIRES[name]), "promql_expr_test": [fires(name)]}
        for name in alerts()
    ]
    silence = [{"alertname": name, "eval_time": "30m", "exp_alerts": []} for name in alerts()]
    tests.append({"interval": "1m", "input_series": series(QUIET), "alert_rule_test": silence})
    file = tmp_path / "tests.yml"
    file.write_text(
        yaml.safe_dump({"rule_files": [str(ALERTS)], "evaluation_interval": "1m", "tests": tests})
    )

    checked = subprocess.run(  # noqa: S603
        [require("promtool"), "test", "rules", str(file)], capture_output=True, text=True, check=False
    )

    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.needs("promtool")
def test_prometheus_takes_the_configuration(tmp_path):
    for file in (DEPLOY / "prometheus").iterdir():
        (tmp_path / file.name).write_text(file.read_text())
    (tmp_path / "metrics-token").write_text("a-token-that-prometheus-sends")

    checked = subprocess.run(  # noqa: S603
        [require("promtool"), "check", "config", str(tmp_path / "prometheus.yml")],
        capture_output=True,
        text=True,
        check=False,
    )

    assert checked.returncode == 0, checked.stdout + checked.stderr
