"""The link manifest: what an application says of itself under its base URL."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from applinks.wire.urls import MalformedUrlError, check_base_url, is_under

WELL_KNOWN_PATH = "/.well-known/application-link"

ManifestErrorCode = Literal["not_applinks", "unsupported_version", "invalid_manifest"]

_VERSION = "1"
_ID = re.compile(r"urn:uuid:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")
_SCOPE_NAME = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]{1,64}\Z")
_PROTOCOLS = ("oauth2", "oauth1")
_LEVELS = ("oauth", "impersonation")
_DIRECTIONS = ("incoming", "outgoing")
_MOST_SCOPES = 64
_LONGEST_NAME = 60
_LONGEST_LABEL = 40
_LONGEST_DESCRIPTION = 200
# Our own bound; the schema has none: names of extensions are for programs, and few.
_MOST_EXTENSIONS = 64
_ENDPOINTS = (
    *("jwks_uri", "client_id", "link_endpoint"),
    *("link_callback_endpoint", "link_statement_endpoint", "check_endpoint"),
)
_CONSUMER_KEY = re.compile(r"[\x21-\x7e]{1,255}\Z")
_OAUTH1_URLS = ("jwks_uri", "request_token_uri", "authorize_uri", "access_token_uri")
# Control, format (bidi marks among them), surrogate and unassigned: what a page would show as something else. Line and
# paragraph separators control as well, whatever their category is called.
_UNSHOWABLE = frozenset({"Cc", "Cf", "Cs", "Cn", "Zl", "Zp"})
# Letters by their category, and seen by nobody.
_BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0")


class MalformedManifestError(ValueError):
    """
    The document is no manifest that we accept.

    Attributes:
        code: the wire's word for what is wrong.
        named_url: the base URL that it names, where that is a good one and only not the one asked.
    """

    def __init__(self, description: str, *, code: ManifestErrorCode = "invalid_manifest", named_url: str = "") -> None:
        super().__init__(description)
        self.code: ManifestErrorCode = code
        self.named_url = named_url


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestScope:
    """A permission that an application declares; ``application``: it can be given without a user."""

    name: str
    description: str
    application: bool = False

    def __post_init__(self) -> None:
        if not _SCOPE_NAME.match(self.name):
            raise MalformedManifestError("scopes: a name is not 1 to 64 characters of a scope token")
        _check_showable("scopes: a description", self.description, least=0, most=_LONGEST_DESCRIPTION)


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuth1Manifest:
    """
    How an application speaks OAuth 1.0a.

    Attributes:
        consumer_key: who it is as a client; 1 to 255 visible ASCII characters.
        jwks_uri: where its RSA keys stand, which sign for no other protocol.
        request_token_uri: where temporary credentials are had; ``access_token_uri``: where token credentials are.
    """

    consumer_key: str
    jwks_uri: str
    request_token_uri: str
    authorize_uri: str
    access_token_uri: str

    def __post_init__(self) -> None:
        if not _CONSUMER_KEY.match(self.consumer_key):
            raise MalformedManifestError("oauth1: consumer_key: not 1 to 255 visible ASCII characters")


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """
    What an application says of itself; every URL lies under its base URL.

    Attributes:
        kind: the member ``type``.
        version: of the application; empty where it does not say.
        oauth1: None: it does not speak OAuth 1.0a.
    """

    id: str
    name: str
    kind: str = ""
    version: str = ""
    url: str
    issuer: str
    resource: str
    jwks_uri: str
    client_id: str
    redirect_uri_base: str
    link_endpoint: str
    link_callback_endpoint: str
    link_statement_endpoint: str
    check_endpoint: str
    protocols: tuple[str, ...]
    levels: tuple[str, ...]
    directions: tuple[str, ...] = _DIRECTIONS
    scopes: tuple[ManifestScope, ...]
    extensions: tuple[str, ...] = ()
    oauth1: OAuth1Manifest | None = None

    def __post_init__(self) -> None:
        if not _ID.match(self.id):
            raise MalformedManifestError("id: not urn:uuid: and a lower-case UUID")
        _check_showable("name", self.name, least=1, most=_LONGEST_NAME)
        _check_showable("type", self.kind, least=0, most=_LONGEST_LABEL)
        _check_showable("version", self.version, least=0, most=_LONGEST_LABEL)
        self._check_urls()
        _check_list("protocols", self.protocols, allowed=_PROTOCOLS, least=1)
        _check_list("levels", self.levels, allowed=_LEVELS, least=1)
        if "oauth1" in self.protocols and self.oauth1 is None:
            raise MalformedManifestError("oauth1: missing, though it is among the protocols")
        _check_list("directions", self.directions, allowed=_DIRECTIONS, least=0)
        names = [scope.name for scope in self.scopes]
        if len(names) > _MOST_SCOPES or len(set(names)) != len(names):
            raise MalformedManifestError(f"scopes: more than {_MOST_SCOPES}, or a name occurs twice")

    def _check_urls(self) -> None:
        try:
            check_base_url(self.url, allow_http=True)
        except MalformedUrlError as error:
            raise MalformedManifestError(f"url: {error}") from None
        for name, value in (("issuer", self.issuer), ("resource", self.resource)):
            if value != self.url:
                raise MalformedManifestError(f"{name}: not equal to url")
        for name in _ENDPOINTS:
            if not is_under(getattr(self, name), self.url):
                raise MalformedManifestError(f"{name}: not under url")
        if not is_under(self.redirect_uri_base, self.url, final_slash=True):
            raise MalformedManifestError("redirect_uri_base: not under url")
        if self.oauth1 is not None and not all(is_under(getattr(self.oauth1, name), self.url) for name in _OAUTH1_URLS):
            raise MalformedManifestError("oauth1: an address is not under url")

    @property
    def scope_names(self) -> frozenset[str]:
        """The names of all declared scopes."""
        return frozenset(scope.name for scope in self.scopes)

    @property
    def application_scope_names(self) -> frozenset[str]:
        """The names of the scopes that can be given without a user."""
        return frozenset(scope.name for scope in self.scopes if scope.application)

    def find_scope(self, name: str) -> ManifestScope | None:
        """Give the declared scope of that name."""
        return next((scope for scope in self.scopes if scope.name == name), None)


def parse_manifest(document: Any, *, fetched_under: str, allow_http: bool) -> Manifest:
    """
    Read a manifest that was fetched under a base URL.

    Unknown members are ignored.

    Raises:
        MalformedManifestError: ``not_applinks`` for a document that is something else, ``unsupported_version``, or
            ``invalid_manifest``; ``named_url`` is set where it names another good base URL.
    """
    _check_is_applinks(document)
    url = _get_text(document, "url")
    try:
        check_base_url(url, allow_http=allow_http)
    except MalformedUrlError as error:
        raise MalformedManifestError(f"url: {error}") from None
    if url != fetched_under:
        raise MalformedManifestError("url: not the address under which it was read", named_url=url)
    return Manifest(
        id=_get_text(document, "id"),
        name=_get_text(document, "name"),
        kind=_get_text(document, "type", default=""),
        version=_get_text(document, "version", default=""),
        url=url,
        issuer=_get_text(document, "issuer"),
        resource=_get_text(document, "resource", default=url),
        redirect_uri_base=_get_text(document, "redirect_uri_base"),
        **{name: _get_text(document, name) for name in _ENDPOINTS},
        protocols=_get_texts(document, "protocols"),
        levels=_get_texts(document, "levels"),
        directions=_get_texts(document, "directions", default=_DIRECTIONS),
        scopes=_parse_scopes(document.get("scopes")),
        extensions=_get_texts(document, "extensions", default=()),
        oauth1=_parse_oauth1(document.get("oauth1")),
    )


def build_manifest(manifest: Manifest) -> dict[str, Any]:
    """Give the document; ``type``, ``version``, ``extensions`` and ``oauth1`` are left out where they are empty."""
    optional = {"type": manifest.kind, "version": manifest.version, "extensions": list(manifest.extensions)}
    oauth1 = {} if manifest.oauth1 is None else {"oauth1": asdict(manifest.oauth1)}
    return {
        "applinks": _VERSION,
        "id": manifest.id,
        "name": manifest.name,
        **{name: value for name, value in optional.items() if value},
        "url": manifest.url,
        "issuer": manifest.issuer,
        "resource": manifest.resource,
        "redirect_uri_base": manifest.redirect_uri_base,
        **{name: getattr(manifest, name) for name in _ENDPOINTS},
        "protocols": list(manifest.protocols),
        "levels": list(manifest.levels),
        "directions": list(manifest.directions),
        "scopes": [
            {"name": scope.name, "description": scope.description, "application": scope.application}
            for scope in manifest.scopes
        ],
        **oauth1,
    }


def _check_is_applinks(document: Any) -> None:
    if not isinstance(document, dict) or "applinks" not in document:
        raise MalformedManifestError("the document is no link manifest", code="not_applinks")
    if document["applinks"] != _VERSION:
        raise MalformedManifestError("the manifest is of another version", code="unsupported_version")


def _parse_oauth1(member: Any) -> OAuth1Manifest | None:
    if member is None:
        return None
    if not isinstance(member, dict):
        raise MalformedManifestError("oauth1: no object")
    return OAuth1Manifest(
        consumer_key=_get_text(member, "consumer_key"), **{name: _get_text(member, name) for name in _OAUTH1_URLS}
    )


def _parse_scopes(value: Any) -> tuple[ManifestScope, ...]:
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise MalformedManifestError("scopes: missing, or no array of objects")
    return tuple(_parse_scope(item) for item in value)


def _parse_scope(item: Mapping[str, Any]) -> ManifestScope:
    application = item.get("application", False)
    if not isinstance(application, bool):
        raise MalformedManifestError("scopes: application is neither true nor false")
    return ManifestScope(
        name=_get_text(item, "name"), description=_get_text(item, "description"), application=application
    )


def _get_text(document: Mapping[str, Any], name: str, *, default: str | None = None) -> str:
    value = document.get(name, default)
    if not isinstance(value, str):
        raise MalformedManifestError(f"{name}: missing, or no text")
    return value


def _get_texts(document: Mapping[str, Any], name: str, *, default: tuple[str, ...] | None = None) -> tuple[str, ...]:
    value = document.get(name, default)
    if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
        raise MalformedManifestError(f"{name}: missing, or no array of texts")
    if name == "extensions" and len(value) > _MOST_EXTENSIONS:
        raise MalformedManifestError(f"{name}: more than {_MOST_EXTENSIONS}")
    return tuple(value)


def _check_showable(what: str, text: str, *, least: int, most: int) -> None:
    if not least <= len(text) <= most:
        raise MalformedManifestError(f"{what}: not {least} to {most} characters")
    if any(unicodedata.category(character) in _UNSHOWABLE for character in text):
        raise MalformedManifestError(f"{what}: a character that cannot be shown")
    if least and all(character.isspace() or character in _BLANK for character in text):
        raise MalformedManifestError(f"{what}: nothing that can be seen")


def _check_list(name: str, values: tuple[str, ...], *, allowed: tuple[str, ...], least: int) -> None:
    if len(values) < least or len(set(values)) != len(values) or not set(values) <= set(allowed):
        raise MalformedManifestError(f"{name}: empty, repeated, or not of {', '.join(allowed)}")
