"""What comes while something is being done is done next, all at once, as databases do it with commits."""

from collections import deque
from collections.abc import Callable, Hashable, Iterable, Sequence
from threading import Lock
from time import perf_counter
from typing import Any

from movie_booking.turns import MAX_TOGETHER, Outcome, ServedPlace, Wish, serve_all, wait_at

# Longer than a transaction takes that waits for nobody.
PATIENCE_SECONDS = 0.05


class Batches:
    """One batch of wishes at a time. Whoever comes meanwhile is served in the next.

    What takes longer than `patience` is waited for by nobody: whoever notices leads the next batch
    regardless, and others wait for that one.
    """

    def __init__(self, patience: float = PATIENCE_SECONDS) -> None:
        self.patience = patience
        self._mutex = Lock()
        self._waiting: deque[ServedPlace[Any, Any]] = deque()
        self._leader: ServedPlace[Any, Any] | None = None  # of the batch that is waited for

    @property
    def waiting(self) -> int:
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
            if self._leader is None:
                self._leader = mine
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
                    self._leader = mine
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
        return taken

    def _end(self, mine: ServedPlace[Any, Any]) -> None:
        with self._mutex:
            if mine in self._waiting:
                self._waiting.remove(mine)
            if self._leader is not mine:
                return
            self._leader = self._waiting.popleft() if self._waiting else None
            if self._leader is not None:
                self._leader.set()


batches = Batches()
