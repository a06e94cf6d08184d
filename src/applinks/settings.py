"""Every setting, checked at start: keyword arguments, then ``APPLINKS_…`` variables, then ``applinks.toml``."""

import base64
import binascii
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Literal, Self, get_args
from urllib.parse import urlsplit

from applinks.bounds import Lifetimes, Sizes
from applinks.errors import SettingsError
from applinks.secret import Secret

Protocol = Literal["oauth2", "oauth1"]
Synchronous = Literal["FULL", "NORMAL"]

_BASE_URL = re.compile(
    r"(?P<scheme>https?)://"
    r"(?P<host>[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*|\[[0-9a-f:]+\])"
    r"(?::(?P<port>[1-9][0-9]{0,4}))?"
    r"(?P<path>(?:/[A-Za-z0-9._~!$&'()*+,;=:@-]+)*)\Z"
)
_ATLASSIAN_TYPE = re.compile(r"[A-Za-z0-9.-]{1,40}\Z")
_DEFAULT_PORTS = {"https": "443", "http": "80"}
_HIGHEST_PORT = 65535
_TEXTS = ("base_url", "name", "kind", "atlassian_type", "database", "synchronous")
_LISTS = ("protocols", "proxies")
_SWITCHES = ("allow_http_for_loopback", "sealing_key_lost")
_SWITCHED = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
_LOOPBACK = frozenset({"127.0.0.1", "[::1]", "localhost"})
_POSTGRESQL = "postgresql://"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """
    How this application takes part.

    Attributes:
        base_url: scheme, host, optional port and path, no final slash; also the issuer. ``http`` on loopback only.
        name: what other applications call us; without one, the host of the base URL.
        kind: the ``type`` in our manifest, such as ``tracker``; empty: left out.
        atlassian_type: the type that Atlassian Data Center peers are told, such as ``jira``, ``confluence`` or
            ``stash``; they show one that is ``generic`` as another maker's.
        database: ``sqlite:///PATH``, or ``postgresql://user:password@host/name`` for a database that is there already.
        sealing_key: 32 bytes in base64; without one, a file of mode 0600 beside the SQLite file. PostgreSQL needs one.
        sealing_key_lost: at the next start, give up what the lost key sealed: connections, and secrets and tokens of
            OAuth 1.0a, have to be made anew, and peers compare new keys of ours; links survive, and so do the tokens of
            OAuth 2. Of no effect while the key opens.
        protocols: those we offer, in order of preference.
        synchronous: SQLite's durability: ``FULL`` survives a power cut, ``NORMAL`` is faster.
        allow_http_for_loopback: let peers and issuers on ``127.0.0.1``, ``[::1]`` and ``localhost`` be ``http``; on by
            default exactly when our own base URL is such a one. Where that is https, an Applinks there stays refused,
            because the handshake takes http only between two that are both on it; other servers are not.
        user_seen_seconds: how long what the host said of a user is kept; 0: asked each time.
        proxies: of ``applinks serve``: the addresses or networks of the proxies in front, as in ``10.0.0.5`` or
            ``10.0.0.0/24``; from these alone ``X-Forwarded-For`` says who calls, which limits on failures count by.
            In the environment between spaces or commas. Inside an application its own server knows its proxies.
    """

    base_url: str
    name: str = ""
    kind: str = ""
    atlassian_type: str = "generic"
    # It may hold a password.
    database: str = field(default="sqlite:///applinks.db", repr=False)
    sealing_key: Secret | None = None
    sealing_key_lost: bool = False
    protocols: tuple[Protocol, ...] = ("oauth2", "oauth1")
    synchronous: Synchronous = "FULL"
    allow_http_for_loopback: bool | None = None
    user_seen_seconds: int = 30
    proxies: tuple[str, ...] = ()
    lifetimes: Lifetimes = field(default_factory=Lifetimes)
    sizes: Sizes = field(default_factory=Sizes)

    def __post_init__(self) -> None:
        _check_base_url(self.base_url)
        if not self.name:
            object.__setattr__(self, "name", urlsplit(self.base_url).hostname or self.base_url)
        if not 1 <= len(self.name) <= 60 or not self.name.strip() or not self.name.isprintable():
            raise SettingsError("name: 1 to 60 characters, which can all be shown")
        if len(self.kind) > 40:
            raise SettingsError("kind: at most 40 characters")
        if not _ATLASSIAN_TYPE.match(self.atlassian_type):
            raise SettingsError("atlassian_type: 1 to 40 letters, digits, dots and hyphens, such as generic or jira")
        _check_database(self.database)
        if self.synchronous not in get_args(Synchronous):
            raise SettingsError("synchronous: FULL or NORMAL")
        if not self.protocols or not set(self.protocols) <= set(get_args(Protocol)):
            raise SettingsError(f"protocols: at least one of {', '.join(get_args(Protocol))}")
        if self.user_seen_seconds < 0:
            raise SettingsError("user_seen_seconds: 0 or more")
        _check_proxies(self.proxies)
        if self.sealing_key is not None:
            decode_sealing_key(self.sealing_key)
        if self.allow_http_for_loopback is None:
            object.__setattr__(self, "allow_http_for_loopback", self.is_loopback)

    @property
    def is_loopback(self) -> bool:
        """Whether we ourselves are an ``http`` application on a loopback host."""
        return self.base_url.startswith("http://")

    @property
    def is_postgresql(self) -> bool:
        """Whether the database is PostgreSQL, not a file of SQLite."""
        return self.database.startswith(_POSTGRESQL)

    @property
    def issuer(self) -> str:
        """RFC 8414 issuer: the base URL."""
        return self.base_url

    @property
    def path(self) -> str:
        """The path of the base URL, empty at the root."""
        return urlsplit(self.base_url).path

    def url(self, path: str) -> str:
        """Give the absolute URL of one of our paths, such as ``/applinks/link``."""
        return self.base_url + path

    @classmethod
    def load(
        cls,
        *,
        config: Path | None = None,
        environment: Mapping[str, str] | None = None,
        default_base_url: str | None = None,
        **given: Any,
    ) -> Self:
        """
        Gather the settings: what is given, else ``APPLINKS_…``, else ``applinks.toml``.

        ``config`` names the file; without it ``applinks.toml`` in the current folder counts where it exists.
        ``default_base_url`` is for what prints no address and so needs none.

        Raises:
            SettingsError: one is missing, unknown or wrong; it says which.
        """
        found = _read_file(config) | _read_environment(os.environ if environment is None else environment)
        found |= {name: value for name, value in given.items() if value is not None}
        if default_base_url is not None:
            found.setdefault("base_url", default_base_url)
        if "base_url" not in found:
            raise SettingsError("base_url is missing: set APPLINKS_BASE_URL, or base_url in applinks.toml")
        return cls(**found)

    def changed(self, **changes: Any) -> Self:
        """Give the settings with these changes, checked again."""
        return replace(self, **changes)


