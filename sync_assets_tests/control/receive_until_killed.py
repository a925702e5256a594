"""A process that takes deliveries by number from standard input, and says which are stored."""

import sys
from concurrent.futures import Future
from functools import partial
from pathlib import Path

from sync_assets.control.database import open_database
from sync_assets.control.filing import Incoming, Receipt
from sync_assets.control.inbox import Inbox
from sync_assets.control.intake import Intake
from sync_assets.settings import Settings


def acknowledge(number: str, future: Future[Receipt]) -> None:
    assert future.result() in {"accepted", "duplicate"}
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


def main(home: Path) -> None:
    intake = Intake(Inbox(open_database(Settings(home=home))))
    for line in sys.stdin:
        number = line.strip()
        incoming = Incoming("github", number, "push", lambda _: True, ("files",))
        intake.put(incoming).add_done_callback(partial(acknowledge, number))
    intake.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
