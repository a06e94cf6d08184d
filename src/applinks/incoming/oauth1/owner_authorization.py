"""The authorization page of OAuth 1.0a: what a client asks a user for, and what follows from her answer."""

from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from applinks.entropy import new_typed_code
from applinks.errors import RefusedError, StoreBusyError
from applinks.incoming.challenges import build_unavailable
from applinks.incoming.grants import build_grant, build_grant_event, find_remembered_grant
from applinks.incoming.oauth1.callbacks import is_callback_match, may_be_answered
from applinks.incoming.oauth1.store import FoundTemporaryCredentials
from applinks.incoming.policy import Hindrance, find_obstacle, list_all_user_scopes, note_early_call
from applinks.incoming.side import IncomingSide
from applinks.records.audit import AuditEvent
from applinks.records.clients import Client
from applinks.records.grants import Grant
from applinks.records.links import Link
from applinks.records.scopes import Resource, Scope
from applinks.records.token_credentials import OUT_OF_BAND, TemporaryCredentials
from applinks.records.users import User
from applinks.secret import Secret, digest_secret, is_same_digest
from applinks.wire.base64url import format_base64url
from applinks.wire.forms import Form, collect_form
from applinks.wire.oauth1.problems import Problem
from applinks.wire.token_format import TokenKind, parse_token
from applinks.wire.urls import MalformedUrlError, add_query, get_host

DENIED = "denied"
"""What the callback gets for a verifier where the user said no."""

_VERIFIER_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedAuthorization:
    """
    A request for a user's access that may be shown to her.

    Attributes:
        credentials: the temporary ones that the client holds meanwhile.
        token: their text, which goes back with the answer.
        resource: this application; OAuth 1.0a has no way to name a part of it.
        asked: every scope that the client may have from a user: the protocol has no way to ask for some of them.
        callback: where the answer goes; empty: nowhere, our page says what is next.
        is_out_of_band: whether she types the verifier into the client.
    """

    credentials: TemporaryCredentials = field(repr=False)
    token: str = field(repr=False)
    client: Client
    link: Link
    resource: Resource
    asked: tuple[Scope, ...]
    callback: str
    is_out_of_band: bool

    @property
    def scopes(self) -> tuple[str, ...]:
        """The names of what is asked for; never empty."""
        return tuple(scope.name for scope in self.asked)

    @property
    def redirect_uri(self) -> str:
        """Where the answer goes, as `OpenedRequest` of OAuth 2 calls it; empty: our own page."""
        return self.callback

    @property
    def redirect_host(self) -> str:
        """The host of the callback, which the page shows; empty: there is none."""
        try:
            return get_host(self.callback)
        except MalformedUrlError:
            # One without a callback; or an administrator registered a host that is none in the Internet.
            return urlsplit(self.callback).netloc

    @property
    def is_remembered(self) -> bool:
        """
        Whether a yes counts the next time, too.

        Of another Applinks alone, which finishes only in the browser that began. OAuth 1.0a has no ``state``: of any
        other client nobody knows whether the browser before us is the one that it began in.
        """
        return self.client.is_peer and bool(self.callback) and not self.credentials.is_dialect_1_0


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationQuestion:
    """
    What the consent page asks; the namesake of `ConsentQuestion`.

    Attributes:
        granted: those of ``asked`` that the user granted before.
    """

    opened: OpenedAuthorization
    user: User
    asked: tuple[Scope, ...]
    granted: tuple[Scope, ...]
    is_remembered: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovedAuthorization:
    """
    What follows from a yes.

    Attributes:
        url: where to send the browser; empty: our page says what is next.
        oauth_verifier: what she types into the client where ``url`` is empty; None: nothing (1.0 dialect).
    """

    url: str = field(repr=False)
    oauth_verifier: Secret | None


