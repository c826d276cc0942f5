"""Seat plans: reading, drawing, numbering, selecting and cutting, and the plans in the manual."""

# ruff: noqa: PT017 - for arbitrary text a refusal is one of two right outcomes

import pickle
import re
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from movies.seat_plan import (
    MAX_CHARACTERS,
    MAX_COLUMNS,
    MAX_LINES,
    MAX_SEATS,
    Seat,
    SeatKind,
    SeatPlanError,
    SeatSelectionError,
    UnknownSeatError,
    crop_plan,
    draw_plan,
    parse_plan,
    plain_plan,
)

MANUAL = Path(__file__).resolve().parents[2] / "docs" / "seat-plans.md"

DRAWING = """\
A WC_oo

B ooooo
C SS_PP
"""

quick = settings(deadline=None, max_examples=100)

row_names = st.from_regex(r"[A-Z]{1,2}", fullmatch=True)
runs_of_places = st.sampled_from(["o", "O", "0", "p", "P", "SS", "sS", "w", "W", "c", "C", "_", " ", "__"])
places = st.lists(runs_of_places, min_size=1, max_size=20).map("".join).filter(lambda row: row.strip(" _"))


@st.composite
def drawings(draw: st.DrawFn) -> str:
    names = draw(st.lists(row_names, min_size=1, max_size=8, unique=True))
    margin = max(map(len, names)) + 1
    line_end = draw(st.sampled_from(["\n", "\r\n"]))
    lines = draw(st.lists(st.sampled_from(["", " ", "__"]), max_size=2))
    for name in names:
        trailing = draw(st.sampled_from(["", "  ", "_"]))
        lines.append(name.ljust(margin) + draw(places) + trailing)
        lines += draw(st.lists(st.sampled_from(["", "  ", "___"]), max_size=2))
    return line_end.join(lines)


plans = drawings().map(parse_plan)


def labels(seats: tuple[Seat, ...]) -> list[str]:
    return [seat.label for seat in seats]


# --- reading ---


def test_a_drawing_becomes_numbered_seats_with_row_place_kind_and_position():
    plan = parse_plan("B WC_o\n\nA SS")

    assert plan.seats == (
        Seat(number=1, row="B", place=1, kind=SeatKind.WHEELCHAIR, x=0, y=0, partner=None),
        Seat(number=2, row="B", place=2, kind=SeatKind.COMPANION, x=1, y=0, partner=None),
        Seat(number=3, row="B", place=3, kind=SeatKind.STANDARD, x=3, y=0, partner=None),
        Seat(number=4, row="A", place=1, kind=SeatKind.SOFA, x=0, y=2, partner=5),
        Seat(number=5, row="A", place=2, kind=SeatKind.SOFA, x=1, y=2, partner=4),
    )
    assert labels(plan.seats) == ["B1", "B2", "B3", "A1", "A2"]
    assert (plan.total_seats, plan.width, plan.height) == (5, 4, 3)


@pytest.mark.parametrize(
    ("sign", "kind"),
    [
        ("o", SeatKind.STANDARD),
        ("O", SeatKind.STANDARD),
        ("0", SeatKind.STANDARD),
        ("P", SeatKind.PREMIUM),
        ("p", SeatKind.PREMIUM),
        ("W", SeatKind.WHEELCHAIR),
        ("w", SeatKind.WHEELCHAIR),
        ("C", SeatKind.COMPANION),
        ("c", SeatKind.COMPANION),
    ],
)
def test_every_sign_stands_for_its_kind_in_either_case(sign, kind):
    assert [seat.kind for seat in parse_plan(f"A {sign}").seats] == [kind]


def test_every_kind_has_a_label_in_plain_english():
    assert {kind.value: kind.label for kind in SeatKind} == {
        "standard": "Standard seat",
        "premium": "Premium seat",
        "sofa": "Half of a sofa",
        "wheelchair": "Wheelchair space",
        "companion": "Companion seat",
    }


