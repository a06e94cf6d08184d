"""The authorization endpoint: what a client asks a user for, before anybody is asked."""

from dataclasses import dataclass, field

from applinks.errors import RefusedError
from applinks.incoming.policy import (
    Hindrance,
    choose_scopes,
    find_obstacle,
    list_user_scopes,
    may_use,
    note_early_call,
)
from applinks.incoming.rules import Rules
from applinks.incoming.side import IncomingSide
from applinks.incoming.store import FoundClient
from applinks.records.clients import Client, GrantType
from applinks.records.links import Link
from applinks.records.scopes import Resource, Scope
from applinks.wire.forms import Form, collect_form
from applinks.wire.oauth2.error_codes import ErrorCode
from applinks.wire.oauth2.messages import (
    AuthorizationCodeResponse,
    AuthorizationErrorResponse,
    AuthorizationRequest,
    AuthorizationTarget,
    MalformedRequestError,
    build_authorization_response,
    parse_authorization_request,
    parse_authorization_target,
)
from applinks.wire.urls import add_query, get_host, is_redirect_uri_match


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnAddress:
    """Where the answer goes: a redirect URI of the client that asked, proved to be registered."""

    redirect_uri: str
    state: str | None = field(repr=False)
    issuer: str

    def build_code_url(self, code: str) -> str:
        """
        Build the URL that takes a code to the client.

        RFC 6749 §4.1.2, RFC 9207 §2.
        """
        response = AuthorizationCodeResponse(code=code, state=self.state, issuer=self.issuer)
        return build_authorization_response(self.redirect_uri, response)

    def build_error_url(self, error: ErrorCode, description: str, *, reference: str = "") -> str:
        """
        Build the URL that takes a refusal to the client, with the reference under which it was recorded.

        RFC 6749 §4.1.2.1, RFC 9207 §2.
        """
        response = AuthorizationErrorResponse(
            error=error, description=description, state=self.state, issuer=self.issuer
        )
        url = build_authorization_response(self.redirect_uri, response)
        return add_query(url, (("reference", reference),)) if reference else url


class AuthorizationRedirect(RefusedError):  # noqa: N818 - an error, and the way in which it goes back
    """An authorization request is refused, and the client is told so by redirect (303)."""

    def __init__(self, code: ErrorCode, description: str, *, return_address: ReturnAddress, detail: str = "") -> None:
        super().__init__(description, code=code, detail=detail, status=303)
        self._error = code
        self._return_address = return_address

    @property
    def url(self) -> str:
        """Where to send the browser."""
        return self.build_url()

    def build_url(self, reference: str = "") -> str:
        """Give the URL with the reference under which the refusal was recorded."""
        return self._return_address.build_error_url(self._error, self.description, reference=reference)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedRequest:
    """
    An authorization request that may be shown to a user.

    Attributes:
        scopes: what is asked for, in the order in which the host declares it; never empty.
    """

    client: Client
    link: Link
    resource: Resource
    scopes: tuple[str, ...]
    return_address: ReturnAddress
    code_challenge: str = field(repr=False)

    @property
    def redirect_uri(self) -> str:
        """Where the answer goes."""
        return self.return_address.redirect_uri

    @property
    def redirect_host(self) -> str:
        """The host (or private-use scheme) of the redirect URI, which the page shows."""
        return get_host(self.redirect_uri)

    @property
    def asked(self) -> tuple[Scope, ...]:
        """The scopes with their descriptions."""
        return tuple(scope for scope in self.resource.scopes if scope.name in self.scopes)


class _FaultError(Exception):
    """What is wrong with a request whose return address is good."""

    def __init__(self, code: ErrorCode, description: str, detail: str = "") -> None:
        super().__init__(description)
        self.code, self.description, self.detail = code, description, detail


