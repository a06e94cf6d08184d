"""
What a client asks of the token, revocation and introspection endpoints.

Unknown parameters are ignored (RFC 6749 §3.2); one that occurs twice is an error.
"""

from base64 import b64encode
from dataclasses import dataclass, field
from urllib.parse import quote_plus

from applinks.wire.forms import Form, MalformedFormError, Pair, decode_form_text, parse_form
from applinks.wire.headers import parse_basic_credentials
from applinks.wire.oauth2.assertions import CLIENT_ASSERTION_TYPE
from applinks.wire.oauth2.error_codes import ErrorCode
from applinks.wire.oauth2.parameters import (
    MalformedRequestError,
    format_scopes,
    get_required,
    get_scopes,
    list_present,
)
from applinks.wire.oauth2.pkce import is_code_verifier

CLIENT_SECRET_BASIC = "client_secret_basic"  # noqa: S105 - a registered value
CLIENT_SECRET_POST = "client_secret_post"  # noqa: S105 - a registered value


@dataclass(frozen=True, slots=True, kw_only=True)
class PresentedClient:
    """
    Who a request to one of these endpoints says it comes from.

    Attributes:
        unverified_client_id: None where only the assertion names the client.
        assertion: RFC 7523 §2.2; None of a public client, or one with a secret.
        secret: RFC 6749 §2.3.1; decoded.
        method: how the secret goes, a registered value: ``client_secret_basic`` or ``client_secret_post``; None where
            there is no secret.
    """

    unverified_client_id: str | None = None
    assertion: str | None = field(default=None, repr=False)
    secret: str | None = field(default=None, repr=False)
    method: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeExchange:
    """RFC 6749 §4.1.3 with RFC 7636 §4.5 and RFC 8707 §2.2."""

    code: str = field(repr=False)
    redirect_uri: str
    code_verifier: str = field(repr=False)
    resource: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refresh:
    """RFC 6749 §6; ``scopes`` None: those of the grant."""

    refresh_token: str = field(repr=False)
    scopes: tuple[str, ...] | None = None
    resource: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientCredentials:
    """RFC 6749 §4.4.2; ``scopes`` None: the client's defaults."""

    scopes: tuple[str, ...] | None = None
    resource: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRequest:
    """A request to the token endpoint: who says it asks, and for what."""

    client: PresentedClient
    asked: CodeExchange | Refresh | ClientCredentials


@dataclass(frozen=True, slots=True, kw_only=True)
class RevocationRequest:
    """RFC 7009 §2.1; the hint is not needed, for a token of ours says itself what it is."""

    client: PresentedClient
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class IntrospectionRequest:
    """RFC 7662 §2.1; the hint is not needed, for a token of ours says itself what it is."""

    client: PresentedClient
    token: str = field(repr=False)


def parse_token_request(body: bytes | str, authorization: str | None = None) -> TokenRequest:
    """
    Read a token request: its body, and the ``Authorization`` header if it has one.

    RFC 6749 §2.3.1, §4.1.3, §4.4.2, §6, RFC 7523 §2.2, RFC 7636 §4.5, RFC 8707 §2.2.

    Stricter than RFC 7636 §4.5: a code is never exchanged without a verifier. Stricter than RFC 6749 §4.1.3:
    ``redirect_uri`` is always needed, as in the authorization request.

    Raises:
        MalformedRequestError: with the code that goes back to the client.
    """
    form = _parse_request_form(body)
    grant_type = get_required(form, "grant_type")
    asked: CodeExchange | Refresh | ClientCredentials
    match grant_type:
        case "authorization_code":
            asked = _parse_code_exchange(form)
        case "refresh_token":
            asked = Refresh(
                refresh_token=get_required(form, "refresh_token"),
                scopes=get_scopes(form),
                resource=form.get("resource"),
            )
        case "client_credentials":
            asked = ClientCredentials(scopes=get_scopes(form), resource=form.get("resource"))
        case _:
            raise MalformedRequestError("grant_type: not offered", code=ErrorCode.UNSUPPORTED_GRANT_TYPE)
    return TokenRequest(client=_parse_presented_client(form, authorization), asked=asked)


def build_token_request(request: TokenRequest) -> tuple[Pair, ...]:
    """
    Give the pairs of a token request's body.

    RFC 6749 §4.1.3, §4.4.2, §6, RFC 7523 §2.2.
    """
    asked = request.asked
    match asked:
        case CodeExchange():
            said: tuple[tuple[str, str | None], ...] = (
                ("grant_type", "authorization_code"),
                ("code", asked.code),
                ("redirect_uri", asked.redirect_uri),
                ("code_verifier", asked.code_verifier),
            )
        case Refresh():
            said = (
                ("grant_type", "refresh_token"),
                ("refresh_token", asked.refresh_token),
                ("scope", format_scopes(asked.scopes)),
            )
        case ClientCredentials():
            said = (("grant_type", "client_credentials"), ("scope", format_scopes(asked.scopes)))
    return (*list_present((*said, ("resource", asked.resource))), *_build_presented_client(request.client))