def test_sofas_are_paired_from_the_left_of_each_run():
    partners = [seat.partner for seat in parse_plan("A SsSS_SSo\nB SS").seats]

    assert partners == [2, 1, 4, 3, 6, 5, None, 9, 8]


@pytest.mark.parametrize(
    "text",
    [
        "\n\nA oo_o\n\nB o\n\n",
        "A oo_o\r\n\r\nB o\r\n",
        "A oo_o\r\rB o",
        "A oo_o   \n   \nB o__ ",
        "____\nA oo o\n____\nB o\n____",
    ],
)
def test_line_ends_trailing_gaps_and_outer_empty_lines_make_no_difference(text):
    assert parse_plan(text) == parse_plan("A oo_o\n\nB o")


def test_rows_line_up_behind_the_longest_row_name():
    plan = parse_plan("AA oo\nA  oo\nB   o")

    assert [(seat.label, seat.x) for seat in plan.seats] == [
        ("AA1", 0),
        ("AA2", 1),
        ("A1", 0),
        ("A2", 1),
        ("B1", 1),
    ]


def test_rows_run_from_the_screen_backwards_and_runs_end_at_aisles():
    plan = parse_plan(DRAWING)

    assert [labels(row) for row in plan.rows] == [
        ["A1", "A2", "A3", "A4"],
        ["B1", "B2", "B3", "B4", "B5"],
        ["C1", "C2", "C3", "C4"],
    ]
    assert [labels(run) for run in plan.runs] == [
        ["A1", "A2"],
        ["A3", "A4"],
        ["B1", "B2", "B3", "B4", "B5"],
        ["C1", "C2"],
        ["C3", "C4"],
    ]


def test_a_plan_is_parsed_once_however_often_it_is_asked_for():
    assert parse_plan("Q oPo") is parse_plan("Q oPo")


def test_the_largest_plan_the_widest_row_and_the_longest_plan_are_read():
    assert parse_plan("\n".join(f"{name} {'o' * 100}" for name in sixty_names())).total_seats == MAX_SEATS
    assert parse_plan("A " + "_" * (MAX_COLUMNS - 1) + "o").width == MAX_COLUMNS
    assert parse_plan("A o" + "\n" * (MAX_LINES - 1) + "B o").height == MAX_LINES


def sixty_names() -> list[str]:
    return [first + second for first in "ABC" for second in "ABCDEFGHIJKLMNOPQRST"]


# --- refusing ---


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "A ooo\n\nB oox",
            "Line 3, column 5: ‘x’ is no kind of seat. Use o, P, S, W, C, or _ for a gap.",
        ),
        ("A o.o", "Line 1, column 4: ‘.’ is no kind of seat. Use o, P, S, W, C, or _ for a gap."),
        ("A o\0o", "Line 1, column 4: ‘U+0000’ is no kind of seat. Use o, P, S, W, C, or _ for a gap."),
        ("A o\x0cB o", "Line 1, column 4: ‘U+000C’ is no kind of seat. Use o, P, S, W, C, or _ for a gap."),
        ("A \ud800", "Line 1, column 3: ‘U+D800’ is no kind of seat. Use o, P, S, W, C, or _ for a gap."),
        ("A o🎬", "Line 1, column 4: ‘🎬’ is no kind of seat. Use o, P, S, W, C, or _ for a gap."),
        ("A oSSSo", "Line 1, column 6: This half of a sofa has no other half. Draw each sofa as SS."),
        ("A S_S", "Line 1, column 3: This half of a sofa has no other half. Draw each sofa as SS."),
        ("A oo\n\tB oo", "Line 2, column 1: A tab has no fixed width. Use blanks or _ for a gap."),
        ("A oo\t", "Line 1, column 5: A tab has no fixed width. Use blanks or _ for a gap."),
        (
            "\nA o\nB o\nA o",
            "Line 4, column 1: Row A is already drawn in line 2. Give each row its own name.",
        ),
        ("A o\nB __\nC o", "Line 2, column 1: Row B has no seats. For a walkway leave the line empty."),
        (
            "AA o\nA o",
            "Line 2, column 3: Leave two blanks after A, so that it lines up with the rows of two letters.",
        ),
        (
            "AA o\nA \x1co",
            "Line 2, column 3: Leave two blanks after A, so that it lines up with the rows of two letters.",
        ),
        ("", "Line 1, column 1: The plan is empty. Draw at least one seat, like this: A oooo"),
        (" \r\n__", "Line 1, column 1: The plan is empty. Draw at least one seat, like this: A oooo"),
        ("A " + "o" * 101, "Line 1, column 103: A row is at most 100 places wide, gaps included."),
        ("\nA o" + "\n" * 600 + "B o", "Line 602, column 1: A plan has at most 600 lines."),
        ("o" * 120_001, "Line 1, column 1: A plan has at most 120,000 characters."),
        (
            "\n".join(f"{name} {'o' * 100}" for name in sixty_names()) + "\nZ   o",
            "Line 61, column 5: A plan has at most 6,000 seats.",
        ),
    ],
)
def test_a_drawing_that_cannot_be_read_is_refused_with_the_place_and_a_remedy(text, sentence):
    with pytest.raises(SeatPlanError) as refusal:
        parse_plan(text)

    error = refusal.value
    assert str(error) == sentence
    assert f"Line {error.line}, column {error.column}: {error.message}" == sentence
    assert str(pickle.loads(pickle.dumps(error))) == sentence  # noqa: S301 - our own bytes


