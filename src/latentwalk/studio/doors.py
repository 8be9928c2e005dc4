"""Who may come in: only pages that this server gave out, from this machine, with the token of this start."""

import secrets
from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlsplit

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
COOKIE = "latentwalk"

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
    sends as a cookie. hosts: names that this server answers to, each with its port."""

    def __init__(self, port: int, token: str | None = None, hosts: tuple[str, ...] = LOOPBACK) -> None:
        self.token = token or secrets.token_urlsafe(24)
        self.hosts = frozenset(f"{host}:{port}" for host in hosts)

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
        if origin is None or urlsplit(origin).netloc.lower() != host.lower() or urlsplit(origin).scheme != "http":
            return 403, "requests come from the studio's own page alone"
        return None

    def knows(self, headers: Mapping[str, str]) -> bool:
        """Whether the cookie of this start is among the headers."""
        try:
            cookies = SimpleCookie(headers.get("cookie", ""))
        except CookieError:
            return False
        return COOKIE in cookies and self.opens(cookies[COOKIE].value)

    def opens(self, token: str) -> bool:
        return secrets.compare_digest(token.encode(), self.token.encode())
