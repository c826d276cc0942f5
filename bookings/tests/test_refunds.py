"""Refunds: how tiers are read, which one is in force, and what it comes to in money."""

from datetime import datetime, timedelta, timezone
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bookings.refunds import Tier, cap_tiers, next_deadline, parse_tiers, refund_amount, refund_percent

STARTS_AT = datetime(2030, 5, 10, 20, 0, tzinfo=timezone.utc)
TIERS = (Tier(24, 100), Tier(2, 50))


def before(**time_left: float) -> datetime:
    return STARTS_AT - timedelta(**time_left)


@pytest.mark.parametrize(
    ("text", "tiers"),
    [
        ("24:100,2:50", TIERS),
        (" 24:100 , 2:50 ", TIERS),
        ("0:100", (Tier(0, 100),)),
        ("0:0", (Tier(0, 0),)),
        ("168:100,24:75,2:50,0:10", (Tier(168, 100), Tier(24, 75), Tier(2, 50), Tier(0, 10))),
    ],
)
def test_tiers_are_read(text, tiers):
    assert parse_tiers(text) == tiers


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", 'A refund tier is "hours:percent" in whole numbers, such as "24:100"; not "".'),
        ("24:100,", 'not ""'),
        ("24", 'not "24"'),
        ("24:100:2", 'not "24:100:2"'),
        ("24:100%", 'not "24:100%"'),
        ("1.5:50", 'not "1.5:50"'),
        ("-2:50", 'not "-2:50"'),
        ("2:-50", 'not "2:-50"'),
        ("²:50", 'not "²:50"'),
        ("8761:100", "at most 8760 hours before the show"),
        ("99999999999:100", "at most 8760 hours before the show"),
        ("24:101", "at most 100 % of the price, not 101 %"),
        ("2:50,24:40", "24 cannot follow 2"),
        ("24:100,24:50", "24 cannot follow 24"),
        ("24:50,2:100", "100 % cannot follow 50 %"),
        ("24:50,2:50", "50 % cannot follow 50 %"),
    ],
)
def test_nonsense_is_refused_in_a_sentence(text, complaint):
    with pytest.raises(ValueError) as refused:  # noqa: PT011 - its text is compared below
        parse_tiers(text)

    assert complaint in str(refused.value)
    assert str(refused.value).endswith(".")


@pytest.mark.parametrize(
    ("at", "percent", "deadline"),
    [
        (before(days=30), 100, before(hours=24)),
        (before(hours=24), 100, before(hours=24)),
        (before(hours=24) + timedelta(microseconds=1), 50, before(hours=2)),
        (before(hours=2), 50, before(hours=2)),
        (before(hours=2) + timedelta(microseconds=1), 0, None),
        (STARTS_AT, 0, None),
        (STARTS_AT + timedelta(hours=1), 0, None),
    ],
)
def test_the_share_and_until_when_it_holds(at, percent, deadline):
    assert refund_percent(TIERS, STARTS_AT, at) == percent
    assert next_deadline(TIERS, STARTS_AT, at) == deadline


def test_tiers_without_refunds_have_no_deadline():
    tiers = parse_tiers("0:0")

    assert refund_percent(tiers, STARTS_AT, before(days=30)) == 0
    assert next_deadline(tiers, STARTS_AT, before(days=30)) is None


@pytest.mark.parametrize(
    ("text", "percent", "capped"),
    [
        ("24:100,2:50", 100, "24:100,2:50"),
        ("24:100,2:50", 70, "24:70,2:50"),
        ("24:100,2:50", 50, "2:50"),
        ("24:100,2:50", 20, "2:20"),
        ("24:100,2:50", 0, "0:0"),
        (" 24:100 , 2:50 ", 100, "24:100,2:50"),
        ("168:100,24:75,2:50,0:10", 75, "24:75,2:50,0:10"),
        ("168:100,24:75,2:50,0:10", 60, "24:60,2:50,0:10"),
        ("168:100,24:75,2:50,0:10", 5, "0:5"),
        ("24:100,2:0", 50, "24:50,2:0"),
        ("0:0", 50, "0:0"),
    ],
)
def test_tiers_are_capped_at_a_share(text, percent, capped):
    assert cap_tiers(text, percent) == capped
    assert cap_tiers(capped, percent) == capped


