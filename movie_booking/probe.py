"""Ask the server on this machine how it is: `python -m movie_booking.probe /healthz`, as health checks do.

It says what is answered, and ends with 0 if that is 200. Without Django, as it is run every few seconds.
"""

import os
import sys
from http.client import HTTPConnection, HTTPException

SECONDS = 4  # less than a health check may take


def probe(path: str, port: int) -> tuple[bool, str]:
    """Return whether GET of this path is answered with 200, and what is said."""
    connection = HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status == 200, f"{response.status} {response.read().decode(errors='replace')}"
    except (OSError, HTTPException) as error:
        return False, f"no answer: {error}"
    finally:
        connection.close()


def main() -> None:
    path = sys.argv[1] if len(sys.argv) > 1 else "/readyz"
    good, said = probe(path, int(os.environ.get("PORT") or 8000))
    sys.stdout.write(f"{said}\n")
    sys.exit(not good)


if __name__ == "__main__":
    main()
