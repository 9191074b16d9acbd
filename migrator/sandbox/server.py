"""The sandbox's process: `python -m migrator.sandbox.server --port N`, on 127.0.0.1 only.

moto is imported here and nowhere else, after the clock has taken over the process's time.
"""

import argparse
import logging
import os
import sys

from migrator.sandbox import clock

_ADDRESS = "127.0.0.1"


def main() -> None:
    """Serve until the process is ended."""
    options = _options()
    logging.basicConfig(
        level=options.log_level.upper(), stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s"
    )
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    # It overrides every way of naming an account, and so breaks an organization of several (moto-facts §5).
    os.environ.pop("MOTO_ACCOUNT_ID", None)
    clock.install()
    from migrator.sandbox.application import serve  # noqa: PLC0415 - moto must see the shifted clock

    serve(_ADDRESS, options.port)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="migrator.sandbox.server", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0: any free port; the address is printed")
    parser.add_argument("--log-level", default="warning")
    return parser.parse_args()


if __name__ == "__main__":
    main()
