"""Buyers who come at once are served together: one lock, one write and one COMMIT for all of them.

Those who wait for one show; and those who come for a show each while others are at theirs. Each gets the
answer that they would have got alone. Where the database refuses what they want together, each is served
alone.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial, wraps
from typing import Any, NamedTuple

from django.db import IntegrityError, InterfaceError, OperationalError, transaction
from rest_framework.response import Response

from accounts.http import UserRequest
from bookings.idempotency import Claim, StoredResponse, claim_all, claim_of, keep_all, refuse_once
from bookings.models import Order
from bookings.services import LockedElsewhere, SeatWish, Wish, do_together
from bookings.services.constraint import constraint_as_refusal
from movie_booking.batches import batches
from movie_booking.database import is_lock_failure
from movie_booking.errors import DomainError, NotFound
from movie_booking.metrics import SERVED_TOGETHER
from movie_booking.turns import turns

logger = logging.getLogger(__name__)

View = Callable[..., Response]
Outcome = Order | StoredResponse | Exception


class Buyer(NamedTuple):
    """A request of a user: what they wish for, what they claim by their Idempotency-Key, and how the order
    is told.
    """

    wish: Wish
    claim: Claim | None
    answer: Callable[[Order], Response]


def served_together(answer: Callable[[Any, Order], Response]) -> Callable[[Callable[..., Wish]], View]:
    """Make a view of a method that returns what a user wishes for, and of one that tells the order.

    A request that is repeated with its Idempotency-Key is answered as by `idempotent`. Raises what that and
    the service does.
    """

    def decorate(view: Callable[..., Wish]) -> View:
        @wraps(view)
        def call(self: Any, request: UserRequest, *args: Any, **kwargs: Any) -> Response:
            claim = claim_of(request)
            try:
                wish = view(self, request, *args, **kwargs)
            except NotFound:  # what is asked about, which comes before what was answered
                raise
            except Exception as error:
                if claim is None:
                    raise
                return refuse_once(claim, error).told_by(self)
            buyer = Buyer(wish, claim, partial(answer, self))
            match turns.serve(wish.show_id, buyer, serve, of=request.user.pk):
                case Order() as order:
                    return answer(self, order)
                case StoredResponse() as stored:
                    return stored.told_by(self)
                case refusal:
                    raise refusal

        return call

    return decorate


def serve(buyers: Sequence[Buyer]) -> Iterator[Outcome]:
    """Serve users who want something of one show, no two of whom are one; return for each the order, or the
    response that is stored with their key, or why there is none.
    """
    match buyers:
        case [Buyer(wish=SeatWish() as wish) as buyer] if wish.is_shareable:
            outcome = batches.serve(buyer, _serve_batch, of=wish.customer.pk)
            # The show is waited for here, where nobody else waits.
            return iter([_serve_alone(buyer) if isinstance(outcome, LockedElsewhere) else outcome])
    if len(buyers) == 1 or (outcomes := _serve_together(buyers)) is None:
        return map(_serve_alone, buyers)
    return iter(outcomes)


def _serve_batch(buyers: Sequence[Buyer]) -> Iterable[Outcome]:
    """Serve users who want seats of a show each; return LockedElsewhere for whom to serve alone."""
    if len(buyers) == 1:
        return map(_serve_alone, buyers)
    outcomes = _serve_together(buyers, waits=False)
    return [LockedElsewhere() for _ in buyers] if outcomes is None else outcomes


def _serve_together(buyers: Sequence[Buyer], *, waits: bool = True) -> list[Outcome] | None:
    """Return what came of it; None if nothing was written, as something is wrong with one of them: whose
    fault it is, shows when each is served alone.
    """
    try:
        outcomes = _serve(buyers, waits=waits)
    except (OperationalError, InterfaceError) as error:
        if is_lock_failure(error) and not waits:
            return None  # it was not for a show, but for something that one of them needs
        # What was to be committed may have been. And of an outage all are told.
        return [error, *(_again(error) for _ in buyers[1:])]
    except (IntegrityError, DomainError):
        return None
    except Exception as error:
        logger.warning("What was wanted together could not be done", exc_info=error)
        return None
    if served := sum(not isinstance(outcome, LockedElsewhere) for outcome in outcomes):
        SERVED_TOGETHER.observe(served)
    return outcomes


def _again(error: Exception) -> Exception:
    """The same error, with a traceback of its own."""
    again = type(error)(*error.args)
    again.__cause__ = error.__cause__
    return again


def _serve_alone(buyer: Buyer) -> Outcome:
    try:
        with constraint_as_refusal(buyer.wish.seat_numbers):
            [outcome] = _serve([buyer])
    except Exception as error:
        return error
    SERVED_TOGETHER.observe(1)
    return outcome


@transaction.atomic
def _serve(buyers: Sequence[Buyer], *, waits: bool = True) -> list[Outcome]:
    claims = [buyer.claim for buyer in buyers if buyer.claim]
    known = claim_all(claims, is_shared=len(buyers) > 1)
    new = [buyer for buyer in buyers if buyer.claim not in known]
    outcomes: Sequence[Outcome] = []
    if new:
        is_last = not any(buyer.claim for buyer in new)
        outcomes = do_together([buyer.wish for buyer in new], is_last=is_last, waits=waits)
    if any(isinstance(outcome, Order) for outcome in outcomes):
        outcomes = _keep_responses(new, outcomes)
    else:
        transaction.set_rollback(True)  # claims too: who is refused can try again
    rest = iter(outcomes)
    return [known[buyer.claim] if buyer.claim in known else next(rest) for buyer in buyers]


def _keep_responses(buyers: Sequence[Buyer], outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Store with the keys that were claimed how their orders are told, and return that in their place."""
    told = [
        StoredResponse.of(buyer.answer(outcome)) if buyer.claim and isinstance(outcome, Order) else outcome
        for buyer, outcome in zip(buyers, outcomes, strict=True)
    ]
    claims = {buyer.claim: each for buyer, each in zip(buyers, told, strict=True) if buyer.claim}
    stored = {claim: each for claim, each in claims.items() if isinstance(each, StoredResponse)}
    keep_all(stored, refused=claims.keys() - stored.keys())
    return told
