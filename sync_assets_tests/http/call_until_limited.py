"""A process that calls an API with four threads until its budget is used up; prints the good calls.

Arguments: the home of the control database, the API's URL, a token, and after how many calls to
stop and wait for the kill (0: never).
"""

import sys
import threading
from contextlib import closing
from pathlib import Path

from pydantic import SecretStr

from sync_assets.connectors.github.dialect import ENTERPRISE
from sync_assets.control.budgets import Budgets
from sync_assets.control.database import open_database
from sync_assets.errors import RateLimited
from sync_assets.http.clients import HttpClients
from sync_assets.http.credentials import token_credential
from sync_assets.settings import Settings

THREADS = 4


def main(home: Path, url: str, token: str, stop_after: int) -> None:
    with (
        closing(open_database(Settings(home=home))) as database,
        closing(HttpClients(budgets=Budgets(database))) as clients,
    ):
        client = clients.client(ENTERPRISE, url, token_credential(SecretStr(token)))
        good = list[int]()

        def call() -> None:
            while True:
                try:
                    client.get("repos/acme/x/commits/HEAD")
                except RateLimited:
                    return
                good.append(1)
                if stop_after and len(good) >= stop_after:
                    sys.stdout.write("holding\n")
                    sys.stdout.flush()
                    threading.Event().wait()

        threads = [threading.Thread(target=call) for _ in range(1 if stop_after else THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    sys.stdout.write(f"{len(good)}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4]))
