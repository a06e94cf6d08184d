"""What the address of a database may carry behind its ``?``: that much of PostgreSQL's own parameters as we keep."""

from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

from applinks.errors import SettingsError

_CONNECT_SECONDS = 5.0
_CHOICES = {
    "sslmode": ("disable", "allow", "prefer", "require", "verify-ca", "verify-full"),
    "sslnegotiation": ("postgres", "direct"),
    "target_session_attrs": ("any", "primary", "standby", "read-write", "read-only", "prefer-standby"),
}
_FILES = frozenset({"sslrootcert", "sslcert", "sslkey", "sslcrl"})
# The driver takes these as PostgreSQL's programs do; any other it would send on, for the server to refuse.
_PASSED_ON = frozenset(
    {*_CHOICES, *_FILES, "host", "port", "dbname", "user", "password", "passfile", "service"}
    | {"sslpassword", "ssl_min_protocol_version", "ssl_max_protocol_version"}
    | {"krbsrvname", "gsslib", "application_name", "options"}
)
_COMMON = "sslmode, sslrootcert, host, port, connect_timeout, application_name, target_session_attrs and options"


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """
    Where the database is, as the driver takes it.

    Attributes:
        url: it may hold a password.
        connect_seconds: how long connecting may take.
    """

    url: str = field(repr=False)
    connect_seconds: float = _CONNECT_SECONDS


def parse_address(url: str) -> Address:
    """
    Read the address of a database.

    Raises:
        SettingsError: it carries a parameter that is unknown or wrong; the text names it, and no password.
    """
    base, _, query = url.partition("?")
    if not query:
        return Address(url=base)
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=True)
    except ValueError:
        raise SettingsError("database: what follows ? is not understood; write NAME=VALUE, between them &") from None
    seconds = _CONNECT_SECONDS
    for name, value in pairs:
        if name == "connect_timeout":
            seconds = float(_parse_seconds(value))
        else:
            _check(name, value)
    kept = [(name, value) for name, value in pairs if name != "connect_timeout"]
    return Address(url=f"{base}?{urlencode(kept)}" if kept else base, connect_seconds=seconds)


def _parse_seconds(value: str) -> int:
    if not value.isascii() or not value.isdigit() or not 1 <= int(value[:6]) <= 600:
        raise SettingsError("database: connect_timeout is a whole number of seconds, 1 to 600")
    return int(value)


def _check(name: str, value: str) -> None:
    if name not in _PASSED_ON:
        shown = "".join(each for each in name[:60] if each.isprintable())
        raise SettingsError(
            f"database: the parameter {shown} is not known here; there are {_COMMON}, and others of TLS"
        )
    if not value:
        raise SettingsError(f"database: the parameter {name} is empty")
    if name in _CHOICES and value not in _CHOICES[name]:
        raise SettingsError(f"database: {name} is one of {', '.join(_CHOICES[name])}")
    if name == "port" and not all(each.isascii() and each.isdigit() for each in value.split(",")):
        raise SettingsError("database: port is a number")
    if name in _FILES:
        try:
            Path(value).read_bytes()
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "it is no path"
            raise SettingsError(f"database: the file of {name} cannot be read: {reason}") from error
