"""The seat chart that the Admin draws: rows with their gaps and walkways, and boxes to be ticked."""

import re

from django.template.loader import render_to_string

from movies.seat_chart import seat_chart
from movies.seat_plan import SeatKind, parse_plan

PLAN = parse_plan("A _oW__C\n\nC SS")
BOX = re.compile(r'<span role="gridcell" class="([^"]*)"([^>]*)><input type="checkbox" name="seat"'
                 r' value="(\d+)" aria-label="([^"]*)"( checked)?>(\d+)</span>')  # fmt: skip


def html_of(chart):
    return render_to_string("admin/movies/seat_chart.html", {"chart": chart})


def places(html):
    """Each row as it is drawn: a seat by its place, a gap as a blank."""
    lines = re.findall(r'<div class="(row|walkway)"[^>]*>(.*?)</div>', html)
    return [re.sub("<[^>]*>", "", re.sub("<b.*?</b>", "", line).replace("<i></i>", " ")) for _, line in lines]


def test_gaps_and_walkways_are_where_the_plan_has_them():
    chart = seat_chart(PLAN)

    assert places(html_of(chart)) == [" 12  3", "", "12"]
    assert places(html_of(chart.to_choose((), ()))) == [" 12  3", "", "12"]


def test_boxes_say_what_a_seat_is_and_whether_it_is_chosen_or_was_refused():
    prices = dict.fromkeys(SeatKind, "10.00 EUR")
    chart = seat_chart(PLAN, {2: "booked"}, {2: 'Ada "<b>"'}, prices=prices)

    html = html_of(chart.to_choose({1}, {2}))

    note = "Ada &quot;&lt;b&gt;&quot;"
    assert BOX.findall(html) == [
        ("seat kind-standard", "", "1", "A1, standard, 10.00 EUR, free", " checked", "1"),
        (
            "seat kind-wheelchair status-booked refused",
            f' title="A2 · Wheelchair space · booked · {note}"',
            "2",
            f"A2, wheelchair, 10.00 EUR, booked, {note}",
            "",
            "2",
        ),
        ("seat kind-companion", "", "3", "A3, companion, 10.00 EUR, free", "", "3"),
        ("seat kind-sofa sofa-left", "", "4", "C1, sofa, 10.00 EUR, free", "", "1"),
        ("seat kind-sofa sofa-right", "", "5", "C2, sofa, 10.00 EUR, free", "", "2"),
    ]
    assert html.count("<b>") == 0