def test_hours_are_hours_that_pass_when_the_clocks_change():
    berlin = ZoneInfo("Europe/Berlin")
    starts_at = datetime(2030, 3, 31, 20, 0, tzinfo=berlin)  # that night an hour is skipped
    same_time_the_day_before = datetime(2030, 3, 30, 20, 0, tzinfo=berlin)

    assert refund_percent(TIERS, starts_at, same_time_the_day_before) == 50
    deadline = next_deadline(TIERS, starts_at, datetime(2030, 3, 1, tzinfo=berlin))
    assert deadline is not None
    assert deadline.isoformat() == "2030-03-30T19:00:00+01:00"


@pytest.mark.parametrize(
    ("price", "percent", "digits", "amount"),
    [
        ("10.00", 100, 2, "10.00"),
        ("10.00", 50, 2, "5.00"),
        ("9.99", 50, 2, "5.00"),  # 4.995: half a cent goes to the customer
        ("0.05", 50, 2, "0.03"),  # 0.025; half-even would say 0.02
        ("9.99", 33, 2, "3.30"),
        ("9.99", 0, 2, "0.00"),
        ("0.00", 100, 2, "0.00"),
        ("1500", 33, 0, "495"),
        ("1.005", 50, 3, "0.503"),
        ("99999999.99", 100, 2, "99999999.99"),
    ],
)
def test_the_amount_is_rounded_to_the_currency(price, percent, digits, amount):
    refund = refund_amount(Decimal(price), percent, digits=digits)

    assert str(refund) == amount


shares = st.lists(st.integers(0, 100), min_size=1, max_size=4, unique=True)


@settings(deadline=None, max_examples=100)
@given(shares, st.integers(0, 100), st.timedeltas(timedelta(0), timedelta(days=3)))
def test_capped_tiers_give_what_the_tiers_give_and_no_more_than_the_cap(shares, cap, time_left):
    falling = enumerate(sorted(shares), start=1)
    text = ",".join(f"{12 * step}:{share}" for step, share in reversed(list(falling)))
    at = STARTS_AT - time_left

    capped = refund_percent(parse_tiers(cap_tiers(text, cap)), STARTS_AT, at)

    assert capped == min(cap, refund_percent(parse_tiers(text), STARTS_AT, at))


prices = st.decimals(min_value=0, max_value=100_000, places=2)


@settings(deadline=None, max_examples=100)
@given(prices, st.integers(0, 100))
def test_a_refund_is_never_more_than_the_price(price, percent):
    assert 0 <= refund_amount(price, percent) <= price


@settings(deadline=None, max_examples=100)
@given(st.timedeltas(timedelta(0), timedelta(days=3)), st.timedeltas(timedelta(0), timedelta(days=3)))
def test_waiting_never_raises_the_refund(one, other):
    earlier, later = STARTS_AT - max(one, other), STARTS_AT - min(one, other)

    assert refund_percent(TIERS, STARTS_AT, earlier) >= refund_percent(TIERS, STARTS_AT, later)


@settings(deadline=None, max_examples=100)
@given(st.timedeltas(timedelta(0), timedelta(days=3)))
def test_the_share_in_force_holds_to_its_deadline_and_no_longer(time_left):
    at = STARTS_AT - time_left
    percent = refund_percent(TIERS, STARTS_AT, at)
    deadline = next_deadline(TIERS, STARTS_AT, at)

    if deadline is None:
        assert percent == 0
    else:
        assert refund_percent(TIERS, STARTS_AT, deadline) == percent
        assert refund_percent(TIERS, STARTS_AT, deadline + timedelta(microseconds=1)) < percent
