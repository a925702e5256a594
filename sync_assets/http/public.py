"""What of a request may be shown: in messages, in logs. Pure, but for the filter's installation.

A URL's query may hold a signature, its user part a password, and the path of a webhook is itself
the secret: of a request marked `extensions["secret_path"]` only the host is shown.
"""

import logging

import httpx


def called(request: httpx.Request) -> str:
    """`GET https://host/path` of a request."""
    shown = origin(request.url) if request.extensions.get("secret_path") else shown_url(request.url)
    return f"{request.method} {shown}"


def shown_url(url: httpx.URL) -> str:
    """Without user, query and fragment."""
    return f"{origin(url)}{url.raw_path.partition(b'?')[0].decode('ascii', 'replace')}"


def origin(url: httpx.URL) -> str:
    """`https://host:port`; the port only where it is not the scheme's own."""
    return f"{url.scheme}://{url.netloc.decode('ascii', 'replace')}"


class _Shown(logging.Filter):
    """httpx logs whole URLs, and knows nothing of secret paths: the host is enough."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(
                origin(part) if isinstance(part, httpx.URL) else part for part in record.args
            )
        return True


def keep_logs_clean() -> None:
    """Nothing that the HTTP libraries log holds a URL's secret or a header. Call it any often."""
    logger = logging.getLogger("httpx")
    if not any(isinstance(known, _Shown) for known in logger.filters):
        logger.addFilter(_Shown())
    logging.getLogger("httpcore").setLevel(logging.INFO)  # at DEBUG it prints headers: tokens