@pytest.mark.parametrize(
    "line", ["oooo", "a oo", "ABC oo", " A oo", "A-oo", "A_oo", "1 oo", "Ä oo", "A\u00a0oo"]
)
def test_a_line_that_does_not_begin_with_a_row_name_is_refused(line):
    with pytest.raises(SeatPlanError) as refusal:
        parse_plan(f"Z o\n{line}")

    assert str(refusal.value) == (
        "Line 2, column 1: Begin the line with the row's name, one or two capital letters, and a blank."
    )


@quick
@given(st.text() | st.text(alphabet="ABZ oOPpSsWwCc0__\n\r\t\0é\u2028", max_size=40))
@example("A o" + "\n" * MAX_CHARACTERS)
@example("A o\x0bB o\x85C o")
def test_any_text_is_a_plan_or_is_refused_at_a_place(text):
    try:
        plan = parse_plan(text)
    except SeatPlanError as error:
        assert error.line >= 1
        assert error.column >= 1
        str(error).encode()  # can be sent to the person who drew it
    else:
        assert plan.total_seats >= 1


# --- drawing and numbering ---


def test_the_drawing_is_the_same_however_the_plan_was_typed():
    assert draw_plan(parse_plan("\nA  0oO  \r\n __ \r\nAB   p sS_wc_")) == "A  ooo\n\nAB __P_SS_WC"


@quick
@given(drawings())
def test_a_plan_survives_being_drawn_and_read_again(text):
    plan = parse_plan(text)

    drawn = draw_plan(plan)

    assert parse_plan(drawn) == plan
    assert draw_plan(parse_plan(drawn)) == drawn


@quick
@given(plans)
def test_seats_are_numbered_without_gaps_in_reading_order_under_unique_labels(plan):
    assert [seat.number for seat in plan.seats] == list(range(1, plan.total_seats + 1))
    assert [(seat.y, seat.x) for seat in plan.seats] == sorted({(seat.y, seat.x) for seat in plan.seats})
    assert len(set(labels(plan.seats))) == plan.total_seats
    for row in plan.rows:
        assert [seat.place for seat in row] == list(range(1, len(row) + 1))


@quick
@given(plans)
def test_the_halves_of_a_sofa_are_neighbours_and_name_each_other(plan):
    for seat in plan.seats:
        assert (seat.partner is not None) == (seat.kind is SeatKind.SOFA)
        if seat.partner:
            other = plan.seat(seat.partner)
            assert other.partner == seat.number
            assert (other.row, abs(other.x - seat.x)) == (seat.row, 1)


