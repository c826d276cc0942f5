"""What holds of every reseating, whatever the plans and the parties."""

from collections import Counter
from dataclasses import replace
from itertools import permutations
from math import hypot

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bookings.seating.kinds import rank_of
from bookings.seating.parties import Party, check_reseating
from bookings.seating.reseating import reseat
from bookings.tests.drawings import ROW_NAMES
from movies.seat_plan import SeatKind, parse_plan

MIXED = ["o", "o", "oo", "P", "PP", "SS", "WC", "W", "C", "_"]


def rows_of(places):
    rows = st.lists(st.sampled_from(places), min_size=1, max_size=7).map("".join)
    return st.lists(rows.filter(lambda row: row.strip("_")), min_size=1, max_size=4)


def plan_of_rows(rows, names=ROW_NAMES):
    return parse_plan("\n".join(f"{name} {row}" for name, row in zip(names, rows, strict=False)))


def plans(places=MIXED):
    # Half of the names are those of other plans, so that some seats stay.
    return st.builds(
        plan_of_rows, rows_of(places), st.sampled_from([ROW_NAMES, "BA", "KLMN"]).map(list)
    ).filter(lambda plan: plan.total_seats)


@st.composite
def sold(draw, plan, house=True):
    """Parties of neighbours, most of them, with free seats between; some have seats in two places."""
    signs = draw(st.lists(st.integers(0, 7), min_size=plan.total_seats, max_size=plan.total_seats))
    if draw(st.booleans()):
        signs.sort()
    if draw(st.booleans()):
        # Whole sofas; without this the halves may belong to two parties, as can be among old bookings.
        signs = [signs[min(seat.number, seat.partner or seat.number) - 1] for seat in plan.seats]
    parties = {}
    for number, sign in enumerate(signs, start=1):
        if sign:
            parties.setdefault(sign, []).append(number)
    return [Party(sign, tuple(seats), is_house=house and sign == 7) for sign, seats in parties.items()]


@st.composite
def shows(draw, places=MIXED, house=True):
    before, after = draw(plans(places)), draw(plans(places))
    return before, after, draw(sold(before, house))


def neighbours(plan, seat, seats):
    """Those of the seats that are directly beside this one, found without the code that is tested."""
    return [plan.seat(n) for n in seats if plan.seat(n).y == seat.y and abs(plan.seat(n).x - seat.x) == 1]


@settings(deadline=None, max_examples=150)
@given(shows(), st.booleans())
def test_each_party_is_seated_wholly_or_left_out_and_no_seat_is_taken_twice(show, may_sit_alone):
    before, after, parties = show

    result = reseat(before, after, parties, may_sit_alone=may_sit_alone)

    assert len(set(result.moves.values())) == len(result.moves)
    assert all(after.has_seat(number) for number in result.moves.values())
    for party in parties:
        seated = [number for number in party.seats if number in result.moves]
        if party.is_house:
            assert sorted(seated) == sorted(set(party.seats) - set(result.dropped))
            assert all(before.seat(n).label == after.seat(result.moves[n]).label for n in seated)
        else:
            assert seated == ([] if party in result.left_out else list(party.seats))
    assert set(result.moves) <= {number for party in parties for number in party.seats}


@settings(deadline=None, max_examples=150)
@given(shows())
def test_what_is_promised_of_each_seat(show):
    before, after, parties = show

    result = reseat(before, after, parties)

    assert check_reseating(before, after, parties, result.moves) == ()
    for party in parties:
        if party.is_house or party in result.left_out:
            continue
        taken = [result.moves[number] for number in party.seats]
        for number in party.seats:
            old, new = before.seat(number), after.seat(result.moves[number])
            stays = old.label == new.label and old.kind == new.kind
            assert (old.kind == SeatKind.WHEELCHAIR) == (new.kind == SeatKind.WHEELCHAIR)
            had_company = neighbours(before, old, party.seats)
            company = neighbours(after, new, taken)
            if had_company:
                assert company
            if old.kind == SeatKind.WHEELCHAIR and SeatKind.COMPANION in {seat.kind for seat in had_company}:
                assert any(before.seat(n).kind == SeatKind.COMPANION for n in party.seats)
                people_beside = [
                    n for n in party.seats if result.moves[n] in {seat.number for seat in company}
                ]
                assert SeatKind.COMPANION in {before.seat(n).kind for n in people_beside}
            if new.partner and not stays:
                assert new.partner in taken
            if new.kind == SeatKind.COMPANION and old.kind != SeatKind.COMPANION:
                assert SeatKind.WHEELCHAIR in {after.seat(n).kind for n in taken}


@settings(deadline=None, max_examples=150)
@given(st.data())
def test_nothing_changes_if_the_plan_does_not(data):
    plan = data.draw(plans())
    parties = data.draw(sold(plan))

    result = reseat(plan, plan, parties)

    assert result.moves == {n: n for n in sorted(n for party in parties for n in party.seats)}
    assert (result.left_out, result.dropped, result.changes) == ((), (), ())


