"""Names of things that are elsewhere: https:// addresses and hf:// repositories. Nothing here touches a network."""

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit

HUB = "https://huggingface.co"
EXPECTED = "expected https://host/file or hf://owner/repository[/file], with #sha256=... if you know it"
NAME = re.compile(r"[\w.-]{1,100}", re.ASCII)


@dataclass(frozen=True)
class Remote:
    """A file. url: https only. name: what to call it here. sha256: 64 hex digits that it must have, or ""."""

    url: str
    name: str
    sha256: str = ""


@dataclass(frozen=True)
class Repository:
    """A repository on the Hugging Face hub. revision: a branch, a tag or a commit."""

    owner: str
    name: str
    revision: str = "main"

    @property
    def listing(self) -> Remote:
        """The description of the repository, JSON, with the names of all its files."""
        return Remote(f"{HUB}/api/models/{self.owner}/{self.name}/revision/{quote(self.revision, '')}", "listing.json")

    def file(self, path: str, sha256: str = "") -> Remote:
        """A file of the repository. Raises ValueError for a path that leaves it."""
        parts = path.split("/")
        if not all(part.strip(".") for part in parts):
            raise ValueError(f"{path!r} is no file of {self}: {EXPECTED}")
        start = f"{HUB}/{self.owner}/{self.name}/resolve/{quote(self.revision, '')}"
        return Remote("/".join((start, *map(quote, parts))), local_name(parts[-1]), sha256)

    def __str__(self) -> str:
        return f"hf://{self.owner}/{self.name}" + (f"@{self.revision}" if self.revision != "main" else "")


def is_remote(source: object) -> bool:
    """Whether a source is an address instead of a path or a bundled name."""
    return isinstance(source, str) and re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", source) is not None


def parse(source: str) -> Remote | Repository:
    """What an address names: one file, or a repository as a whole.

    Raises ValueError for any other kind of address, and for one that is not written as it should be.
    """
    address, _, fragment = source.partition("#")
    scheme, rest = address.split("://", 1)
    sha256 = _checksum(fragment, source) if "#" in source else ""
    if scheme == "https":
        check_url(address)
        return Remote(address, local_name(unquote(urlsplit(address).path).rpartition("/")[2]), sha256)
    if scheme == "hf":
        return _hub(rest, sha256, source)
    if scheme == "file":
        raise ValueError(f"{source}: give a file on this computer by its path, without file://")
    advice = "nobody protects what comes over http, use https://" if scheme == "http" else EXPECTED
    raise ValueError(f"{source} cannot be fetched: {advice}")


def check_url(url: str) -> None:
    """Raises ValueError unless this is an https address with a host that may be public, and no password in it."""
    try:
        parts = urlsplit(url)
        fits = parts.scheme == "https" and parts.hostname and parts.port != 0
    except ValueError:
        raise ValueError(f"{url} is no address: {EXPECTED}") from None
    if not fits or not url.isascii() or not url.isprintable() or " " in url:
        raise ValueError(f"{url} cannot be fetched: {EXPECTED}")
    if "@" in parts.netloc:
        raise ValueError(f"an address on {parts.hostname} has a name or a password in it: leave it out")
    host = (parts.hostname or "").rstrip(".")
    if re.fullmatch(r"[\d.]+|.*:.*", host):
        check_host(host)
    elif host == "localhost" or host.endswith(".localhost"):
        check_host("127.0.0.1")


def check_host(address: str) -> None:
    """Raises ValueError for an IP address that is not a public one: this computer, its network, or none at all."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        raise ValueError(f"{address} is no address of a host: {EXPECTED}") from None
    found = getattr(found, "ipv4_mapped", None) or found
    if not found.is_global or found.is_multicast:
        raise ValueError(f"the host has the address {address}, which is not public: give files of your network by path")


def local_name(name: str) -> str:
    """A name as a file name that is safe here."""
    return re.sub(r"[^\w.-]+", "_", name, flags=re.ASCII).lstrip(".")[-100:] or "file"


def _hub(rest: str, sha256: str, source: str) -> Remote | Repository:
    owner, name, *path = rest.rstrip("/").split("/") if "/" in rest else (rest, "")
    name, _, revision = name.partition("@")
    repository = Repository(owner, name, revision or "main")
    parts = (owner, name, repository.revision)
    if not all(NAME.fullmatch(part) and part.strip(".") for part in parts):
        raise ValueError(f"{source} names no repository: {EXPECTED}")
    if path:
        return repository.file("/".join(path), sha256)
    if sha256:
        raise ValueError(f"{source} is a repository of many files: a checksum belongs to one file of it")
    return repository


def _checksum(fragment: str, source: str) -> str:
    match = re.fullmatch(r"sha256=([0-9a-fA-F]{64})", fragment)
    if match is None:
        raise ValueError(f"{source}: after # comes sha256= and 64 hexadecimal digits, nothing else")
    return match[1].lower()