@quick
@given(plans)
def test_runs_hold_every_seat_once_and_cannot_be_longer(plan):
    assert [seat for run in plan.runs for seat in run] == list(plan.seats)
    taken = {(seat.x, seat.y) for seat in plan.seats}
    for run in plan.runs:
        assert [(seat.x, seat.y) for seat in run] == [(run[0].x + i, run[0].y) for i in range(len(run))]
        assert (run[0].x - 1, run[0].y) not in taken
        assert (run[-1].x + 1, run[-1].y) not in taken


# --- seats by number and by label ---


def test_a_seat_is_found_by_its_number():
    plan = parse_plan(DRAWING)

    assert plan.seat(1).label == "A1"
    assert plan.seat(13).label == "C4"
    assert [plan.has_seat(number) for number in (-1, 0, 1, 13, 14)] == [False, False, True, True, False]


@pytest.mark.parametrize("number", [-1, 0, 14])
def test_an_unknown_number_is_refused(number):
    with pytest.raises(UnknownSeatError) as refusal:
        parse_plan(DRAWING).seat(number)

    assert isinstance(refusal.value, KeyError)
    assert str(refusal.value) == f"There is no seat number {number}."


@pytest.mark.parametrize(
    ("selection", "numbers"),
    [
        ("A1", (1,)),
        ("B2-B4, C1", (6, 7, 8, 10)),
        ("b2-4", (6, 7, 8)),
        (" c1 ,a 1 - A2,, ", (1, 2, 10)),
        ("B02\u2013B03", (6, 7)),
        ("B1-B3, B2-B4, B2", (5, 6, 7, 8)),
        ("A2-A2", (2,)),
        ("", ()),
    ],
)
def test_a_selection_is_read_in_reading_order_without_duplicates(selection, numbers):
    assert parse_plan(DRAWING).numbers_of(selection) == numbers


@pytest.mark.parametrize(
    ("selection", "sentence"),
    [
        ("A1, seven", "‘seven’ is no seat. Write seats like C7 or C1-C6."),
        ("A1 A2", "‘A1 A2’ is no seat. Write seats like C7 or C1-C6."),
        ("B1-", "‘B1-’ is no seat. Write seats like C7 or C1-C6."),
        ("A" + "1" * 6_000, "‘A11111111111111111111111111111…’ is no seat. Write seats like C7 or C1-C6."),
        ("ß1", "‘ß1’ is no seat. Write seats like C7 or C1-C6."),
        ("A١", "‘A١’ is no seat. Write seats like C7 or C1-C6."),
        ("A\x001", "‘AU+00001’ is no seat. Write seats like C7 or C1-C6."),
        ("A1, Q1", "‘Q1’: there is no row Q."),
        ("B3-B6", "‘B3-B6’: there is no seat B6. Row B has B1 to B5."),
        ("B0", "‘B0’: there is no seat B0. Row B has B1 to B5."),
        ("D2", "‘D2’: there is no seat D2. Row D has D1."),
        ("A2-B2", "‘A2-B2’ spans two rows. Write one range for each row."),
        ("B4-B2", "‘B4-B2’ runs backwards. Write the lower seat first."),
    ],
)
def test_a_selection_that_is_not_in_the_plan_is_refused_by_name(selection, sentence):
    with pytest.raises(SeatSelectionError) as refusal:
        parse_plan(DRAWING + "D o").numbers_of(selection)

    assert str(refusal.value) == sentence


@quick
@given(plans, st.text() | st.text(alphabet="ABab12- ,\u2013", max_size=12))
def test_any_selection_is_read_or_refused(plan, selection):
    try:
        numbers = plan.numbers_of(selection)
    except SeatSelectionError as error:
        assert str(error) != ""
    else:
        assert all(plan.has_seat(number) for number in numbers)


