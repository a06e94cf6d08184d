"""A request with the credentials of OAuth 1.0a: read by the server, made by the client."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

from applinks.wire.headers import parse_content_type
from applinks.wire.http import Request
from applinks.wire.oauth1.base_string import build_base_string
from applinks.wire.oauth1.encoding import encode, encode_form
from applinks.wire.oauth1.parameters import (
    FORM,
    MalformedSignedRequestError,
    Pair,
    Transmission,
    collect_parameters,
)
from applinks.wire.oauth1.problems import Problem
from applinks.wire.oauth1.signature import SignatureMethod

VERSION = "1.0"
# 13 digits would be milliseconds, a slip that clients make: refused with the seconds that we accept, not misread.
_TIMESTAMP = re.compile(r"[0-9]{1,12}\Z")
_LONGEST_NONCE = 256
_METHODS = {method.value: method for method in SignatureMethod}
_REQUIRED = ("oauth_consumer_key", "oauth_signature_method", "oauth_signature")


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedRequest:
    """
    What a request says of its signer; nothing of it is proved.

    Attributes:
        unverified: all ``oauth_`` parameters, decoded.
        unverified_token: empty where the parameter is there without a value, None where it is left out; both mean that
            no user's token is shown (two legs).
        timestamp: seconds since 1970; None where PLAINTEXT leaves it out.
        base_string: what a signature of it has to be made of.
    """

    unverified: Mapping[str, str] = field(repr=False)
    unverified_client: str
    unverified_token: str | None = field(repr=False)
    method: SignatureMethod
    signature: str = field(repr=False)
    timestamp: int | None
    nonce: str
    transmission: Transmission
    base_string: str = field(repr=False)


class Signer(Protocol):
    """Signs base strings: with secrets or with a key, which it parsed once."""

    @property
    def method(self) -> SignatureMethod:
        """How it signs."""
        ...

    def sign(self, base_string: str) -> str:
        """Give the signature."""
        ...


def parse_signed_request(request: Request) -> SignedRequest:
    """
    Read a signed request.

    RFC 5849 §3.1, §3.2, §3.3, §3.5.

    Its ``url`` is the one that the client used: scheme, host and path as configured, the query as it came.

    Raises:
        MalformedSignedRequestError: with the problem that goes back.
    """
    collected = collect_parameters(request)
    said = collected.unverified
    if missing := [name for name in _REQUIRED if not said.get(name)]:
        raise MalformedSignedRequestError(Problem.PARAMETER_ABSENT, f"missing: {', '.join(missing)}", *missing)
    if said.get("oauth_version", VERSION) != VERSION:
        raise MalformedSignedRequestError(Problem.VERSION_REJECTED, "oauth_version is not 1.0", "oauth_version")
    method = _parse_method(said["oauth_signature_method"])
    timestamp, nonce = _parse_proof_of_freshness(said, method)
    return SignedRequest(
        unverified=said,
        unverified_client=said["oauth_consumer_key"],
        unverified_token=said.get("oauth_token"),
        method=method,
        signature=said["oauth_signature"],
        timestamp=timestamp,
        nonce=nonce,
        transmission=collected.transmission,
        base_string=build_base_string(request.method, request.url, collected.signed),
    )


def sign_request(
    request: Request,
    parameters: Mapping[str, str],
    signer: Signer,
    *,
    transmission: Transmission = Transmission.HEADER,
    realm: str = "",
) -> Request:
    """
    Give the request with its credentials.

    RFC 5849 §3.1, §3.5.

    Args:
        request: absolute URL, with the query and form body that are to be signed.
        parameters: ``oauth_consumer_key``, ``oauth_token``, ``oauth_timestamp``, ``oauth_nonce`` and what the step
            needs besides; method and version are added here.
        signer: signs.
        transmission: where they go; into the body only where it is a form, or empty.
        realm: for the header alone, and never signed.

    Raises:
        ValueError: the body is no form, and they were to go into it.
    """
    said = {**parameters, "oauth_signature_method": signer.method.value, "oauth_version": VERSION}
    own = [(encode(name), encode(value)) for name, value in said.items()]
    pairs = [*own, *encode_form(request.url.partition("?")[2])]
    if request.body and _is_form(request):
        pairs += encode_form(request.body.decode("latin-1"))
    signature = signer.sign(build_base_string(request.method, request.url, pairs))
    return _attach(request, [*own, ("oauth_signature", encode(signature))], transmission, realm)


def _attach(request: Request, own: list[Pair], transmission: Transmission, realm: str) -> Request:
    if transmission is Transmission.HEADER:
        first = [f'realm="{realm}"'] if realm else []
        value = "OAuth " + ", ".join([*first, *[f'{name}="{value}"' for name, value in own]])
        headers = (*request.headers, ("Authorization", value))
        return Request(method=request.method, url=request.url, headers=headers, body=request.body)
    text = "&".join([f"{name}={value}" for name, value in own])
    if transmission is Transmission.QUERY:
        return replace(request, url=f"{request.url}{'&' if '?' in request.url else '?'}{text}")
    if request.body and not _is_form(request):
        raise ValueError("the body is no form")
    headers = request.headers if _is_form(request) else (*request.headers, ("Content-Type", FORM))
    body = b"&".join(filter(None, (request.body, text.encode("ascii"))))
    return replace(request, headers=headers, body=body)


def _is_form(request: Request) -> bool:
    return parse_content_type(request.header("content-type")) == FORM


def _parse_method(text: str) -> SignatureMethod:
    method = _METHODS.get(text)
    if method is None:
        raise MalformedSignedRequestError(
            Problem.SIGNATURE_METHOD_REJECTED, "oauth_signature_method is not known", "oauth_signature_method"
        )
    return method


def _parse_proof_of_freshness(said: Mapping[str, str], method: SignatureMethod) -> tuple[int | None, str]:
    """Read timestamp and nonce; RFC 5849 §3.1 lets PLAINTEXT do without them."""
    timestamp, nonce = said.get("oauth_timestamp", ""), said.get("oauth_nonce", "")
    if method is SignatureMethod.PLAINTEXT and not timestamp and not nonce:
        return None, ""
    absent = [name for name in ("oauth_timestamp", "oauth_nonce") if not said.get(name)]
    if absent:
        raise MalformedSignedRequestError(Problem.PARAMETER_ABSENT, f"missing: {', '.join(absent)}", *absent)
    if not _TIMESTAMP.match(timestamp):
        raise MalformedSignedRequestError(
            Problem.TIMESTAMP_REFUSED, "oauth_timestamp is no number of seconds", "oauth_timestamp"
        )
    if len(nonce) > _LONGEST_NONCE:
        raise MalformedSignedRequestError(Problem.PARAMETER_REJECTED, "oauth_nonce is too long", "oauth_nonce")
    return int(timestamp), nonce