def parse_revocation_request(body: bytes | str, authorization: str | None = None) -> RevocationRequest:
    """
    Read a revocation request.

    RFC 7009 §2.1.

    Raises:
        MalformedRequestError: with the code that goes back to the client.
    """
    form = _parse_request_form(body)
    return RevocationRequest(token=get_required(form, "token"), client=_parse_presented_client(form, authorization))


def build_revocation_request(request: RevocationRequest) -> tuple[Pair, ...]:
    """
    Give the pairs of a revocation request's body.

    RFC 7009 §2.1.
    """
    return (("token", request.token), *_build_presented_client(request.client))


def parse_introspection_request(body: bytes | str, authorization: str | None = None) -> IntrospectionRequest:
    """
    Read an introspection request.

    RFC 7662 §2.1.

    Raises:
        MalformedRequestError: with the code that goes back to the client.
    """
    form = _parse_request_form(body)
    client = _parse_presented_client(form, authorization)
    return IntrospectionRequest(token=get_required(form, "token"), client=client)


def build_client_authorization(client: PresentedClient) -> str | None:
    """
    Give the ``Authorization`` header that proves a client with a secret; None: it proves itself in the body.

    RFC 6749 §2.3.1: both parts are form-encoded first.
    """
    if client.method != CLIENT_SECRET_BASIC:
        return None
    credentials = f"{quote_plus(client.unverified_client_id or '')}:{quote_plus(client.secret or '')}"
    return f"Basic {b64encode(credentials.encode('ascii')).decode('ascii')}"


def _parse_request_form(body: bytes | str) -> Form:
    try:
        return parse_form(body)
    except MalformedFormError as error:
        raise MalformedRequestError(f"{error.name or 'body'}: {error}") from None


def _parse_code_exchange(form: Form) -> CodeExchange:
    code_verifier = get_required(form, "code_verifier")
    if not is_code_verifier(code_verifier):
        raise MalformedRequestError("code_verifier: not 43 to 128 unreserved characters")
    return CodeExchange(
        code=get_required(form, "code"),
        redirect_uri=get_required(form, "redirect_uri"),
        code_verifier=code_verifier,
        resource=form.get("resource"),
    )


def _parse_presented_client(form: Form, authorization: str | None) -> PresentedClient:
    client_id, assertion, secret = form.get("client_id"), form.get("client_assertion"), form.get("client_secret")
    basic = None if authorization is None else _parse_authorization(authorization)
    if (basic is not None) + (assertion is not None) + (secret is not None) > 1:
        # RFC 6749 §2.3: which of them counts would be for us to guess.
        raise MalformedRequestError("the client proves itself in more than one way")
    assertion_type = form.get("client_assertion_type")
    if (assertion is None) != (assertion_type is None):
        raise MalformedRequestError("client_assertion and client_assertion_type go together")
    if assertion_type not in {None, CLIENT_ASSERTION_TYPE}:
        raise MalformedRequestError("client_assertion_type: not known", code=ErrorCode.INVALID_CLIENT)
    if basic is not None:
        if client_id not in {None, basic.unverified_client_id}:
            description = "client_id: not the client of the Authorization header"
            raise MalformedRequestError(description, code=ErrorCode.INVALID_CLIENT)
        return basic
    if client_id is None and assertion is None:
        raise MalformedRequestError("the request names no client", code=ErrorCode.INVALID_CLIENT)
    method = CLIENT_SECRET_POST if secret is not None else None
    return PresentedClient(unverified_client_id=client_id, assertion=assertion, secret=secret, method=method)


def _parse_authorization(value: str) -> PresentedClient:
    """RFC 6749 §2.3.1: client id and secret are form-encoded before they become Basic credentials."""
    credentials = parse_basic_credentials(value)
    if credentials is None:
        raise MalformedRequestError("Authorization: not in the form of Basic", code=ErrorCode.INVALID_CLIENT)
    client_id, secret = decode_form_text(credentials[0]), decode_form_text(credentials[1])
    if not client_id or not secret:
        description = "Authorization: the client id or the secret is empty, or not in form encoding"
        raise MalformedRequestError(description, code=ErrorCode.INVALID_CLIENT)
    return PresentedClient(unverified_client_id=client_id, secret=secret, method=CLIENT_SECRET_BASIC)


def _build_presented_client(client: PresentedClient) -> tuple[Pair, ...]:
    if client.method == CLIENT_SECRET_BASIC:
        # RFC 6749 §2.3: one method a request; servers take a second client_id for another one.
        return ()
    assertion_type = CLIENT_ASSERTION_TYPE if client.assertion is not None else None
    return list_present(
        (
            ("client_id", client.unverified_client_id),
            ("client_assertion_type", assertion_type),
            ("client_assertion", client.assertion),
            ("client_secret", client.secret),
        )
    )
