"""How passwords are stored."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth.hashers import Argon2PasswordHasher


def run_here(work: Callable[..., Any], *args: Any) -> Any:
    return work(*args)


# How slow work is done. A production worker does it where nobody waits for it.
run: Callable[..., Any] = run_here


class Argon2idHasher(Argon2PasswordHasher):
    """Argon2id with the parameters that OWASP gives as its minimum: 19 MiB, 2 passes, 1 lane.

    https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html
    Django's own choice takes 100 MiB and 8 threads for every log-in: too much for a small server with many
    log-ins at once.
    """

    time_cost = 2
    memory_cost = 19 * 1024
    parallelism = 1

    def encode(self, password: str, salt: str) -> str:
        return run(super().encode, password, salt)

    def verify(self, password: str, encoded: str) -> bool:
        return run(super().verify, password, encoded)
