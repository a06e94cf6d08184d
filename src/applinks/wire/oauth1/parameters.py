"""Where the parameters of a request are, and which take part in its signature."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from urllib.parse import unquote

from applinks.wire.headers import parse_content_type
from applinks.wire.http import Request
from applinks.wire.oauth1.encoding import (
    ENCODED_NAME,
    ENCODED_VALUE,
    MalformedEncodingError,
    decode,
    encode_form,
    encode_value,
)
from applinks.wire.oauth1.problems import Problem

FORM = "application/x-www-form-urlencoded"
PREFIX = "oauth_"
SIGNATURE = "oauth_signature"
REQUESTOR = "xoauth_requestor_id"
"""Names the user as whom a call without her token is made: Data Center's, signed as part of the query."""
OLDER_REQUESTOR = "user_id"
"""Its older name, and a parameter of many an API: it counts in a call with two legs that may name users."""
_CONSUMER_KEY = "oauth_consumer_key"
Pair = tuple[str, str]
# A form that a person or a program fills in has a hundredth of these; a stranger's would keep us busy for seconds.
_MOST_PAIRS = 10_000

# Any space, any order, commas too many or too few, quotes left out: only the pairs themselves have to be readable.
_PARAMETER = re.compile(r'([A-Za-z0-9_.~%-]+)[ \t]*=[ \t]*(?:"([^"]*)"|([^\s,"]*))')
_CONSUMER_KEY_PARAMETER = re.compile(rf'(?:\A|[\s,]){_CONSUMER_KEY}[ \t]*=[ \t]*(?:"([^"]*)"|([^\s,"]*))')
_SCHEME = re.compile(r"[ \t]*oauth(?:[ \t]+|\Z)", re.IGNORECASE)
# What nearly every client sends: then nothing has to be encoded anew.
_ENCODED_HEADER = re.compile(rf'[ \t]*(?:{ENCODED_NAME}="{ENCODED_VALUE}"(?:,[ \t]*|\Z))+\Z')
_ENCODED_PARAMETER = re.compile(r'([^=,\s]+)="([^"]*)"')
# Nothing is given back once it was taken: a header of sixty letters would be split in a billion ways otherwise.
_HEADER = re.compile(r'(?:[ \t,]*+[A-Za-z0-9_.~%-]++[ \t]*+=[ \t]*+(?:"[^"]*+"|[^\s,"]*+))*+[ \t,]*+\Z')


class Transmission(Enum):
    """Where the credentials are: RFC 5849 §3.5."""

    HEADER = "header"
    FORM = "form"
    QUERY = "query"


class MalformedSignedRequestError(ValueError):
    """
    The request does not say once and readably what OAuth needs.

    Attributes:
        problem: what goes back on the wire.
        names: the parameters at fault.
    """

    def __init__(self, problem: Problem, description: str, *names: str) -> None:
        super().__init__(description)
        self.problem = problem
        self.names = names


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectedParameters:
    """
    The parameters of a request.

    Attributes:
        unverified: the ``oauth_`` parameters, decoded.
        signed: every pair that takes part in the signature, encoded: not ``oauth_signature``, not ``realm``.
    """

    unverified: Mapping[str, str] = field(repr=False)
    signed: Sequence[Pair] = field(repr=False)
    transmission: Transmission


def is_signed(request: Request) -> bool:
    """
    Whether a request claims to carry the credentials of OAuth 1.0a, in any of the three places.

    RFC 5849 §3.5.
    """
    if _find_header(request) is not None or _CONSUMER_KEY in request.url.partition("?")[2]:
        return True
    return bool(request.body) and _CONSUMER_KEY in _read_form(request)


