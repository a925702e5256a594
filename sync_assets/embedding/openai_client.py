"""OpenAI's own client over our governed one, which signs, waits, tries again and names errors."""

from typing import cast

import httpx
import httpx2
import openai

from sync_assets.embedding.openai_dialect import OpenAIDialect
from sync_assets.http.clients import HttpClients
from sync_assets.http.credentials import token_credential
from sync_assets.settings import Settings

TIMEOUT_SECONDS = 300.0
"""A server without a graphics card takes its time over a batch."""


class _Client(openai.OpenAI):
    """Embeds, and so may send any request twice."""

    def _prepare_request(self, request: httpx2.Request) -> None:
        request.headers.pop("authorization", None)  # the governed client signs, or nobody does
        request.extensions["safe"] = True


def open_client(settings: Settings, http: HttpClients) -> openai.OpenAI:
    """A client of the server that settings name."""
    base_url = str(settings.openai_base_url).rstrip("/")
    credential = token_credential(settings.openai_api_key)
    governed: httpx.Client = http.client(OpenAIDialect(), base_url, credential)
    return _Client(
        api_key="unused",
        base_url=base_url,
        max_retries=0,
        timeout=TIMEOUT_SECONDS,
        # Clients of httpx are taken too, though the stubs name those of httpx2 alone.
        http_client=cast("httpx2.Client", governed),
    )
