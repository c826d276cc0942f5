"""Which texts are one when folded."""

from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from movie_booking.folding import fold

TEXTS = st.text()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("\xc9", "\xe9"),
        ("\xe9", "e\u0301"),
        ("E\u0301", "\xe9"),
        ("STRASSE", "Stra\xdfe"),
        ("\u03a3\u03c2", "\u03c3\u03c3"),
        ("\u1e69", "s\u0323\u0307"),
        ("s\u0307\u0323", "\u1e68"),
    ],
)
def test_case_and_composition_do_not_count(one, other):
    assert fold(one) == fold(other)


@pytest.mark.parametrize(("one", "other"), [("\xc9", "E"), ("\xf8", "o"), ("\xf1", "n"), ("1", "\u2460")])
def test_other_letters_stay_others(one, other):
    assert fold(one) != fold(other)


@given(TEXTS)
def test_folding_is_done_once_and_the_same_for_every_way_to_write_a_text(text):
    folded = fold(text)

    assert fold(folded) == folded
    assert fold(normalize("NFC", text)) == fold(normalize("NFD", text)) == folded
    assert fold(text.casefold()) == folded


@given(TEXTS, TEXTS)
def test_a_folded_text_is_not_much_longer(one, other):
    # Three characters for one at most: what fits its field fits into an index of PostgreSQL.
    assert len(fold(one + other)) <= 3 * len(one + other)