async def open_owner_authorization(query: str, *, side: IncomingSide) -> OpenedAuthorization:
    """
    Read the query of the authorization page, and say whether it may be shown to a user.

    RFC 5849 §2.2; OAuth Core 1.0 §6.2.1 for the dialect that names its callback only here.

    Raises:
        RefusedError: refused on a page of ours; its code is the problem's. Nothing ever goes to an address that is
            not registered.
    """
    form = collect_form(query)
    token = form.get("oauth_token")
    if token is None:
        raise _refuse(Problem.PARAMETER_ABSENT, "The address names no request of an application, or several.")
    found = await _find_credentials(token, side)
    client, link = found.client, found.link
    try:
        _check_open(found, now=side.clock.now())
        _check_client_may(client, link, side)
        asked = list_all_user_scopes(client, link, side.rules)
        if not asked:
            detail = f"the client {client.client_id} of the link {link.handle} may have nothing from users"
            raise _refuse(Problem.PERMISSION_DENIED, "The application may not ask for this.", detail, status=403)
        callback = _find_callback(form, found)
    except RefusedError as refusal:
        raise refusal.about(link_id=link.id, client=client.id) from refusal.__cause__
    return OpenedAuthorization(
        credentials=found.credentials,
        token=token,
        client=client,
        link=link,
        resource=side.rules.host,
        asked=asked,
        callback="" if callback == OUT_OF_BAND else callback,
        is_out_of_band=callback == OUT_OF_BAND,
    )


async def look_up_authorization(
    opened: OpenedAuthorization, user: User, *, side: IncomingSide
) -> AuthorizationQuestion | ApprovedAuthorization:
    """
    Say what to ask the user; nothing, where she granted all of it to another Applinks before.

    Returns:
        What to go on with, where nothing is asked.

    Raises:
        RefusedError: the user may not grant anything.
    """
    _check_user(opened, user)
    grant = await find_remembered_grant(opened, user, side=side)
    if grant is not None and opened.is_remembered and set(opened.scopes) <= set(grant.scopes):
        approved = await _approve(opened, grant, event=None, side=side)
        if approved is not None:
            return approved
        grant = None
    granted = set(grant.scopes) if grant is not None else set()
    return AuthorizationQuestion(
        opened=opened,
        user=user,
        asked=opened.asked,
        granted=tuple(scope for scope in opened.asked if scope.name in granted),
        is_remembered=opened.is_remembered,
    )


async def approve_authorization(
    opened: OpenedAuthorization, user: User, *, side: IncomingSide
) -> ApprovedAuthorization:
    """
    Make or widen the grant, and let the client fetch its token credentials.

    RFC 5849 §2.2.

    Raises:
        RefusedError: the user may not grant anything, or it was decided meanwhile.
    """
    _check_user(opened, user)
    # A grant that another window made or ended meanwhile is looked at once more; a third time is no accident.
    for _ in range(2):
        before = await find_remembered_grant(opened, user, side=side)
        grant = build_grant(opened, user, before, side=side)
        event = build_grant_event(opened, before, grant, side=side)
        approved = await _approve(opened, grant, event=event, side=side)
        if approved is not None:
            return approved
        _check_open(await _find_credentials(opened.token, side), now=side.clock.now())
    raise StoreBusyError("The consent could not be kept; try again.", detail=f"the grants of {user.id} keep changing")


async def deny_authorization(opened: OpenedAuthorization, user: User, *, side: IncomingSide) -> str | None:
    """
    Note that the user said no.

    Returns:
        The URL that tells the client; None: it has no callback, our page says so.

    Raises:
        RefusedError: it was decided meanwhile.
    """
    row = opened.credentials.row
    if not await side.oauth1.deny_temporary_credentials(row, at=side.clock.now(), user_id=user.id):
        _check_open(await _find_credentials(opened.token, side), now=side.clock.now())
    if not opened.callback:
        return None
    return add_query(opened.callback, (("oauth_token", opened.token), ("oauth_verifier", DENIED)))


async def _find_credentials(token: str, side: IncomingSide) -> FoundTemporaryCredentials:
    parsed = parse_token(token)
    is_temporary = parsed is not None and parsed.kind is TokenKind.TEMPORARY_CREDENTIALS
    found = await side.oauth1.find_temporary_credentials(parsed.row) if parsed is not None and is_temporary else None
    digest = parsed.digest if parsed is not None else digest_secret(token)
    if not is_same_digest(found.credentials.digest if found else None, digest) or found is None:
        description = "What the application asks for is not known here, or not any more. Begin again there."
        raise _refuse(Problem.TOKEN_REJECTED, description, "oauth_token is none of ours")
    return found