def decode_sealing_key(key: Secret) -> bytes:
    """
    Give the 32 bytes of a sealing key in base64, in either alphabet.

    Raises:
        SettingsError: it is something else; the text says how to make one.
    """
    text = key.reveal().strip().replace("-", "+").replace("_", "/")
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != 32:
        raise SettingsError("sealing_key: 32 random bytes in base64; make one with: openssl rand -base64 32")
    return raw


def hide_password(url: str) -> str:
    """Give a database's URL as it may be shown: without password, and without options, which may hold one."""
    if not url.startswith(_POSTGRESQL):
        return url
    who, at, where = url.partition("?")[0].removeprefix(_POSTGRESQL).rpartition("@")
    return f"{_POSTGRESQL}{who.partition(':')[0]}{at}{where}"


def _check_database(url: str) -> None:
    """Refuse a URL that names no database; it may hold a password, so the text does not repeat it."""
    if url.startswith("sqlite:///") and url != "sqlite:///":
        return
    try:
        parts = urlsplit(url)
        named = parts.scheme == "postgresql" and len(parts.path) > 1 and parts.port != 0
        if named and (parts.hostname or "host=" in parts.query):
            return
    except ValueError:
        pass
    raise SettingsError("database: it is not understood; write sqlite:///PATH or postgresql://user:password@host/name")


def _check_proxies(proxies: tuple[str, ...]) -> None:
    for each in proxies:
        try:
            network = ip_network(each)
        except ValueError:
            raise SettingsError(
                f"proxies: {each!r} is not understood; write an address as 10.0.0.5, or a network as 10.0.0.0/24"
            ) from None
        if network.prefixlen == 0:
            raise SettingsError(f"proxies: {each} is every address, so that anybody could say who calls")


