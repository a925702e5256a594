"""Every error a caller may meet, named for the reader's next step.

SyncAssetsError
├── InvalidSettings        fix the configuration: a setting, scope, cron, pattern or argument
├── UnknownSource          register it first, or fix the name
├── SourceError            about one source; `retry_at` says when to try again, if known
│   ├── RateLimited        wait until `retry_at`
│   ├── SourceUnavailable  retry later: the network or the vendor failed
│   ├── PageTooLarge       halve the page or batch and retry
│   ├── SourceRejectedUs   fix the token or its permissions
│   ├── SourceGone         it was deleted, moved, or was never there: fix the scope or remove it
│   └── UnexpectedPayload  fix our code: the vendor sent what we do not understand
├── DeliveryRejected       about one webhook call; nothing to do unless it is really the vendor's
│   ├── BadSignature       check the secret at both ends
│   ├── OutsideWindow      signed well, too long ago: the source is swept instead
│   └── MalformedDelivery  signed well, and not understood: fix our code
├── StoreUnavailable       free the disk, unlock, migrate or restart the store that is named
│   └── NewerSchema        upgrade sync_assets: the store was written by a newer release
├── FingerprintMismatch    the index holds vectors of another model: switch back, or rebuild
├── EmbedderFailed         the embedding server is away or refuses us: do what the message says
├── LeaseHeld              another process writes this stream: wait for it
└── LeaseLost              our lease ran out or was taken over: nothing more was written, run again

Messages are one line and hold no secret. Catch the narrowest class that changes what you do.
"""

from datetime import datetime


class SyncAssetsError(Exception):
    """Base of all errors raised on purpose; the message is fit to be shown to a person."""


class InvalidSettings(SyncAssetsError):
    """Fix the configuration that the message names."""


class UnknownSource(SyncAssetsError):
    """No such source is registered."""


class SourceError(SyncAssetsError):
    """Something about one source; `retry_at` (aware UTC) says when to try again, if known."""

    def __init__(self, message: str, *, retry_at: datetime | None = None) -> None:
        super().__init__(message)
        self.retry_at = retry_at


class RateLimited(SourceError):
    """Wait until `retry_at`."""


class SourceUnavailable(SourceError):
    """The network or the vendor failed; retry later."""


class PageTooLarge(SourceError):
    """Ask for less at once."""


class SourceRejectedUs(SourceError):
    """The credentials are missing, wrong or too weak."""


class SourceGone(SourceError):
    """Deleted, renamed away or not visible to these credentials."""


class UnexpectedPayload(SourceError):
    """The answer breaks the vendor's contract as we know it, or its content fails its hash."""


class DeliveryRejected(SyncAssetsError):
    """A webhook call that is not acted on; the message repeats nothing of it."""


class BadSignature(DeliveryRejected):
    """Not signed with a secret of ours."""


class OutsideWindow(DeliveryRejected):
    """Signed with our secret at a time too far from now."""


class MalformedDelivery(DeliveryRejected):
    """The vendor's, and not of the form that we know."""


class StoreUnavailable(SyncAssetsError):
    """A store of ours (control database, index, disk) cannot serve; the message says which."""


class NewerSchema(StoreUnavailable):
    """The store was written by a newer release of sync_assets."""


class FingerprintMismatch(SyncAssetsError):
    """The index holds vectors of another model or dimension."""


class EmbedderFailed(SyncAssetsError):
    """The embedding server cannot serve; `text` is the one that it refuses, if it is only that."""

    def __init__(self, message: str, *, text: str | None = None) -> None:
        super().__init__(message)
        self.text = text


class LeaseHeld(SyncAssetsError):
    """Another process holds the lease; `until` (aware UTC) is when it would expire."""

    def __init__(self, message: str, *, until: datetime) -> None:
        super().__init__(message)
        self.until = until


class LeaseLost(SyncAssetsError):
    """The lease expired or was taken over; the caller must stop writing."""
