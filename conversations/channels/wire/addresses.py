"""Where a request of ours may go: never into the house's own network, but to the hosts in it that
its operator names (INTERNAL_HOSTS) where the company itself told us to call them.

The name is resolved here and the connection made to the very address that was judged, so that a
name that resolves differently a moment later (DNS rebinding) gains nothing.
"""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit, urlunsplit

Ip = ipaddress.IPv4Address | ipaddress.IPv6Address

# IPv6 addresses that carry an IPv4 one: NAT64 and 6to4
_CARRIERS = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("2002::/16"))

_SHARED = ipaddress.ip_network("100.64.0.0/10")  # between carriers; private overlays live there


class NotAllowed(ValueError):
    """Why the address is refused. `unresolved`: its name has no address now."""

    def __init__(self, reason: str, *, unresolved: bool = False) -> None:
        super().__init__(reason)
        self.unresolved = unresolved


@dataclass(frozen=True, slots=True)
class Target:
    """url: with the judged address in place of the name. host: as it stands in the Host header.
    server_name: what the certificate must be for."""

    url: str
    host: str
    server_name: str


def targets(url: str, *, loopback: bool, inside: frozenset[str] = frozenset()) -> list[Target]:
    """The addresses behind `url`, to be tried in turn; all of them were judged.

    loopback: whether this machine itself may be reached. inside: hosts in the house's own network
    that may be, in small letters. Raises NotAllowed.
    """
    parts = checked(url)
    name = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return [
        Target(url=_direct(parts, address, port), host=parts.netloc, server_name=name)
        for address in resolve(name, port, loopback=loopback, inside=inside)
    ]


def _direct(parts: SplitResult, address: Ip, port: int) -> str:
    literal = f"[{address}]" if address.version == 6 else str(address)
    return urlunsplit((parts.scheme, f"{literal}:{port}", parts.path, parts.query, ""))


def checked(url: str) -> SplitResult:
    """The parts of an http(s) address that names a host and nobody's password."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise NotAllowed("not an address") from error
    if parts.scheme not in {"http", "https"}:
        raise NotAllowed("not an http or https address")
    if not parts.hostname or not parts.hostname.isascii():
        raise NotAllowed("names no host")
    if "@" in parts.netloc:
        raise NotAllowed("holds a password")
    if not (url.isascii() and url.isprintable()) or " " in url or "\\" in url:
        raise NotAllowed("holds a character that no address has")
    return parts


def resolve(
    name: str, port: int, *, loopback: bool, inside: frozenset[str] = frozenset()
) -> list[Ip]:
    """The addresses of the name, when all of them may be reached."""
    try:
        found = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise NotAllowed("the name has no address", unresolved=True) from error
    addresses = [ipaddress.ip_address(str(each[4][0]).partition("%")[0]) for each in found]
    for address in addresses:
        if not may_be_reached(address, loopback=loopback, private=name.lower() in inside):
            raise NotAllowed("leads into a private network")
    if not addresses:
        raise NotAllowed("the name has no address", unresolved=True)
    return list(dict.fromkeys(addresses))


def may_be_reached(address: Ip, *, loopback: bool, private: bool = False) -> bool:
    """Public addresses; this machine's own only where `loopback` says so, those of the house only
    where `private` does: never link-local ones, behind which clouds keep their credentials."""
    inner = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    if inner is not None:
        address = inner
    if address.is_loopback:
        return loopback
    if any(address in carrier for carrier in _CARRIERS if carrier.version == address.version):
        return False
    if private and (address.is_private or address in _SHARED):
        return not (address.is_link_local or address.is_unspecified or address.is_multicast)
    return address.is_global and not (address.is_multicast or address.is_reserved)