async def open_authorization_request(query: str, *, side: IncomingSide) -> OpenedRequest:
    """
    Read an authorization request, and say whether it may be shown to a user.

    RFC 6749 §4.1.1, RFC 7636 §4.3, RFC 8707 §2, RFC 9700 §2.1.

    Stricter than RFC 6749 §4.1.1: ``redirect_uri`` is always required, and so is PKCE with S256.
    ``prompt`` is ignored: who decides about asking is `consent`.

    Raises:
        AuthorizationRedirect: refused, and the client is told; client and redirect URI were named once and are good.
        RefusedError: refused on a page of ours.
    """
    form = collect_form(query)
    try:
        target = parse_authorization_target(form)
    except MalformedRequestError as error:
        description = "The request names no application or no address for the answer, or several."
        raise RefusedError(description, detail=str(error)) from error
    found = await _find_client(target, side)
    return_address = _find_return_address(target, found.client, side.rules)
    try:
        return decide_request(form, found, return_address, rules=side.rules)
    except _FaultError as fault:
        note_early_call(found.link, side)
        refusal = AuthorizationRedirect(
            fault.code, fault.description, return_address=return_address, detail=fault.detail
        )
        raise refusal.about(link_id=found.link.id, client=found.client.id) from fault


def decide_request(form: Form, found: FoundClient, return_address: ReturnAddress, *, rules: Rules) -> OpenedRequest:
    """Decide about a request whose client and return address are good."""
    client, link = found.client, found.link
    asked = _parse_request(form)
    _check_client_may(client, link)
    resource = rules.find_resource_named(asked.resource)
    if resource is None:
        detail = f"resource {(asked.resource or '')[:300]!r}"
        raise _FaultError(ErrorCode.INVALID_TARGET, "The resource is not one of this application.", detail)
    return OpenedRequest(
        client=client,
        link=link,
        resource=resource,
        scopes=_find_scopes(asked.scopes or (), list_user_scopes(client, link, resource), resource),
        return_address=return_address,
        code_challenge=asked.code_challenge,
    )


async def _find_client(target: AuthorizationTarget, side: IncomingSide) -> FoundClient:
    client_id = target.unverified_client_id
    found = await side.store.find_client(client_id)
    if found is None:
        description = "The application that asks is not known here."
        raise RefusedError(description, code=ErrorCode.INVALID_CLIENT, detail=f"unknown client_id {client_id[:200]!r}")
    return found


def _find_return_address(target: AuthorizationTarget, client: Client, rules: Rules) -> ReturnAddress:
    redirect_uri = target.unverified_redirect_uri
    if not is_redirect_uri_match(redirect_uri, client.redirect_uris):
        refusal = RefusedError(
            "The address to which the answer would go is not registered for the application that asks.",
            # Only a page of ours says it: RFC 6749 §4.1.2.1 leaves nobody to tell it to over the wire.
            code="invalid_redirect_uri",
            detail=f"redirect_uri {redirect_uri[:200]!r} is not registered for the client {client.client_id}",
        )
        raise refusal.about(link_id=client.link_id, client=client.id)
    return ReturnAddress(redirect_uri=redirect_uri, state=target.state, issuer=rules.issuer)


def _parse_request(form: Form) -> AuthorizationRequest:
    try:
        asked = parse_authorization_request(form)
    except MalformedRequestError as error:
        raise _FaultError(error.code, str(error)) from error
    if not {"request", "request_uri"}.isdisjoint(form.names):
        # What a request object holds would go unread, and it may be less than what stands beside it.
        raise _FaultError(ErrorCode.INVALID_REQUEST, "Request objects are not supported.")
    return asked


def _check_client_may(client: Client, link: Link) -> None:
    obstacle = find_obstacle(client, link)
    if obstacle is not None and obstacle.hindrance is Hindrance.WAITING:
        description = "The link between the two applications is not in use at the moment."
        raise _FaultError(ErrorCode.TEMPORARILY_UNAVAILABLE, description, obstacle.detail)
    if obstacle is not None:
        raise _FaultError(ErrorCode.UNAUTHORIZED_CLIENT, "The application may not ask for this.", obstacle.detail)
    if not may_use(client, GrantType.AUTHORIZATION_CODE):
        detail = f"the client {client.client_id} is not registered for authorization_code"
        raise _FaultError(ErrorCode.UNAUTHORIZED_CLIENT, "The application may not ask for this.", detail)


def _find_scopes(asked: tuple[str, ...], allowed: tuple[str, ...], resource: Resource) -> tuple[str, ...]:
    scopes = choose_scopes(asked, allowed, resource)
    if not scopes:
        detail = f"asked for {' '.join(asked)[:300]!r}; allowed is {' '.join(allowed)!r}"
        raise _FaultError(ErrorCode.INVALID_SCOPE, "The scope is unknown, or not for this application.", detail)
    return scopes
