"""The seats of the model: one small plan, and what is adjacent and what is single in it, by plain sets."""

from itertools import combinations, groupby

# The plan twice: as the system is told, and as the model knows it.
SEAT_PLAN = "A ooo_WC\nB ooooSS\nC oooPP"
ROWS = (((1, 2, 3), (4, 5)), ((6, 7, 8, 9, 10, 11),), ((12, 13, 14, 15, 16),))
LABELS = ("A1", "A2", "A3", "A4", "A5", "B1", "B2", "B3", "B4", "B5", "B6", "C1", "C2", "C3", "C4", "C5")
SEATS = range(1, 17)
SOFA = {10, 11}
KINDS = dict.fromkeys(SEATS, "standard") | {4: "wheelchair", 5: "companion", 15: "premium", 16: "premium"}
KINDS |= dict.fromkeys(SOFA, "sofa")
PRICES = {"standard": 10, "premium": 13, "sofa": 15, "wheelchair": 8, "companion": 0}


def free_of_kinds(occupied, kinds):
    free = {seat for seat in SEATS if seat not in occupied and KINDS[seat] in kinds}
    return free if free >= SOFA else free - SOFA


def stretches(seats):
    """Adjacent seats among these, as far as they go."""
    for run in (run for row in ROWS for run in row):
        yield from (tuple(group) for is_one, group in groupby(run, seats.__contains__) if is_one)


def blocks(free, size):
    """All the places where so many can sit together."""
    found = [s[start : start + size] for s in stretches(free) for start in range(len(s) - size + 1)]
    return [block for block in found if len(SOFA & set(block)) != 1]


def choices(free, size):
    """Every way to sell so many seats, adjacent or not."""
    return [seats for seats in combinations(free, size) if len(SOFA & set(seats)) != 1]


def separation(seats):
    """How many customers sit alone, and in how many groups all of them sit."""
    groups = list(stretches(set(seats)))
    return sum(len(group) == 1 for group in groups), len(groups)


def singles(occupied):
    """Free ordinary seats with an occupied seat on either side."""
    return {
        seat
        for run in (run for row in ROWS for run in row)
        for before, seat, after in zip(run, run[1:], run[2:], strict=False)
        if seat not in occupied and {before, after} <= occupied and KINDS[seat] in ("standard", "premium")
    }


def alone(seats):
    """Companion seats with no wheelchair space of their own."""
    companions = sorted(seat for seat in seats if KINDS[seat] == "companion")
    return companions[sum(KINDS[seat] == "wheelchair" for seat in seats) :]


def singles_freed(occupied, own, leaving):
    """The single seats that giving these back leaves, of those that others of the row would not.

    `occupied` is what is occupied besides. Every other choice of as many of the same kinds is looked at.
    """
    freed = set()
    for row in ROWS:
        mine, gone = own & set(sum(row, ())), leaving & set(sum(row, ()))

        def left(given_back):
            return singles(occupied | (own - given_back)) & given_back

        ways = [
            set(way)
            for way in combinations(mine, len(gone))
            if len(SOFA & set(way)) != 1
            and sorted(KINDS[seat] for seat in way) == sorted(KINDS[seat] for seat in gone)
        ]
        if min(len(left(way)) for way in ways) < len(left(gone)):
            freed |= left(gone)
    return freed


def singles_left(occupied, chosen):
    """The single seats that the choice leaves, of those it could have avoided in its row."""
    left = set()
    for row in ROWS:
        groups = [set(group) for group in stretches(chosen) if group[0] in sum(row, ())]
        for group in (*groups, set().union(*groups)):
            kinds = sorted(KINDS[seat] for seat in group)
            if {"wheelchair", "companion"} & set(kinds):
                continue
            others = (occupied | chosen) - group
            places = [
                set(block)
                for block in blocks(set(sum(row, ())) - others, len(group))
                if sorted(KINDS[seat] for seat in block) == kinds
            ]
            if all(singles(others | place) - singles(others) for place in places):
                continue
            left |= singles(others | group) - singles(others)
    return left