@pytest.mark.parametrize(
    ("numbers", "selection"),
    [
        ([], ""),
        ([5], "B1"),
        ([10, 8, 7, 6, 6], "B2-B4, C1"),
        ([4, 5], "A4, B1"),
        ([5, 7, 8], "B1, B3-B4"),
        (range(1, 14), "A1-A4, B1-B5, C1-C4"),
    ],
)
def test_labels_are_put_as_short_as_a_row_allows(numbers, selection):
    assert parse_plan(DRAWING).labels_of(numbers) == selection


def test_labels_of_an_unknown_number_are_refused():
    with pytest.raises(UnknownSeatError):
        parse_plan(DRAWING).labels_of([1, 14])


@quick
@given(plans, st.data())
def test_a_selection_survives_being_written_and_read_again(plan, data):
    numbers = data.draw(st.sets(st.integers(1, plan.total_seats)))

    assert plan.numbers_of(plan.labels_of(numbers)) == tuple(sorted(numbers))


# --- plain plans and cropped ones ---


def test_a_plain_plan_has_rows_of_ten():
    assert plain_plan(23) == "A oooooooooo\nB oooooooooo\nC ooo"


@pytest.mark.parametrize(
    ("total_seats", "last_label"),
    [(1, "A1"), (10, "A10"), (11, "B1"), (260, "Z10"), (261, "AA1"), (521, "BA1"), (6_000, "WB10")],
)
def test_a_plain_plan_has_exactly_the_seats_asked_for(total_seats, last_label):
    text = plain_plan(total_seats)
    plan = parse_plan(text)

    assert plan.total_seats == total_seats
    assert plan.seats[-1].label == last_label
    assert plan.width == min(total_seats, 10)
    assert draw_plan(plan) == text


@pytest.mark.parametrize("total_seats", [-1, 0, 6_001])
def test_a_plain_plan_of_an_impossible_size_is_refused(total_seats):
    with pytest.raises(ValueError, match=r"A screen has 1 to 6,000 seats, not"):
        plain_plan(total_seats)


@pytest.mark.parametrize(
    ("total_seats", "drawing"),
    [
        (1, "A o"),
        (2, "A oo"),
        (3, "A oo\n\nB o"),
        (4, "A oo\n\nB SS"),
        (5, "A oo\n\nB SSo"),
        (6, "A oo\n\nB SSSS"),
        (7, "A oo\n\nB SSSS"),
    ],
)
def test_a_cropped_plan_has_the_first_seats_and_no_half_sofas(total_seats, drawing):
    assert crop_plan(parse_plan("A oo\n\nB SSSS"), total_seats) == parse_plan(drawing)


@pytest.mark.parametrize("total_seats", [-1, 0])
def test_a_plan_cropped_to_no_seats_is_refused(total_seats):
    with pytest.raises(ValueError, match="A show has at least 1 seat, not"):
        crop_plan(parse_plan(DRAWING), total_seats)


@quick
@given(plans, st.data())
def test_a_cropped_plan_is_a_plan_like_any_other(plan, data):
    total_seats = data.draw(st.integers(1, plan.total_seats))

    cropped = crop_plan(plan, total_seats)

    assert parse_plan(draw_plan(cropped)) == cropped
    assert labels(cropped.seats) == labels(plan.seats[:total_seats])
    assert cropped.seats[:-1] == plan.seats[: total_seats - 1]


# --- the manual ---


def test_every_plan_in_the_manual_can_be_read_and_has_the_seats_it_claims():
    manual = MANUAL.read_text(encoding="utf-8")

    fenced = re.findall(r"^```text\n(.*?)^```", manual, flags=re.DOTALL | re.MULTILINE)

    assert [parse_plan(drawing).total_seats for drawing in fenced] == [22, 12, 50, 180, 300]
    assert re.findall(r"^### .*, (\d+) seats$", manual, flags=re.MULTILINE) == ["50", "180", "300"]


def test_the_refusal_shown_in_the_manual_is_the_one_staff_get():
    with pytest.raises(SeatPlanError) as refusal:
        parse_plan("A ooo\n\nB oox")

    assert f"`{refusal.value}`" in MANUAL.read_text(encoding="utf-8")
