"""Who we are to a vendor."""

from dataclasses import dataclass, field

import httpx


@dataclass(frozen=True, slots=True)
class Credential:
    """`auth` signs requests. `key` names the credential without revealing it: budgets and clients
    are kept by it.
    """

    key: str
    auth: httpx.Auth | None = field(default=None, repr=False)


ANONYMOUS = Credential("anonymous")
