"""Who may come in: only pages that this server gave out, with the token of this start."""

import ipaddress
import re
import secrets
from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie

LOCAL = "127.0.0.1"
LOOPBACK = (LOCAL, "localhost", "[::1]")
COOKIE = "latentwalk"
"""How the names of cookies begin; the port follows, as a browser sends what one port gave it to all ports of a host."""

TOKEN = re.compile(r"[A-Za-z0-9_-]{12,200}")
"""What a token that somebody chose looks like: nothing that an address or a cookie would have to quote, not guessed."""

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
    "manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""What a page may load: its own files alone."""

HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class Doors:
    """What is asked of every request. token: a secret that a browser gets once, in the address that is opened, and then
    sends as a cookie; a new one by itself. hosts: names that this server answers to, without the port."""

    def __init__(self, port: int, token: str | None = None, hosts: tuple[str, ...] = LOOPBACK) -> None:
        self.token = token or secrets.token_urlsafe(24)
        self.cookie = f"{COOKIE}-{port}"
        named = [f"{host.lower()}:{port}" for host in hosts]
        self.hosts = frozenset([*named, *(hosts if port == 80 else ())])  # browsers do not name the usual port

    def refuses(self, headers: Mapping[str, str], browser_only: bool) -> tuple[int, str] | None:
        """Status and reason; None for a request that may come in.

        Another host name is a page of somebody else whose name was pointed here (DNS rebinding), another origin a page
        of somebody else that sends requests here. browser_only: an origin has to be named, as browsers do for sockets.
        """
        host, origin = headers.get("host", ""), headers.get("origin")
        if host.lower() not in self.hosts:
            return 400, "this server answers to its own address alone"
        if origin is None and not browser_only:
            return None
        if origin is None or origin.lower() != f"http://{host.lower()}":
            return 403, "requests come from the studio's own page alone"
        return None

    def knows(self, headers: Mapping[str, str]) -> bool:
        """Whether the cookie of this start is among the headers."""
        try:
            cookies = SimpleCookie(headers.get("cookie", ""))
        except CookieError:
            return False
        return any(self.opens(cookie.value) for name, cookie in cookies.items() if name.startswith(COOKIE))

    def opens(self, token: str) -> bool:
        return secrets.compare_digest(token.encode(), self.token.encode())


def check_host(host: str, token: str | None) -> None:
    """Raises ValueError for a host that browsers cannot name, and for one that others reach without a token."""
    if not re.fullmatch(r"[A-Za-z0-9.:-]{1,253}", host) or host in ("0.0.0.0", "::"):
        raise ValueError(f"a host is the one name or address that browsers go to, such as {LOCAL}, not {host!r}")
    if token is not None and not TOKEN.fullmatch(token):
        raise ValueError("a token is 12 to 200 letters, digits, - and _")
    if token is None and not _is_loopback(host):
        raise ValueError(f"{host} can be reached by others: choose a token that they have to know (--token)")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"
