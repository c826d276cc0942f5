"""What comes while something is being done is done next, all at once, as databases do it with commits."""

from collections import deque
from collections.abc import Callable, Hashable, Iterable, Sequence
from threading import Lock
from time import perf_counter
from typing import Any

from movie_booking.turns import MAX_TOGETHER, Outcome, ServedPlace, Wish, serve_all, wait_at

# If more than so many were in a batch, many come.
FEW = 4
# Longer than a transaction takes that waits for nobody.
PATIENCE_SECONDS = 0.05


class Batches:
    """Whoever comes while others are being served is served in the next batch, one batch at a time. Where few
    come, two who come are served at once, each alone: there is little to share, and nobody shall wait for it.

    Nobody waits for a batch longer than `patience`: whoever notices that it takes longer leads the next one
    regardless, and others wait for that one.
    """

    def __init__(self, patience: float = PATIENCE_SECONDS) -> None:
        self.patience = patience
        self._mutex = Lock()
        self._waiting: deque[ServedPlace[Any, Any]] = deque()
        # Of what is waited for: how many are being served, by the one who leads them.
        self._served: dict[ServedPlace[Any, Any], int] = {}
        self._few_come = True

    @property
    def waiting(self) -> int:
        """How many wait for the next batch."""
        return len(self._waiting)

    def serve(
        self, wish: Wish, do: Callable[[Sequence[Wish]], Iterable[Outcome]], *, of: Hashable
    ) -> Outcome:
        """Have this done along with what else comes, and return what came of it.

        `do` gets the wishes of all who are served together, no two `of` one, and returns what came of each;
        all must mean the same by it. Raises what it raises.
        """
        mine: ServedPlace[Wish, Outcome] = ServedPlace(wish, of)
        if self._leads(mine):
            try:
                serve_all([mine, *self._take_along(mine)], do)
            finally:
                self._end(mine)
        if mine.error is not None:
            raise mine.error
        return mine.outcome

    def _leads(self, mine: ServedPlace[Any, Any]) -> bool:
        """Wait, if need be, until this leads a batch, or was served in one."""
        with self._mutex:
            if self._has_room():
                self._served[mine] = 1
                return True
            self._waiting.append(mine)
        try:
            wait_at(mine, self.patience)
        except BaseException:  # whatever it is, nobody waits for who is not there
            self._end(mine)
            raise
        with self._mutex:
            if not mine.is_taken:
                if mine in self._waiting:  # nobody called
                    self._waiting.remove(mine)
                    self._served = {mine: 1}
                self._few_come = len(self._waiting) < FEW
                return True
        mine.wait()
        return False

    def _take_along(self, mine: ServedPlace[Any, Any]) -> list[ServedPlace[Any, Any]]:
        taken = list[ServedPlace[Any, Any]]()
        served = {mine.of}
        with self._mutex:
            for place in list(self._waiting):
                if len(served) < MAX_TOGETHER and place.of not in served:
                    place.is_taken, place.called_at = True, perf_counter()
                    served.add(place.of)
                    taken.append(place)
                    self._waiting.remove(place)
            if mine in self._served:
                self._served[mine] += len(taken)
        return taken

    def _has_room(self) -> bool:
        return sum(self._served.values()) < (2 if self._few_come else 1)

    def _end(self, mine: ServedPlace[Any, Any]) -> None:
        with self._mutex:
            if mine in self._waiting:
                self._waiting.remove(mine)
            if self._served.pop(mine, None) and self._waiting and self._has_room():
                leader = self._waiting.popleft()
                self._served[leader] = 1
                leader.set()


batches = Batches()
