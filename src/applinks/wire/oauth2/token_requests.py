"""
What a client asks of the token and revocation endpoints.

Unknown parameters are ignored (RFC 6749 §3.2); one that occurs twice is an error.
"""

from dataclasses import dataclass, field

from applinks.wire.forms import Form, MalformedFormError, Pair, parse_form
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


@dataclass(frozen=True, slots=True, kw_only=True)
class PresentedClient:
    """
    Who a token or revocation request says it comes from.

    Attributes:
        unverified_client_id: None where only the assertion names the client.
        assertion: RFC 7523 §2.2; None of a public client.
    """

    unverified_client_id: str | None = None
    assertion: str | None = field(default=None, repr=False)


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


def parse_token_request(body: bytes | str) -> TokenRequest:
    """
    Read the body of a token request.

    RFC 6749 §4.1.3, §4.4.2, §6, RFC 7523 §2.2, RFC 7636 §4.5, RFC 8707 §2.2.

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
    return TokenRequest(client=_parse_presented_client(form), asked=asked)


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


def parse_revocation_request(body: bytes | str) -> RevocationRequest:
    """
    Read the body of a revocation request.

    RFC 7009 §2.1.

    Raises:
        MalformedRequestError: with the code that goes back to the client.
    """
    form = _parse_request_form(body)
    return RevocationRequest(token=get_required(form, "token"), client=_parse_presented_client(form))


def build_revocation_request(request: RevocationRequest) -> tuple[Pair, ...]:
    """
    Give the pairs of a revocation request's body.

    RFC 7009 §2.1.
    """
    return (("token", request.token), *_build_presented_client(request.client))


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


def _parse_presented_client(form: Form) -> PresentedClient:
    client_id, assertion = form.get("client_id"), form.get("client_assertion")
    assertion_type = form.get("client_assertion_type")
    if form.get("client_secret") is not None:
        raise MalformedRequestError("client_secret: no client has one here", code=ErrorCode.INVALID_CLIENT)
    if (assertion is None) != (assertion_type is None):
        raise MalformedRequestError("client_assertion and client_assertion_type go together")
    if assertion_type not in {None, CLIENT_ASSERTION_TYPE}:
        raise MalformedRequestError("client_assertion_type: not known", code=ErrorCode.INVALID_CLIENT)
    if client_id is None and assertion is None:
        raise MalformedRequestError("the request names no client", code=ErrorCode.INVALID_CLIENT)
    return PresentedClient(unverified_client_id=client_id, assertion=assertion)


def _build_presented_client(client: PresentedClient) -> tuple[Pair, ...]:
    assertion_type = CLIENT_ASSERTION_TYPE if client.assertion is not None else None
    return list_present(
        (
            ("client_id", client.unverified_client_id),
            ("client_assertion_type", assertion_type),
            ("client_assertion", client.assertion),
        )
    )