def find_unverified_clients(request: Request, *, form: bool = True) -> tuple[str, ...]:
    """
    Give every consumer key that a request names, however malformed it is otherwise; empty: it names none.

    Cheap where there is none, for a guard that sees every request and has to tell its own clients' from others'.
    ``form``: look into the body, too.
    """
    query = request.url.partition("?")[2]
    texts = [query] if _CONSUMER_KEY in query else []
    if form and request.body:
        texts.append(_read_form(request))
    named = [value for text in texts for name, value in encode_form(text) if name == _CONSUMER_KEY]
    if (header := _find_header(request)) is not None:
        named += [encode_value(quoted or bare) for quoted, bare in _CONSUMER_KEY_PARAMETER.findall(header)]
    return tuple(dict.fromkeys(unquote(value) for value in named))


def collect_parameters(request: Request) -> CollectedParameters:
    """
    Gather every parameter that takes part in the signature.

    RFC 5849 §3.4.1.3.1.

    The ``realm`` of the Authorization header is left out, as are body parameters when the body is not form-encoded.

    Raises:
        MalformedSignedRequestError: an ``oauth_`` parameter occurs twice (§3.1), in two places (§3.5), or cannot be
            read; or there is none; or there are too many parameters in all.
    """
    header = _find_header(request)
    form, query = _read_form(request), request.url.partition("?")[2]
    if form.count("&") + query.count("&") > _MOST_PAIRS:
        raise MalformedSignedRequestError(Problem.PARAMETER_REJECTED, f"more than {_MOST_PAIRS} parameters")
    places = (
        (Transmission.HEADER, [] if header is None else _list_header_pairs(header)),
        (Transmission.FORM, encode_form(form) if form else []),
        (Transmission.QUERY, encode_form(query) if query else []),
    )
    unverified: dict[str, str] = {}
    signed: list[Pair] = []
    used = []
    for place, pairs in places:
        before = len(unverified)
        for name, value in pairs:
            if name.startswith(PREFIX):
                _keep(name, value, unverified)
            if name != SIGNATURE:
                signed.append((name, value))
        if len(unverified) > before:
            used.append(place)
    if not used:
        raise MalformedSignedRequestError(
            Problem.PARAMETER_ABSENT, "the request carries no OAuth parameters", "oauth_consumer_key"
        )
    if len(used) > 1:
        names = ", ".join(place.value for place in used)
        raise MalformedSignedRequestError(
            Problem.PARAMETER_REJECTED, f"OAuth parameters stand in several places: {names}", *sorted(unverified)
        )
    return CollectedParameters(unverified=unverified, signed=signed, transmission=used[0])


def _keep(name: str, value: str, unverified: dict[str, str]) -> None:
    if name in unverified:
        raise MalformedSignedRequestError(Problem.PARAMETER_REJECTED, f"{name} occurs more than once", name)
    unverified[name] = _decode(name, value) if "%" in value else value


def _decode(name: str, value: str) -> str:
    # Of a signature it is no more than that: a wrong one.
    problem = Problem.SIGNATURE_INVALID if name == SIGNATURE else Problem.PARAMETER_REJECTED
    try:
        text = decode(value)
    except MalformedEncodingError as error:
        raise MalformedSignedRequestError(problem, f"{name}: {error}", name) from error
    if "\0" in text:
        raise MalformedSignedRequestError(problem, f"{name}: holds NUL", name)
    return text


def _find_header(request: Request) -> str | None:
    """Give what follows the scheme ``OAuth``, in any case and with any space."""
    for name, value in request.headers:
        if name.lower() == "authorization":
            scheme = _SCHEME.match(value)
            if scheme is not None:
                return value[scheme.end() :]
    return None


def _list_header_pairs(text: str) -> list[Pair]:
    if _ENCODED_HEADER.match(text):
        return [pair for pair in _ENCODED_PARAMETER.findall(text) if pair[0] != "realm"]
    if not _HEADER.match(text):
        raise MalformedSignedRequestError(
            Problem.PARAMETER_REJECTED, 'the Authorization header is no list of name="value"', "Authorization"
        )
    found = _PARAMETER.findall(text)
    return [
        (encode_value(name), encode_value(quoted or bare)) for name, quoted, bare in found if name.lower() != "realm"
    ]


def _read_form(request: Request) -> str:
    if not request.body or parse_content_type(request.header("content-type")) != FORM:
        return ""
    return request.body.decode("latin-1")
