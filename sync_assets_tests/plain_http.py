"""What spares a test's HTTP client most of its price."""

import ssl

NO_AUTHORITIES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""As `verify` of a client that only calls loopback without TLS: httpx else reads the certificates
of all authorities for each.
"""