def _check_base_url(text: str) -> None:
    """Refuse what peers would refuse: a base URL has one spelling, and is compared byte for byte."""
    found = _BASE_URL.match(text)
    if found is None:
        raise SettingsError(
            f"base_url: {_name_fault(text)}; write it as https://start.example or https://example/start"
        )
    scheme, host, port, path = found["scheme"], found["host"], found["port"], found["path"]
    if scheme == "http" and host not in _LOOPBACK:
        raise SettingsError("base_url: http is for 127.0.0.1, [::1] and localhost only; use https")
    if port and (int(port) > _HIGHEST_PORT or port == _DEFAULT_PORTS[scheme]):
        raise SettingsError(f"base_url: port {port} is no port, or the one that is meant without it")
    if {".", ".."} & set(path.split("/")):
        raise SettingsError("base_url: no dot segments in the path")


def _name_fault(text: str) -> str:
    """Say which rule a base URL breaks; a user name may come with a password, so that one is not repeated."""
    scheme, separator, rest = text.partition("://")
    authority, slash, path = rest.partition("/")
    if "@" in authority:
        return "it has a user name"
    rules = (
        (not separator, "has no scheme"),
        (scheme not in _DEFAULT_PORTS, "begins with another scheme than https"),
        (not authority, "has no host"),
        ("?" in text, "has a query"),
        ("#" in text, "has a fragment"),
        (bool(slash) and text.endswith("/"), "has a final slash"),
        (authority != authority.lower(), "has a host that is not in lower case"),
        ("%" in path or "//" in slash + path, "has a percent sign or an empty part in its path"),
    )
    return f"{text!r} {next((words for is_broken, words in rules if is_broken), 'has a wrong host, port or path')}"


def _read_file(config: Path | None) -> dict[str, Any]:
    path = config or Path("applinks.toml")
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        if config is not None:
            raise SettingsError(f"{config} does not exist") from None
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} cannot be read: {error}") from error
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path} is not TOML: {error}") from error
    return _convert(values, str(path))


def _read_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    known = {f"APPLINKS_{each.name.upper()}": each.name for each in fields(Settings)}
    groups = {"APPLINKS_LIFETIMES", "APPLINKS_SIZES"}
    # An empty one is how a shell or a container says that there is none.
    found = {known[key]: value for key, value in environment.items() if key in known and key not in groups and value}
    return _convert(found, "the environment")


def _convert(values: Mapping[str, Any], source: str) -> dict[str, Any]:
    """Turn texts of a file or of the environment into the values that Settings takes."""
    names = {each.name for each in fields(Settings)}
    if unknown := sorted(set(values) - names):
        raise SettingsError(f"{source}: unknown setting {unknown[0]}")
    found = dict(values)
    if "sealing_key" in found:
        found["sealing_key"] = Secret(str(found["sealing_key"]))
    for name in _LISTS:
        if name in found:
            found[name] = _convert_list(name, found[name], source)
    for name in _TEXTS:
        if name in found and not isinstance(found[name], str):
            raise SettingsError(f"{source}: {name} has to be a text")
    for name in _SWITCHES:
        if name in found:
            found[name] = _convert_switch(name, found[name], source)
    if "user_seen_seconds" in found:
        found["user_seen_seconds"] = _convert_whole("user_seen_seconds", found["user_seen_seconds"], source)
    for group, kind in (("lifetimes", Lifetimes), ("sizes", Sizes)):
        if group in found:
            found[group] = _convert_group(group, kind, found[group], source)
    return found


def _convert_list(name: str, value: object, source: str) -> tuple[str, ...]:
    if isinstance(value, str):
        return tuple(value.replace(",", " ").split())
    if not isinstance(value, list | tuple):
        raise SettingsError(f"{source}: {name} has to be a list")
    return tuple(str(each) for each in value)


def _convert_switch(name: str, value: object, source: str) -> bool:
    switched = _SWITCHED.get(str(value).lower())
    if switched is None:
        raise SettingsError(f"{source}: {name} is true or false")
    return switched


def _convert_whole(name: str, value: object, source: str) -> int:
    try:
        return int(str(value))
    except ValueError:
        raise SettingsError(f"{source}: {name} has to be a whole number") from None


def _convert_group(group: str, kind: type[Any], value: object, source: str) -> object:
    if not isinstance(value, dict):
        raise SettingsError(f"{source}: {group} has to be a table")
    known = {each.name: each.type for each in fields(kind)}
    for name, number in value.items():
        if name not in known:
            raise SettingsError(f"{source}: unknown setting {group}.{name}")
        if isinstance(number, bool) or not isinstance(number, int | float) or number < 0:
            raise SettingsError(f"{source}: {group}.{name} has to be a number that is not negative")
    return kind(**value)
