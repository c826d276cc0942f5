"""The production server: `python -m movie_booking.serve`, all settings from the environment.

Granian with one blocking thread a worker answered the most bookings a second of the servers we
measured (`benchmarks/servers.py`): under one row lock, processes beat threads.
"""

import os
import subprocess
import sys

from granian import Granian
from granian.constants import Interfaces


def main() -> None:
    os.environ.setdefault("DEBUG", "0")
    from movie_booking import settings  # reads the environment, so only after the line above

    # Frees expired holds for the sake of lists. It ends with this process, however that ends.
    sweep = [sys.executable, "manage.py", "expire_holds", "--every"]
    subprocess.Popen(sweep, cwd=settings.BASE_DIR)  # noqa: S603 - our own command
    Granian(
        "movie_booking.wsgi:application",
        address=settings.HOST,
        port=settings.PORT,
        interface=Interfaces.WSGI,
        workers=settings.WEB_CONCURRENCY,
        blocking_threads=1,
        websockets=False,
        respawn_failed_workers=True,
        # A worker that hangs must not keep a deployment from restarting.
        workers_kill_timeout=30,
    ).serve()


if __name__ == "__main__":
    main()
