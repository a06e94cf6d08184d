"""We send the user's browser to the peer's authorization endpoint, and read what it brings back."""

from applinks.errors import PeerError, PeerRefusedError, RefusedError
from applinks.outgoing.errors import AccessDeniedError
from applinks.secret import Secret
from applinks.wire.oauth2.error_codes import ErrorCode
from applinks.wire.oauth2.id_token import OPENID_SCOPE, compute_nonce
from applinks.wire.oauth2.messages import (
    AuthorizationErrorResponse,
    AuthorizationRequest,
    AuthorizationResponse,
    MalformedAnswerError,
    build_authorization_request,
    parse_authorization_response,
)
from applinks.wire.oauth2.pkce import compute_code_challenge


def build_authorization_url(
    endpoint: str,
    *,
    client_id: str,
    redirect_uri: str,
    code_verifier: Secret,
    state: str,
    scopes: tuple[str, ...],
    resource: str | None,
) -> str:
    """
    Give the address at which the user is asked.

    RFC 6749 §4.1.1, RFC 7636 §4.3, RFC 8707 §2.1; for OpenID also OpenID Connect Core §3.1.2.1, §11.
    """
    is_openid = OPENID_SCOPE in scopes
    request = AuthorizationRequest(
        client_id=client_id,
        redirect_uri=redirect_uri,
        code_challenge=compute_code_challenge(code_verifier.reveal()),
        scopes=scopes,
        state=state,
        resource=resource,
        nonce=compute_nonce(code_verifier.reveal()) if is_openid else None,
        # Without it OpenID servers give no refresh token.
        prompt="consent" if is_openid and "offline_access" in scopes else None,
    )
    return build_authorization_request(endpoint, request)


def read_authorization_response(query: str) -> tuple[AuthorizationResponse, str]:
    """
    Read what the browser brought back: the answer, of which nothing is proved yet, and its ``state``.

    RFC 6749 §4.1.2, RFC 9207 §2.

    Raises:
        RefusedError: it is no answer, or without ``state``.
    """
    try:
        response = parse_authorization_response(query)
    except MalformedAnswerError as error:
        raise RefusedError("The other application's answer cannot be read.", detail=f"callback: {error}") from None
    if response.state is None:
        raise RefusedError("The other application's answer cannot be read.", detail="callback: state is missing")
    return response, response.state


def build_error(response: AuthorizationErrorResponse) -> PeerError:
    """
    Make the error of a refusal that came back.

    RFC 6749 §4.1.2.1.
    """
    detail = f"the authorization endpoint said {response.error}: {response.description}"
    if response.error == ErrorCode.ACCESS_DENIED:
        return AccessDeniedError("Access was not given.", detail=detail)
    code = response.error if response.error in set(ErrorCode) else "peer_refused"
    return PeerRefusedError("The other application refused the request.", code=code, detail=detail)
