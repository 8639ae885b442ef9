"""The service's addresses: which are allowed, their header and account name, and which links are safe."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from .contract import AUTH_HEADERS, SERVERS
from .errors import AddressNotAllowed
from .messages import translatable

_MAGNIFIC_HOST = urlsplit(SERVERS[1]).hostname
_VENDOR_DOMAINS = ("freepik.com", "magnific.com")


def is_loopback(host: str | None) -> bool:
    """Whether ``host`` is this very computer."""
    if host is None:
        return False
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def check_address(address: str) -> str:
    """Return ``address`` without a trailing slash; AddressNotAllowed unless https, or http to loopback."""
    try:
        parts = urlsplit(address.strip())
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise AddressNotAllowed("The service address cannot be read.", setting="base_url") from None
    if not host or parts.username or parts.password or parts.query or parts.fragment:
        raise AddressNotAllowed(
            "The service address must look like https://host or https://host/path.", setting="base_url"
        )
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(host)):
        raise AddressNotAllowed(
            translatable("The service address {address} is not secure.", address=f"{parts.scheme}://{host}"),
            setting="base_url",
        )
    return address.strip().rstrip("/")


def link_problem(link: str, base_url: str, extra_hosts: tuple[str, ...] = ()) -> str | None:
    """Say why a result must not be fetched from ``link``, None when it may.

    https from the vendor's domains, the API host itself or ``extra_hosts``; plain http only from this
    computer, and only when the service is on this computer too.
    """
    try:
        parts = urlsplit(link)
        host, port = parts.hostname, parts.port
    except ValueError:
        return translatable("it is no address")
    own = urlsplit(base_url)
    problem = None
    if not host or parts.scheme not in ("http", "https"):
        problem = translatable("it is no web address")
    elif parts.username or parts.password:
        problem = translatable("it carries a name or password")
    elif is_loopback(host) and is_loopback(own.hostname):
        problem = None
    elif parts.scheme != "https":
        problem = translatable("it is not https")
    elif host in extra_hosts or (host, port) == (own.hostname, own.port):
        problem = None
    elif not any(host == domain or host.endswith("." + domain) for domain in _VENDOR_DOMAINS):
        problem = translatable("the host {host} is not on the list", host=host)
    elif port not in (None, 443):
        problem = translatable("it has an unusual port")
    return problem


def auth_header(base_url: str) -> str:
    """Return the name of the header that carries the key to ``base_url``."""
    return str(AUTH_HEADERS[1 if urlsplit(base_url).hostname == _MAGNIFIC_HOST else 0])


def account(base_url: str) -> str:
    """Return the name a key for ``base_url`` is stored under.

    The service's two addresses share one key. Any other address has its own: a stored key of the real
    service is never sent to a mock or a stranger when the address changes. A key in the environment is
    for whatever address is in use.
    """
    parts = urlsplit(base_url)
    vendors = {urlsplit(server).hostname for server in SERVERS}
    return "freepik" if parts.hostname in vendors else f"{parts.scheme}://{parts.netloc}"
