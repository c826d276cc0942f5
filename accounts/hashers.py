"""How passwords are stored."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class Argon2idHasher(Argon2PasswordHasher):
    """Argon2id with the parameters that OWASP gives as its minimum: 19 MiB, 2 passes, 1 lane.

    https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html
    Django's own choice takes 100 MiB and 8 threads for every log-in: too much for a small server with many
    log-ins at once.
    """

    time_cost = 2
    memory_cost = 19 * 1024
    parallelism = 1