def _check_open(found: FoundTemporaryCredentials, *, now: int) -> None:
    """Check that nobody answered yet, and that it is not too late to."""
    if found.credentials.decided_at or found.credentials.claimed_at:
        description = "This was answered already. Begin again in the application that asks."
        raise _refuse(Problem.TOKEN_USED, description, "the temporary credentials were decided already", status=409)
    if now >= found.credentials.expires_at:
        description = "It took too long. Begin again in the application that asks."
        raise _refuse(Problem.TOKEN_EXPIRED, description, "the temporary credentials expired")


def _check_client_may(client: Client, link: Link, side: IncomingSide) -> None:
    obstacle = find_obstacle(client, link)
    if obstacle is not None and obstacle.hindrance is Hindrance.WAITING:
        note_early_call(link, side)
        raise build_unavailable(obstacle.detail)
    if obstacle is not None or client.oauth1 is None or not client.oauth1.three_legged:
        detail = obstacle.detail if obstacle else f"the client {client.client_id} may not ask users"
        raise _refuse(Problem.PERMISSION_DENIED, "The application may not ask for this.", detail, status=403)


def _find_callback(form: Form, found: FoundTemporaryCredentials) -> str:
    """
    Give where the answer goes; empty: nowhere.

    What came with the request for temporary credentials counts alone, because that was signed. Without one (1.0
    dialect) it is the one of this address, if it is registered, or else the registered one.
    """
    credentials, client = found.credentials, found.client
    _check_still_may(credentials, client)
    if not credentials.is_dialect_1_0:
        return credentials.callback
    asked = form.get("oauth_callback")
    if asked is None and "oauth_callback" not in form.faults:
        return client.redirect_uris[0] if client.redirect_uris else ""
    if asked == OUT_OF_BAND:
        return ""
    if asked is None or not is_callback_match(asked, client):
        raise RefusedError(
            "The address to which the answer would go is not registered for the application that asks.",
            code="invalid_redirect_uri",
            detail=f"oauth_callback {(asked or '')[:200]!r} is not registered for the client {client.client_id}",
        )
    return asked


def _check_still_may(credentials: TemporaryCredentials, client: Client) -> None:
    """Check that an administrator did not take back meanwhile the way in which the client was to be answered."""
    if may_be_answered(credentials.callback, client):
        return
    raise RefusedError(
        "The application that asks may not be answered in this way any more.",
        code="invalid_redirect_uri",
        detail=f"{credentials.callback[:200]!r} is registered no more for the client {client.client_id}",
    )


async def _approve(
    opened: OpenedAuthorization, grant: Grant, *, event: AuditEvent | None, side: IncomingSide
) -> ApprovedAuthorization | None:
    """Store the yes, and give what follows; None: grant or credentials are not what they were."""
    now, is_dialect = side.clock.now(), opened.credentials.is_dialect_1_0
    oauth_verifier = None if is_dialect else _make_verifier(opened, side)
    is_ours = await side.oauth1.approve_temporary_credentials(
        opened.credentials.row,
        at=now,
        oauth_verifier=b"" if oauth_verifier is None else digest_secret(oauth_verifier),
        grant=replace(grant, last_used_at=now),
        event=event,
    )
    if not is_ours:
        return None
    said = [("oauth_token", opened.token)]
    if oauth_verifier is not None:
        said.append(("oauth_verifier", oauth_verifier))
    return ApprovedAuthorization(
        url=add_query(opened.callback, said) if opened.callback else "",
        oauth_verifier=None if oauth_verifier is None else Secret(oauth_verifier),
    )


def _make_verifier(opened: OpenedAuthorization, side: IncomingSide) -> str:
    """Make what proves that she came back; short where she types it: only the client itself can try one."""
    if opened.is_out_of_band:
        return new_typed_code(side.entropy)
    return format_base64url(side.entropy.random_bytes(_VERIFIER_BYTES))


def _check_user(opened: OpenedAuthorization, user: User) -> None:
    if not user.active:
        detail = f"the user {user.id} is not active"
        refusal = _refuse(Problem.PERMISSION_DENIED, "The user cannot grant anything.", detail, status=403)
        raise refusal.about(link_id=opened.link.id, client=opened.client.id, user_id=user.id)


def _refuse(problem: Problem, description: str, detail: str = "", *, status: int = 400) -> RefusedError:
    return RefusedError(description, code=problem.value, detail=detail, status=status)