@settings(deadline=None, max_examples=150)
@given(st.data(), rows_of(MIXED), rows_of(MIXED))
def test_all_stay_if_the_plan_only_grows(data, in_front, behind):
    plan = data.draw(plans())
    parties = data.draw(sold(plan))
    rows = ["".join(_sign(plan, row, x) for x in range(row[-1].x + 1)) for row in plan.rows]
    names = [f"X{name}" for name in ROW_NAMES[: len(in_front)]]
    names += [row[0].row for row in plan.rows] + [f"Y{name}" for name in ROW_NAMES[: len(behind)]]
    larger = parse_plan(
        "\n".join(f"{name:2} {row}" for name, row in zip(names, in_front + rows + behind, strict=True))
    )

    result = reseat(plan, larger, parties)

    assert (result.left_out, result.dropped, result.changes) == ((), (), ())


def _sign(plan, row, x):
    return next(({"standard": "o"}.get(s.kind, s.kind[0].upper()) for s in row if s.x == x), "_")


@settings(deadline=None, max_examples=150)
@given(shows())
def test_the_order_of_parties_and_of_their_seats_makes_no_difference(show):
    before, after, parties = show
    turned = [replace(party, seats=tuple(reversed(party.seats))) for party in reversed(parties)]

    one, other = reseat(before, after, parties), reseat(before, after, turned)

    assert one.moves == other.moves
    assert {party.id for party in one.left_out} == {party.id for party in other.left_out}


@settings(deadline=None, max_examples=150)
@given(shows())
def test_tickets_that_can_stay_true_stay_true(show):
    before, after, parties = show
    by_label = {seat.label: seat for seat in after.seats}

    result = reseat(before, after, parties)

    for party in parties:
        same = {
            n: by_label[before.seat(n).label].number for n in party.seats if before.seat(n).label in by_label
        }
        if party.is_house or party in result.left_out or len(same) < len(party.seats):
            continue
        kinds_stay = all(before.seat(old).kind == after.seat(new).kind for old, new in same.items())
        if kinds_stay and check_reseating(before, after, [party], same) == ():
            assert {n: result.moves[n] for n in party.seats} == same


@settings(deadline=None, max_examples=150)
@given(shows(places=["o", "oo", "ooo", "_"], house=False))
def test_on_ordinary_seats_all_can_sit_who_may_sit_alone(show):
    before, after, parties = show
    assume(sum(len(party.seats) for party in parties) <= after.total_seats)

    assert reseat(before, after, parties, may_sit_alone=True).left_out == ()


@settings(deadline=None, max_examples=150)
@given(plans(["o", "oo", "_"]), plans(["o", "ooo", "_"]), st.integers(1, 4))
def test_a_party_that_moves_gets_the_place_most_like_its_own(before, after, seats):
    run = next((run for run in before.runs if len(run) >= seats), None)
    assume(run)
    party = Party(1, tuple(seat.number for seat in run[:seats]))
    after = replace(after, seats=tuple(replace(seat, row=f"Z{seat.row}") for seat in after.seats))

    def away(plan, block):
        centre = (min(s.x for s in plan.seats) + max(s.x for s in plan.seats)) / 2
        back = (plan.height - 1) * 2 / 3
        return (block[0].x + block[-1].x) / 2 - centre, 2 * (block[0].y - back)

    def badness(run, start):
        block = run[start : start + seats]
        singles = (start == 1) + (len(run) - start - seats == 1)
        had, gets = away(before, run_before), away(after, block)
        rings = abs(int(hypot(*had)) - int(hypot(*gets)))
        return rings + 2 * singles, hypot(gets[0] - had[0], gets[1] - had[1]), block[0].number

    run_before = run[:seats]
    places = [
        (badness(run, start), run[start : start + seats])
        for run in after.runs
        for start in range(len(run) - seats + 1)
    ]
    assume(places)
    _, best = min(places)

    assert sorted(reseat(before, after, [party]).moves.values()) == [seat.number for seat in best]


@settings(deadline=None, max_examples=150)
@given(plans(["o", "P", "PP", "SS"]), plans(["o", "oo", "P", "PP", "SS", "C", "_"]), st.integers(1, 4))
def test_a_party_sits_whole_in_the_kinds_nearest_to_its_own(before, after, seats):
    people = before.seats[:seats]
    assume(people[-1].y == 0 and len(people) == seats and people[-1].partner != seats + 1)
    after = replace(after, seats=tuple(replace(seat, row=f"Z{seat.row}") for seat in after.seats))

    def steps(pairs):
        up = [rank_of(new.kind) - rank_of(old.kind) for old, new in pairs]
        return sum(-step for step in up if step < 0), sum(step for step in up if step > 0)

    possible = []
    for run in after.runs:
        for start in range(len(run) - seats + 1):
            block = run[start : start + seats]
            whole = all(s.partner is None or s.partner in {b.number for b in block} for s in block)
            if whole and SeatKind.COMPANION not in {seat.kind for seat in block}:
                possible += [steps(zip(people, order, strict=True)) for order in permutations(block)]
    assume(possible)

    result = reseat(before, after, [Party(1, tuple(seat.number for seat in people))])

    pairs = [(before.seat(old), after.seat(new)) for old, new in result.moves.items()]
    assert steps(pairs) == min(possible)
    kept = Counter(seat.kind for seat in people) & Counter(new.kind for _, new in pairs)
    assert sum(old.kind == new.kind for old, new in pairs) == sum(kept.values())
