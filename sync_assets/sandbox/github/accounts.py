"""The people of a sandbox: made when first named, the same everywhere."""

from itertools import count

from sync_assets.sandbox.github.node_ids import account_node_id
from sync_assets.sandbox.github.records import Account

_FIRST_ID = 90_001


class Accounts:
    """Accounts by login. One that ends with `[bot]` is a bot's: GraphQL shows it without that."""

    def __init__(self) -> None:
        self._by_login: dict[str, Account] = {}
        self._ids = count(_FIRST_ID)

    def all(self) -> list[Account]:
        """Everybody who has an account."""
        return list(self._by_login.values())

    def named(self, login: str | None) -> Account | None:
        """The account of a login; None for None: somebody whose account is gone."""
        if login is None:
            return None
        account = self._by_login.get(login)
        if account is None:
            bot = login.endswith("[bot]")
            number = next(self._ids)
            kind = "Bot" if bot else "User"
            node = account_node_id("BOT" if bot else "U", number)
            account = self._by_login[login] = Account(login, number, node, kind)
        return account

    def owner(self, login: str) -> Account:
        """The account that owns repositories: an organization if it is new."""
        new = login not in self._by_login
        account = self.named(login)
        assert account is not None  # noqa: S101 - a login was given
        if new:
            account.kind = "Organization"
            account.node_id = account_node_id("O", account.database_id)
        return account

    def rename(self, old: str, new: str) -> None:
        """Another login; nothing that the account wrote is bumped."""
        account = self._by_login.pop(old)
        account.login = new
        self._by_login[new] = account

    def delete(self, login: str) -> None:
        """From now on the author of what it wrote is null."""
        self._by_login.pop(login).deleted = True
