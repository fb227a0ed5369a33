"""Ask the web server of this machine whether it is ready: `python -m config.probe`, for container health checks.

Speaks to the port that gunicorn listens on, in the name of the site, because other hosts are refused. Exit code 0
when `/readyz` answers 200 within four seconds; otherwise 1, and a line that says what came instead.
"""

import http.client
import os
import sys
from urllib.parse import urlsplit

from config.gunicorn import bind

TIMEOUT_SECONDS = 4


def main() -> int:
    port = int(bind.rsplit(":", 1)[1])
    host = urlsplit(os.environ.get("SITE_URL", "")).hostname or "localhost"
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("GET", "/readyz", headers={"Host": host, "Accept": "text/plain"})
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        print(f"Port {port} did not answer: {error}", file=sys.stderr)  # noqa: T201
        return 1
    finally:
        connection.close()
    if status != http.HTTPStatus.OK:
        print(f"/readyz answered {status}.", file=sys.stderr)  # noqa: T201
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
