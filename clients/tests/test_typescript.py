"""The seat picker of clients/typescript/ by the types that are made of /openapi.json, and it picks seats."""

import json
import re
import shutil
import subprocess

import pytest

from clients.tests.tools import TYPESCRIPT, command, node_modules

SESSION = """
import { customer, Refused, takenSeats } from "./picker.js";
const [site, username, password] = process.argv.slice(2);
const buyer = await customer(site, { username, password });
const [show] = await buyer.shows({ upcoming: true, ordering: "-starts_at" });
const [one, two] = await buyer.freeSeats(show.id);
const held = await buyer.hold(show.id, [one, two]);
const refused = await buyer.hold(show.id, [two]).catch((error) => error);
const confirmed = await buyer.confirm(held);
const free = await buyer.freeSeats(show.id);
const wrong = await customer(site, { username, password: "wrong" }).catch((error) => error);
console.log(JSON.stringify({
  wanted: [one, two], left: free.filter((seat) => seat <= two),
  held: held.status, confirmed: confirmed.status,
  isRefused: refused instanceof Refused, refused: refused.problem, taken: takenSeats(refused),
  wrong: wrong.problem.code, wrongTaken: takenSeats(wrong),
}));
"""


@pytest.fixture(scope="module")
def workplace(documents, tmp_path_factory):
    """A folder with the picker and the types of the document as it is now."""
    folder = tmp_path_factory.mktemp("typescript")
    for name in ("picker.ts", "tsconfig.json", "package.json"):
        shutil.copy(TYPESCRIPT / name, folder)
    (folder / "node_modules").symlink_to(node_modules())
    made = run(folder, "openapi-typescript", documents["3.1"], "-o", "movie-booking.d.ts")
    assert made.returncode == 0, made.stderr
    return folder


def run(folder, program, *arguments):
    """Run one of the packages' programs, or node, in that folder."""
    found = folder / "node_modules" / ".bin" / program
    path = found if found.exists() else command(program, "apt-get install nodejs npm")
    return subprocess.run([path, *arguments], cwd=folder, capture_output=True, text=True, check=False)


def test_the_picker_compiles_with_all_checks_and_picks_seats(workplace, site):
    compiled = run(workplace, "tsc")
    assert compiled.stdout == ""
    (workplace / "session.js").write_text(SESSION)

    done = run(workplace, "node", "session.js", site, "demo", "popcorn-and-cola")

    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    [_, second] = told["wanted"]
    assert (told["held"], told["confirmed"], told["left"]) == ("HELD", "BOOKED", [])
    assert told["isRefused"]
    assert told["refused"]["code"] == "seat_taken"
    assert [seat["seat_number"] for seat in told["refused"]["seats"]] == told["taken"] == [second]
    assert (told["wrong"], told["wrongTaken"]) == ("no_active_account", None)


MISTAKES = [  # what is right, and what is not, each on a line of its own
    ("free.map((seat) => seat.seat_number)", "free.map((seat) => seat.number)"),  # a member of a seat
    ('status === "available"', 'status === "free"'),  # a value of a set
    ('case "seat_taken"', 'case "seat_takn"'),  # a code
    ("problem.seats?.map", "problem.seats.map"),  # a member that only some codes bring
    ("body: { show, seat_numbers }", "body: { shows: show, seat_numbers }"),  # a member of a body
    ("/api/orders/{reference}/confirm/", "/api/orders/{reference}/pay/"),  # a route
]


def test_what_the_document_does_not_say_does_not_compile(workplace):
    right = (workplace / "picker.ts").read_text()
    wrong = right
    for said, mistake in MISTAKES:
        assert said in right
        wrong = wrong.replace(said, mistake, 1)
    lines = {
        number
        for number, (one, other) in enumerate(zip(right.splitlines(), wrong.splitlines(), strict=True), 1)
        if one != other
    }
    (workplace / "picker.ts").write_text(wrong)
    compiled = run(workplace, "tsc", "--noEmit")
    (workplace / "picker.ts").write_text(right)

    found = {int(line) for line in re.findall(r"^picker\.ts\((\d+),\d+\): error", compiled.stdout, re.M)}
    assert len(lines) == len(MISTAKES)
    assert found == lines
