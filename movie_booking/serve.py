"""The production server: `python -m movie_booking.serve`, all settings from the environment.

What it costs beside others is measured by `make bench`.
"""

import os
import subprocess
import sys
import time

from granian import Granian
from granian.constants import Interfaces


def main() -> None:
    os.environ.setdefault("DEBUG", "0")
    from movie_booking import settings  # reads the environment, so only after the line above

    # Expires holds for the sake of lists. It ends with this process, however that ends.
    sweep = [sys.executable, "manage.py", "expire_holds", "--every"]
    subprocess.Popen(sweep, cwd=settings.BASE_DIR)  # noqa: S603 - our own command
    while True:
        server = Granian(
            "movie_booking.rsgi:application",
            address=settings.HOST,
            port=settings.PORT,
            interface=Interfaces.RSGI,
            workers=settings.WEB_CONCURRENCY,
            websockets=False,
            respawn_failed_workers=True,
            # A worker that hangs must not keep a deployment from restarting.
            workers_kill_timeout=30,
        )
        try:
            server.serve()
        except SystemExit:
            # Granian gives up when a worker dies twice within seconds. What killed it may be over soon.
            time.sleep(1)
            if server.interrupt_signal:  # or it was told to stop
                raise
        else:
            return


if __name__ == "__main__":
    main()
