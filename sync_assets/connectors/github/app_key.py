"""A GitHub App's private key, and what it signs."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from pydantic import SecretStr

from sync_assets.errors import InvalidSettings

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    from sync_assets.settings import Settings

_SIGNED_BEFORE: Final = timedelta(seconds=60)
"""GitHub advises it, for clocks that are fast."""
_SIGNED_FOR: Final = timedelta(minutes=9)
"""GitHub takes signatures of ten minutes at most."""


def signature(app_id: str, key: "RSAPrivateKey", now: datetime) -> SecretStr:
    """The App's own token, a JWT. https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-json-web-token-jwt-for-a-github-app."""
    import jwt

    claims = {"iss": app_id, "iat": now - _SIGNED_BEFORE, "exp": now + _SIGNED_FOR}
    return SecretStr(jwt.encode(claims, key, algorithm="RS256"))


def private_key(settings: "Settings") -> "RSAPrivateKey":
    """From its PEM; in an environment variable line breaks may be written as backslash and n."""
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    path, name = settings.github_app_private_key_path, "SYNC_ASSETS_GITHUB_APP_PRIVATE_KEY"
    pem = settings.github_app_private_key.get_secret_value().replace("\\n", "\n").encode()
    if path is not None:
        name = f"{name}_PATH"
        try:
            pem = path.expanduser().read_bytes()
        except OSError as error:
            raise InvalidSettings(f"{name}: {path}: {error.strerror}") from None
    try:
        key = load_pem_private_key(pem, None)
    except (ValueError, TypeError):
        key = None  # what the library says of a key may repeat it
    if not isinstance(key, RSAPrivateKey):
        raise InvalidSettings(f"{name}: no private key: give the whole PEM file that GitHub gave")
    return key
