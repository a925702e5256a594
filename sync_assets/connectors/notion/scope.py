"""Pure: which data source a source is about, and the addresses of pages."""

import re
from urllib.parse import urlsplit

from sync_assets.errors import InvalidSettings

SCOPE_FORMAT = "a data source's id, or a link that ends with it"
_HEX = re.compile(r"(?:^|[^0-9a-f])([0-9a-f]{32})$")
_UUID = re.compile(r"([0-9a-f]{8})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{12})$")
_HOSTS = re.compile(r"(?:(?:www|app)\.)?notion\.(?:so|com)|[\w-]+\.notion\.site")


def scope_of(text: str) -> str:
    """The id with its dashes. Raises InvalidSettings."""
    found = _id_at_the_end(urlsplit(text.strip()).path if "://" in text else text.strip())
    if found is None:
        raise InvalidSettings(
            f"scope {text!r}: notion needs {SCOPE_FORMAT}: in the database's settings, under"
            " Manage data sources, Copy data source ID"
        )
    return dashed(found)


def dashed(vendor_id: str) -> str:
    """As Notion writes ids in JSON."""
    each = plain_id(vendor_id)
    return f"{each[:8]}-{each[8:12]}-{each[12:16]}-{each[16:20]}-{each[20:]}"


def plain_id(vendor_id: str) -> str:
    """As Notion writes ids in links."""
    return vendor_id.replace("-", "").lower()


def page_url(vendor_id: str) -> str:
    """An address that stays whatever the page is called, and tells nothing of it: in the one that
    Notion shows stands the title, where no rule would find a secret.
    """
    return f"https://www.notion.so/{plain_id(vendor_id)}"


def lasting(url: str) -> str:
    """The address of a page of Notion, or of a place in it, by ids alone; any other as it is."""
    parts = urlsplit(url)
    found = _id_at_the_end(parts.path) if _HOSTS.fullmatch(parts.hostname or "") else None
    if found is None:
        return url
    query, place = parts.query and f"?{parts.query}", parts.fragment and f"#{parts.fragment}"
    return f"{page_url(found)}{query}{place}"


def block_of(url: str) -> str | None:
    """The block that a link into a page names, by its id."""
    return _id_at_the_end(urlsplit(url).fragment)


def _id_at_the_end(text: str) -> str | None:
    text = _UUID.sub(lambda found: "".join(found.groups()), text.lower())
    found = _HEX.search(text)
    return found[1] if found else None
