"""Which links may be fetched: plain http(s) to public hosts. A link comes from a list, and may be anything."""

import ipaddress
import re
import socket
from typing import Final
from urllib.parse import urlsplit

_LONGEST: Final = 2000  # characters; what browsers and servers agree upon
_HOST: Final = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*")
# Names that only a machine itself or its own network answers to.
_LOCAL_NAMES: Final = ("localhost", "local", "localdomain", "internal", "intranet", "lan", "home", "corp", "home.arpa")
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")


def refused(url: str, allow_local: bool) -> str | None:
    """Why the link must not be followed, or None. `allow_local`: hosts of the own machine and network may be asked.

    It looks at the link alone: what a public name resolves to, and where it redirects to, is `local_address`'s to
    say when it is fetched."""
    if len(url) > _LONGEST:
        return f"the link has {len(url)} characters, more than {_LONGEST}"
    if re.search(r"[\x00-\x20\x7f-\xa0\ud800-\udfff\"<>\\^`{|}\u2028\u2029]", url):
        return "the link holds a character that no link may hold"
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        return f"the link cannot be read ({error})"
    if parts.scheme not in ("http", "https"):
        return "only http and https links are fetched"
    if "@" in parts.netloc:
        return "the link holds a user name or a password"
    if "youtubedl_smuggle" in url:
        return "the link carries orders to the downloader"
    if port == 0:
        return "the link names port 0"
    host = host.removesuffix(".")
    address = _address(host)
    if address is None and (len(host) > 253 or not _HOST.fullmatch(host)):
        return "the link names no proper host"
    if allow_local:
        return None
    local = local_name(host) if address is None else local_address(str(address))
    return f"the link leads to this machine or its own network ({host[:60]})" if local else None


def local_name(host: str) -> bool:
    return "." not in host or any(host == name or host.endswith(f".{name}") for name in _LOCAL_NAMES)


def local_address(address: str) -> bool:
    """Whether an IP address is none of the public network: loopback, private, link-local, multicast, reserved. What
    carries another address within it is judged by that one."""
    ip = ipaddress.ip_address(address.split("%")[0])
    carried = _carried(ip)
    if carried:
        return any(map(local_address, map(str, carried)))
    return not ip.is_global or ip.is_multicast


def _carried(ip: ipaddress.IPv4Address | ipaddress.IPv6Address) -> list[ipaddress.IPv4Address]:
    if isinstance(ip, ipaddress.IPv4Address):
        return []
    nat64 = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF) if ip in _NAT64 else None
    teredo = ip.teredo or ()
    return [inner for inner in (ip.ipv4_mapped, ip.sixtofour, nat64, *teredo) if inner is not None]


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address a host is, in any of the spellings that the system's resolver takes: 127.1, 0x7f000001, ..."""
    try:
        return ipaddress.ip_address(host.split("%")[0])
    except ValueError:
        pass
    try:
        return ipaddress.IPv4Address(socket.inet_aton(host)) if host and host[-1] in "0123456789abcdefx" else None
    except (OSError, ValueError):
        return None
