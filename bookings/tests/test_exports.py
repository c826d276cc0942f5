"""Cells of the CSV: none is a formula, whatever a spreadsheet splits its lines at."""

import csv
from decimal import Decimal
from io import StringIO

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bookings.exports import csv_lines, plain_text

SEPARATORS = (",", ";", "\t")
SIGNS = tuple("=+-@＝＋－＠")
# Of what a formula is smuggled in with, and of all letters.
TEXTS = st.text(st.sampled_from([*SIGNS, *SEPARATORS, *"\"' \r\n\v\xa01a"])) | st.text(
    st.characters(exclude_characters="\0", exclude_categories=["Cs"])
)


@pytest.mark.parametrize("cell", ["=1", "+1", "-1", "@x", "\t1", "\r1", "\n1", "  =1", '"=1"', "＝1", "＋1"])
def test_a_cell_that_would_start_a_formula_is_marked_as_text(cell):
    assert plain_text(cell) == f"'{cell}"


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ('";=1+1;"@example.com', "\";'=1+1;'\"@example.com"),
        ('"; ""=1', '";\' ""=1'),
        ("a,+1", "a,'+1"),
        ("a\t@x", "a\t'@x"),
        ("a\r\n-1", "a\r\n'-1"),
        ("\t=1", "'\t'=1"),
    ],
)
def test_nor_does_a_formula_begin_within_a_cell(cell, text):
    assert plain_text(cell) == text


@pytest.mark.parametrize(
    "cell", ["Inception", "", "12 Monkeys", Decimal("-1.50"), 7, "a=b", "a; b, c", "Mr. & Mrs. Smith", "a -1"]
)
def test_other_cells_stay_what_they_are(cell):
    assert plain_text(cell) == str(cell)


@given(st.lists(st.lists(TEXTS, min_size=1, max_size=4).map(tuple), min_size=1, max_size=3))
@example([(1, '";=1+1;"@example.com')])
@example([(1, "a\n=1"), ("\t=1",)])
def test_no_cell_is_a_formula_at_any_separator_with_quotation_marks_or_without(rows):
    text = "".join(csv_lines(rows)).removeprefix("\ufeff")

    for separator in SEPARATORS:
        for quoting in (csv.QUOTE_MINIMAL, csv.QUOTE_NONE):
            lines = csv.reader(StringIO(text, newline=""), delimiter=separator, quoting=quoting)
            for cell in [cell for line in lines for cell in line]:
                assert not cell.lstrip().lstrip('" ').startswith(SIGNS), (separator, cell)
