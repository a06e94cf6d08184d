"""
The authorization request and its answer, which both travel through the browser.

Unknown parameters are ignored (RFC 6749 §3.1); one that occurs twice is an error.
"""

from dataclasses import dataclass, field

from applinks.wire.forms import Form, collect_form
from applinks.wire.oauth2.error_codes import ErrorCode
from applinks.wire.oauth2.parameters import (
    MalformedAnswerError,
    MalformedRequestError,
    format_error_description,
    format_scopes,
    get_required,
    get_scopes,
    is_error_code,
    list_present,
)
from applinks.wire.oauth2.pkce import CODE_CHALLENGE_METHOD, is_code_challenge
from applinks.wire.urls import add_query


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationTarget:
    """Where an authorization request says that it comes from and wants its answer; nothing of it is proved."""

    unverified_client_id: str
    unverified_redirect_uri: str
    state: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationRequest:
    """
    RFC 6749 §4.1.1 with RFC 7636 and RFC 8707; the challenge is of the method S256.

    Attributes:
        scopes: None where the request names none.
        nonce: OpenID Connect Core §3.1.2.1, as ``prompt``; we send them, and read neither.
    """

    client_id: str
    redirect_uri: str
    code_challenge: str
    scopes: tuple[str, ...] | None = None
    state: str | None = field(default=None, repr=False)
    resource: str | None = None
    nonce: str | None = field(default=None, repr=False)
    prompt: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationCodeResponse:
    """RFC 6749 §4.1.2 with RFC 9207: the code, on its way back through the browser."""

    code: str = field(repr=False)
    state: str | None = field(default=None, repr=False)
    issuer: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationErrorResponse:
    """RFC 6749 §4.1.2.1 with RFC 9207: a refusal, on its way back through the browser."""

    error: str
    description: str = ""
    state: str | None = field(default=None, repr=False)
    issuer: str | None = None


AuthorizationResponse = AuthorizationCodeResponse | AuthorizationErrorResponse


def parse_authorization_target(form: Form) -> AuthorizationTarget:
    """
    Read who asks and where the answer shall go, whatever is wrong with the rest.

    RFC 6749 §4.1.2.1.

    ``form`` is what `applinks.wire.forms.collect_form` made of the query. Until both are found to be registered, no
    error may be sent there.
    Stricter than RFC 6749 §3.1.2.3: ``redirect_uri`` is always needed, so that the answer never depends on what else
    is registered.

    Raises:
        MalformedRequestError: one is missing, repeated or unreadable: the error is shown on our own page.
    """
    return AuthorizationTarget(
        unverified_client_id=get_required(form, "client_id"),
        unverified_redirect_uri=get_required(form, "redirect_uri"),
        state=form.get("state"),
    )


def parse_authorization_request(form: Form) -> AuthorizationRequest:
    """
    Read a whole authorization request.

    RFC 6749 §4.1.1, RFC 7636 §4.3, RFC 8707 §2.1, RFC 9700 §2.1.1.

    Stricter than RFC 7636 §4.4.1: a challenge is required, and of the method S256.

    Raises:
        MalformedRequestError: with the code that goes back to the client.
    """
    target = parse_authorization_target(form)
    for name, fault in form.faults.items():
        raise MalformedRequestError(f"{name or 'query'}: {fault}")
    response_type = get_required(form, "response_type")
    if response_type != "code":
        raise MalformedRequestError("response_type: only code", code=ErrorCode.UNSUPPORTED_RESPONSE_TYPE)
    if form.get("response_mode") not in {None, "query"}:
        raise MalformedRequestError("response_mode: only query")
    code_challenge = get_required(form, "code_challenge")
    if form.get("code_challenge_method") != CODE_CHALLENGE_METHOD:
        raise MalformedRequestError("code_challenge_method: only S256, and it has to be named")
    if not is_code_challenge(code_challenge):
        raise MalformedRequestError("code_challenge: not 43 characters of base64url")
    return AuthorizationRequest(
        client_id=target.unverified_client_id,
        redirect_uri=target.unverified_redirect_uri,
        code_challenge=code_challenge,
        scopes=get_scopes(form),
        state=target.state,
        resource=form.get("resource"),
    )


def build_authorization_request(endpoint: str, request: AuthorizationRequest) -> str:
    """
    Give the address to which the browser is sent.

    RFC 6749 §4.1.1, RFC 7636 §4.3, RFC 8707 §2.1.
    """
    optional = (
        ("scope", format_scopes(request.scopes)),
        ("state", request.state),
        ("resource", request.resource),
        ("nonce", request.nonce),
        ("prompt", request.prompt),
    )
    return add_query(
        endpoint,
        [
            ("response_type", "code"),
            ("client_id", request.client_id),
            ("redirect_uri", request.redirect_uri),
            ("code_challenge", request.code_challenge),
            ("code_challenge_method", CODE_CHALLENGE_METHOD),
            *list_present(optional),
        ],
    )


def build_authorization_response(redirect_uri: str, response: AuthorizationResponse) -> str:
    """
    Give the address that carries an answer back to the client.

    RFC 6749 §4.1.2, §4.1.2.1, RFC 9207 §2.
    """
    match response:
        case AuthorizationCodeResponse():
            said: tuple[tuple[str, str | None], ...] = (("code", response.code),)
        case AuthorizationErrorResponse():
            description = format_error_description(response.description)
            said = (("error", response.error), ("error_description", description or None))
    return add_query(redirect_uri, list_present((*said, ("state", response.state), ("iss", response.issuer))))


def parse_authorization_response(query: bytes | str) -> AuthorizationResponse:
    """
    Read the answer that came back through the browser; nothing of it is proved before ``state`` and ``iss`` are.

    RFC 6749 §4.1.2, §4.1.2.1, RFC 9207 §2.4.

    Raises:
        MalformedAnswerError: a parameter is repeated or unreadable, or there is not exactly one of code and error.
    """
    form = collect_form(query)
    for name in ("code", "error", "state", "iss"):
        if name in form.faults:
            raise MalformedAnswerError(f"{name}: {form.faults[name]}")
    code, error, state, issuer = form.get("code"), form.get("error"), form.get("state"), form.get("iss")
    if code is not None and error is None:
        return AuthorizationCodeResponse(code=code, state=state, issuer=issuer)
    if error is not None and code is None:
        if not is_error_code(error):
            raise MalformedAnswerError("error: not a code")
        description = format_error_description(form.get("error_description") or "")
        return AuthorizationErrorResponse(error=error, description=description, state=state, issuer=issuer)
    raise MalformedAnswerError("the answer holds not exactly one of code and error")
