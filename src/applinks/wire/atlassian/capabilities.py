"""What a Data Center peer says that it can do: a list of names."""

from applinks.wire.strict_json import MalformedJsonError, parse_json

CAPABILITIES_PATH = "/rest/applinks/{version}/capabilities"
STATUS_API = "STATUS_API"
"""Answers the calls about the status of a link."""

_LIMIT = 16 * 1024
_MOST = 100
_LONGEST = 100


class MalformedCapabilitiesError(ValueError):
    """The document is no list of names."""


def parse_capabilities(body: bytes) -> tuple[str, ...]:
    """
    Read the names.

    Raises:
        MalformedCapabilitiesError: it is no JSON array of at most 100 short names.
    """
    try:
        names = parse_json(body, limit=_LIMIT)
    except MalformedJsonError as error:
        raise MalformedCapabilitiesError(str(error)) from error
    if not isinstance(names, list) or len(names) > _MOST or not all(_is_name(each) for each in names):
        raise MalformedCapabilitiesError("no array of at most 100 short names")
    return tuple(names)


def _is_name(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _LONGEST and value.isprintable()
