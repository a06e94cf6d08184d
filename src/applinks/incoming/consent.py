"""Whether a user is asked, and what follows from her answer. A remembered consent is the grant itself."""

from dataclasses import dataclass, replace

from applinks.errors import StoreBusyError
from applinks.incoming.grants import build_grant, build_grant_event, find_remembered_grant
from applinks.incoming.issued_values import issue_value
from applinks.incoming.oauth2.authorization_request import AuthorizationRedirect, OpenedRequest
from applinks.incoming.side import IncomingSide
from applinks.records.audit import AuditEvent
from applinks.records.grants import Grant
from applinks.records.scopes import Scope
from applinks.records.tokens import AuthorizationCode
from applinks.records.users import User
from applinks.wire.oauth2.error_codes import ErrorCode
from applinks.wire.token_format import TokenKind


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentQuestion:
    """
    What the consent page asks.

    Attributes:
        asked: every scope of the request.
        granted: those of them that the user granted before; she is asked again because it is more now.
        is_remembered: whether an approval counts the next time, too.
    """

    opened: OpenedRequest
    user: User
    asked: tuple[Scope, ...]
    granted: tuple[Scope, ...]
    is_remembered: bool


async def look_up_consent(opened: OpenedRequest, user: User, *, side: IncomingSide) -> ConsentQuestion | str:
    """
    Say what to ask the user; nothing, where she granted all of it before.

    Returns:
        The URL to go on to, where nothing is asked.

    Raises:
        AuthorizationRedirect: the user may not grant anything.
    """
    _check_user(opened, user)
    grant = await _find_grant(opened, user, side)
    if grant is not None and set(opened.scopes) <= set(grant.scopes):
        url = await _issue_code(opened, grant, event=None, side=side)
        if url is not None:
            return url
        grant = None
    granted = set(grant.scopes) if grant is not None else set()
    return ConsentQuestion(
        opened=opened,
        user=user,
        asked=opened.asked,
        granted=tuple(scope for scope in opened.asked if scope.name in granted),
        is_remembered=not opened.client.is_public,
    )


async def approve(opened: OpenedRequest, user: User, *, side: IncomingSide) -> str:
    """
    Make or widen the grant, and issue a code.

    Returns:
        The URL that takes the code to the client (by 303).

    Raises:
        AuthorizationRedirect: the user may not grant anything.
    """
    _check_user(opened, user)
    # A grant that another window made or ended meanwhile is looked at once more; a third time is no accident.
    for _ in range(2):
        before = await _find_grant(opened, user, side)
        grant = build_grant(opened, user, before, side=side)
        event = build_grant_event(opened, before, grant, side=side)
        url = await _issue_code(opened, grant, event=event, side=side)
        if url is not None:
            return url
    raise StoreBusyError("The consent could not be kept; try again.", detail=f"the grants of {user.id} keep changing")


def deny(opened: OpenedRequest, *, side: IncomingSide) -> str:
    """
    Tell the client that the user said no.

    RFC 6749 §4.1.2.1.
    """
    del side
    return opened.return_address.build_error_url(ErrorCode.ACCESS_DENIED, "The user said no.")


async def _find_grant(opened: OpenedRequest, user: User, side: IncomingSide) -> Grant | None:
    """Give the grant that remembers; none of a public client, which anybody may pretend to be."""
    if opened.client.is_public:
        return None
    return await find_remembered_grant(opened, user, side=side)


async def _issue_code(
    opened: OpenedRequest, grant: Grant, *, event: AuditEvent | None, side: IncomingSide
) -> str | None:
    """Store grant and code, and give the URL that carries the code; None: the grant is not what it was."""
    now = side.clock.now()
    issued = issue_value(TokenKind.CODE, side=side)
    code = AuthorizationCode(
        row=issued.row,
        digest=issued.digest,
        client=opened.client.id,
        grant_id=grant.id,
        user_id=grant.user_id,
        redirect_uri=opened.redirect_uri,
        code_challenge=opened.code_challenge,
        scopes=opened.scopes,
        resource=opened.resource.identifier,
        issued_at=now,
        expires_at=now + side.rules.lifetimes.code_seconds,
    )
    used = replace(grant, last_used_at=now)
    if not await side.store.save_consent(used, code, event, only=not opened.client.is_public):
        return None
    return opened.return_address.build_code_url(issued.text)


def _check_user(opened: OpenedRequest, user: User) -> None:
    if not user.active:
        raise AuthorizationRedirect(
            ErrorCode.ACCESS_DENIED,
            "The user cannot grant anything.",
            return_address=opened.return_address,
            detail=f"the user {user.id} is not active",
        ).about(link_id=opened.link.id, client=opened.client.id, user_id=user.id)
