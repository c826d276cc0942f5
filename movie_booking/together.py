"""One question for all who ask the same at once, as everybody does who watches one show."""

from collections.abc import Callable, Hashable
from threading import Event, Lock
from typing import Generic, TypeVar

Answer = TypeVar("Answer")


class Round(Generic[Answer]):
    """One time that a question is asked, and what came of it."""

    def __init__(self) -> None:
        self.is_over = Event()
        self.answer: Answer | None = None
        self.error: BaseException | None = None

    def ask(self, question: Callable[[], Answer]) -> None:
        try:
            self.answer = question()
        except BaseException as error:  # whatever it is, nobody waits for ever
            self.error = error
        self.is_over.set()

    def result(self) -> Answer:
        """Return the answer, which is there once it is over. Raises what the question raised."""
        if self.error is not None:
            raise self.error
        return self.answer  # type: ignore[return-value]


class Together(Generic[Answer]):
    """Whoever asks what is being asked already waits for the next round, with all others who do.

    So nobody is told what was so before they asked: a round is for those who came before it began.
    `hold_nothing` is called before a wait, to let go of what whoever asks may need.
    """

    def __init__(self, hold_nothing: Callable[[], None] = lambda: None) -> None:
        self._hold_nothing = hold_nothing
        self._mutex = Lock()
        self._now: dict[Hashable, Round[Answer]] = {}
        self._next: dict[Hashable, Round[Answer]] = {}

    def ask(self, key: Hashable, question: Callable[[], Answer]) -> Answer:
        """Return what the question returns, which is the same one by this key. Raises what it raises."""
        with self._mutex:
            now, joined = self._now.get(key), self._next.get(key)
            if joined is None:
                mine: Round[Answer] = Round()
                (self._now if now is None else self._next)[key] = mine
        if now is not None:
            self._hold_nothing()
        if joined is not None:  # somebody else asks for us
            joined.is_over.wait()
            return joined.result()
        if now is not None:
            now.is_over.wait()
            with self._mutex:
                self._now[key] = self._next.pop(key)
        mine.ask(question)
        with self._mutex:
            if key not in self._next and self._now.get(key) is mine:
                del self._now[key]
        return mine.result()
