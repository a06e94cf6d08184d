"""
What clients hold of us: seen, and ended, by an administrator.

Product §5 Incoming; security AS-43.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from applinks.administration.actor import Actor, check_may_change, check_may_look
from applinks.administration.changing import build_event, get_link
from applinks.administration.clients import show_client
from applinks.administration.side import Administration
from applinks.errors import RefusedError
from applinks.incoming.store import FoundAccessToken, FoundFamily
from applinks.records.clients import Client
from applinks.records.grants import GrantEnd
from applinks.records.links import Link
from applinks.secret import is_same_digest
from applinks.wire.token_format import ParsedToken, TokenKind, format_row, parse_row, parse_token

_ACCESS_PREFIX = "ala_"


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldTokens:
    """
    What one client holds: all that came of one consent, or one token that it obtained for itself.

    Attributes:
        name: what `revoke_tokens` takes: the id of the family, or how the token begins.
        grant_id, user_id: empty, and None, for a token of the application itself.
        last_used_at: 0: never, or not known.
        expires_at: when it ends if nobody uses it.
    """

    name: str
    client: Client
    link: Link
    grant_id: str = ""
    user_id: str | None = None
    scopes: tuple[str, ...]
    resource: str
    created_at: int
    last_used_at: int = 0
    expires_at: int


async def list_tokens(
    *,
    link: str | None = None,
    client: str | None = None,
    user_id: str | None = None,
    actor: Actor,
    side: Administration,
) -> Sequence[HeldTokens]:
    """
    Give what clients hold now, newest first, narrowed by link, client and user.

    Raises:
        LinkingError: ``unknown_link``.
        RefusedError: ``unknown_client``.
    """
    check_may_look(actor)
    link_id = None if link is None else (await get_link(link, side)).id
    record = None if client is None else (await show_client(client, actor=actor, side=side)).client.id
    now = side.clock.now()
    families = await side.incoming.list_families(link_id=link_id, client=record, user_id=user_id, now=now)
    held = [_describe_family(each) for each in families]
    if user_id is None:
        tokens = await side.incoming.list_application_tokens(link_id=link_id, client=record, now=now)
        held += [_describe_token(each) for each in tokens]
    return sorted(held, key=lambda each: each.created_at, reverse=True)


async def revoke_tokens(name: str, *, actor: Actor, side: Administration) -> int:
    """
    End what a name stands for: of a family all that came of it, of a grant all families and the consent.

    ``name`` is the id of a family (``fam_…``) or of a grant (``grt_…``), how a token of an application begins
    (``ala_…``), or a whole token that somebody should not have seen; of that the whole family ends.

    Returns:
        How many families and tokens ended; 0: they had ended already.

    Raises:
        RefusedError: ``unknown_token``, ``is_client_secret``.
    """
    check_may_change(actor)
    parsed = parse_token(name)
    if parsed is not None:
        return await _revoke_leaked(parsed, actor, side)
    if name.startswith("grt_"):
        held = [each for each in await list_tokens(actor=actor, side=side) if each.grant_id == name]
        if not await _end_grant(name, held[0].link.id if held else "", actor, side):
            raise _build_unknown(name)
        return max(len(held), 1)
    found = next((each for each in await list_tokens(actor=actor, side=side) if each.name == name), None)
    if found is None:
        raise _build_unknown(name)
    await _revoke(found, actor, side)
    return 1


async def revoke_all(
    *,
    link: str | None = None,
    client: str | None = None,
    user_id: str | None = None,
    actor: Actor,
    side: Administration,
) -> int:
    """
    End all that clients hold now, narrowed as in `list_tokens`, and the consents that it came of.

    Returns:
        How many families and tokens ended.
    """
    check_may_change(actor)
    held = await list_tokens(link=link, client=client, user_id=user_id, actor=actor, side=side)
    for grant_id, link_id in {each.grant_id: each.link.id for each in held if each.grant_id}.items():
        await _end_grant(grant_id, link_id, actor, side)
    for each in held:
        if not each.grant_id:
            await _revoke(each, actor, side)
    return len(held)


async def _revoke_leaked(parsed: ParsedToken, actor: Actor, side: Administration) -> int:
    """End the family of a token, whichever of it leaked; the value has to be right, so that nobody guesses rows."""
    match parsed.kind:
        case TokenKind.ACCESS:
            access = await side.incoming.find_access_token(parsed.row)
            if access is not None and is_same_digest(access.token.digest, parsed.digest):
                if access.family is None:
                    is_over = access.token.revoked_at > 0
                    return 0 if is_over else await _revoke_row(parsed.row, access.client, access.link, actor, side)
                is_over = access.family.revoked_at > 0
                return 0 if is_over else await _revoke_family(access.family.id, access.link, actor, side)
        case TokenKind.REFRESH:
            refresh = await side.incoming.find_refresh_token(parsed.row)
            if refresh is not None and is_same_digest(refresh.token.digest, parsed.digest):
                is_over = refresh.family.revoked_at > 0
                return 0 if is_over else await _revoke_family(refresh.family.id, refresh.link, actor, side)
        case TokenKind.CODE:
            code = await side.incoming.find_code(parsed.row)
            if code is not None and is_same_digest(code.code.digest, parsed.digest) and code.code.family_id:
                return await _revoke_family(code.code.family_id, code.link, actor, side)
        case TokenKind.TOKEN_CREDENTIALS | TokenKind.TEMPORARY_CREDENTIALS:
            ended = await _revoke_oauth1(parsed, actor, side)
            if ended is not None:
                return ended
        case TokenKind.CLIENT_SECRET:
            raise RefusedError("That is the secret of a client: give the client a new one.", code="is_client_secret")
    raise _build_unknown("that token")


async def _revoke_oauth1(parsed: ParsedToken, actor: Actor, side: Administration) -> int | None:
    """End the family of credentials of OAuth 1.0a; None: there are none of that value, or nothing came of them yet."""
    if parsed.kind is TokenKind.TOKEN_CREDENTIALS:
        found = await side.oauth1.find_token_credentials(parsed.row)
        if found is None or not is_same_digest(found.credentials.digest, parsed.digest):
            return None
        return 0 if found.family.revoked_at else await _revoke_family(found.family.id, found.link, actor, side)
    temporary = await side.oauth1.find_temporary_credentials(parsed.row)
    if temporary is None or not is_same_digest(temporary.credentials.digest, parsed.digest):
        return None
    family_id = temporary.credentials.family_id
    return await _revoke_family(family_id, temporary.link, actor, side) if family_id else None


async def _revoke(held: HeldTokens, actor: Actor, side: Administration) -> None:
    if held.grant_id:
        await _revoke_family(held.name, held.link, actor, side)
    else:
        row = parse_row(held.name.removeprefix(_ACCESS_PREFIX))
        assert row is not None  # noqa: S101 - the name was made of a row.
        await _revoke_row(row, held.client, held.link, actor, side)


async def _revoke_family(family_id: str, link: Link, actor: Actor, side: Administration) -> int:
    event = build_event(actor, "tokens.revoked", family_id, side=side, link_id=link.id)
    await side.incoming.revoke_family(family_id, at=side.clock.now(), event=event)
    return 1


async def _revoke_row(row: int, client: Client, link: Link, actor: Actor, side: Administration) -> int:
    detail = {"client_id": client.client_id}
    event = build_event(actor, "tokens.revoked", _format_name(row), side=side, link_id=link.id, detail=detail)
    await side.incoming.revoke_access_token(row, at=side.clock.now(), event=event)
    return 1


async def _end_grant(grant_id: str, link_id: str, actor: Actor, side: Administration) -> bool:
    by = GrantEnd.ADMINISTRATOR
    event = build_event(actor, "grant.ended", grant_id, side=side, link_id=link_id, detail={"by": by.value})
    return await side.incoming.end_grant(grant_id, at=side.clock.now(), by=by, event=event)


def _describe_family(found: FoundFamily) -> HeldTokens:
    return HeldTokens(
        name=found.family.id,
        client=found.client,
        link=found.link,
        grant_id=found.grant.id,
        user_id=found.grant.user_id,
        scopes=found.grant.scopes,
        resource=found.grant.resource,
        created_at=found.family.created_at,
        last_used_at=found.grant.last_used_at,
        expires_at=found.expires_at,
    )


def _describe_token(found: FoundAccessToken) -> HeldTokens:
    return HeldTokens(
        name=_format_name(found.token.row),
        client=found.client,
        link=found.link,
        scopes=found.token.scopes,
        resource=found.token.resource,
        created_at=found.token.issued_at,
        expires_at=found.token.expires_at,
    )


def _format_name(row: int) -> str:
    """Give the name of an access token that came of no consent: how it begins, which opens nothing."""
    return _ACCESS_PREFIX + format_row(row)


def _build_unknown(name: str) -> RefusedError:
    text = "There are no such tokens, or they have ended."
    return RefusedError(text, code="unknown_token", detail=f"nothing is called {name[:80]!r}", status=404)
