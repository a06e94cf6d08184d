"""The manifest of a Data Center peer, in XML and in JSON."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from applinks.wire.atlassian.xml_document import MalformedXmlError, Pair, format_xml_document, parse_xml_document
from applinks.wire.headers import parse_content_type
from applinks.wire.strict_json import MalformedJsonError, parse_json_object

MANIFEST_PATH = "/rest/applinks/{version}/manifest"
PLACEHOLDER = "placeholder.to.ensure.backwards.compatibility"
"""Stands in both lists of real hosts; a list with nothing else is an empty one."""

_LIMIT = 64 * 1024
_LONGEST = {"id": 100, "name": 255, "typeId": 100, "url": 2048}
_LISTS = ("inboundAuthenticationTypes", "outboundAuthenticationTypes")


class MalformedManifestError(ValueError):
    """The document is no manifest that we can use."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AtlassianManifest:
    """
    What an application says of itself.

    Attributes:
        id: an opaque text, mostly a UUID.
        type_id: ``jira``, ``confluence``, …, or ``generic``.
        applinks_version: below 4 a peer is not configured by itself; 5 and above is current.
        incoming, outgoing: how it lets itself be called, and how it can call; see `AuthenticationType`.
    """

    id: str
    name: str
    type_id: str
    url: str
    version: str = ""
    build_number: str = "0"
    applinks_version: str = "9.0.0"
    incoming: tuple[str, ...] = ()
    outgoing: tuple[str, ...] = ()
    public_signup: bool = False
    icon_url: str = ""


def parse_atlassian_manifest(body: bytes, content_type: str | None) -> AtlassianManifest:
    """
    Read a manifest, JSON or XML as its content type says.

    Unknown members are ignored; the placeholder of the lists is left out.

    Raises:
        MalformedManifestError: it is neither, or id, name, type or address are missing.
    """
    kind = parse_content_type(content_type)
    try:
        if kind == "application/json":
            said = _read_json(parse_json_object(body, limit=_LIMIT))
        elif kind in {"application/xml", "text/xml"}:
            said = _read_pairs(parse_xml_document(body, root="manifest", limit=_LIMIT))
        else:
            raise MalformedManifestError(f"the content type is {kind or 'missing'}")
    except (MalformedXmlError, MalformedJsonError) as error:
        raise MalformedManifestError(str(error)) from error
    incoming, outgoing = (tuple(each for each in said[name] if each and each != PLACEHOLDER) for name in _LISTS)
    return AtlassianManifest(
        id=_get_text(said, "id"),
        name=_get_text(said, "name"),
        type_id=_get_text(said, "typeId"),
        url=_get_text(said, "url").rstrip("/"),
        version=_find_text(said, "version"),
        build_number=_find_text(said, "buildNumber"),
        applinks_version=_find_text(said, "applinksVersion"),
        incoming=incoming,
        outgoing=outgoing,
        public_signup=_find_text(said, "publicSignup") == "true",
        icon_url=_find_text(said, "iconUrl"),
    )


def format_manifest_xml(manifest: AtlassianManifest) -> bytes:
    """Write a manifest as peers ask for it by default."""
    return format_xml_document("manifest", _list_pairs(manifest))


def build_manifest_json(manifest: AtlassianManifest) -> dict[str, Any]:
    """Give a manifest as peers ask for it with ``Accept: application/json``."""
    document: dict[str, Any] = {name: value for name, value in _list_pairs(manifest) if name not in _LISTS}
    document["publicSignup"] = manifest.public_signup
    document.update(zip(_LISTS, (_list_types(manifest.incoming), _list_types(manifest.outgoing)), strict=True))
    return document


def _list_pairs(manifest: AtlassianManifest) -> list[Pair]:
    icon = [("iconUrl", manifest.icon_url), ("iconUri", manifest.icon_url)] if manifest.icon_url else []
    return [
        ("id", manifest.id),
        ("name", manifest.name),
        ("typeId", manifest.type_id),
        ("version", manifest.version),
        ("buildNumber", manifest.build_number),
        ("applinksVersion", manifest.applinks_version),
        *[(_LISTS[0], each) for each in _list_types(manifest.incoming)],
        *[(_LISTS[1], each) for each in _list_types(manifest.outgoing)],
        ("publicSignup", "true" if manifest.public_signup else "false"),
        ("url", manifest.url),
        *icon,
    ]


def _list_types(types: tuple[str, ...]) -> list[str]:
    return [*types, PLACEHOLDER]


def _read_pairs(pairs: tuple[Pair, ...]) -> dict[str, Any]:
    said: dict[str, Any] = {name: [] for name in _LISTS}
    for name, text in pairs:
        if name in _LISTS:
            said[name].append(text)
        elif name in said:
            raise MalformedManifestError(f"{name} occurs more than once")
        else:
            said[name] = text
    return said


def _read_json(document: Mapping[str, Any]) -> dict[str, Any]:
    said = dict(document)
    for name in _LISTS:
        value = said.get(name, [])
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise MalformedManifestError(f"{name}: no array of texts")
        said[name] = value
    for name in ("publicSignup", "buildNumber"):
        if isinstance(said.get(name), bool | int):
            said[name] = str(said[name]).lower()
    return said


def _get_text(said: Mapping[str, Any], name: str) -> str:
    text = _find_text(said, name)
    if not text or len(text) > _LONGEST[name] or not text.isprintable():
        raise MalformedManifestError(f"{name}: missing, too long, or not all can be shown")
    return text


def _find_text(said: Mapping[str, Any], name: str) -> str:
    value = said.get(name)
    return value if isinstance(value, str) else ""
