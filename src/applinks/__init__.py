"""Application links with OAuth: link two web applications so that each can call the other, as its users."""

from applinks.bounds import Lifetimes, Sizes
from applinks.errors import (
    AddressNotAllowedError,
    ApplinksError,
    AuthorizationNeeded,
    LinkUnusableError,
    PeerError,
    PeerProtocolError,
    PeerRefusedError,
    PeerUnreachableError,
    RefusedError,
    SchemaError,
    SettingsError,
    StoreBusyError,
    StoreError,
    UnsafeCallError,
)
from applinks.incoming.caller import Caller
from applinks.records.links import Link
from applinks.records.scopes import Resource, Scope
from applinks.records.users import HostUsers, Role, User
from applinks.secret import Secret
from applinks.settings import Settings

__all__ = [
    "AddressNotAllowedError",
    "ApplinksError",
    "AuthorizationNeeded",
    "Caller",
    "HostUsers",
    "Lifetimes",
    "Link",
    "LinkUnusableError",
    "PeerError",
    "PeerProtocolError",
    "PeerRefusedError",
    "PeerUnreachableError",
    "RefusedError",
    "Resource",
    "Role",
    "SchemaError",
    "Scope",
    "Secret",
    "Settings",
    "SettingsError",
    "Sizes",
    "StoreBusyError",
    "StoreError",
    "UnsafeCallError",
    "User",
]
