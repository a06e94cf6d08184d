"""Ending grants: for users, for clients and for administrators."""

from applinks.entropy import new_id
from applinks.incoming.side import IncomingSide
from applinks.incoming.store import FoundGrant
from applinks.records.audit import AuditEvent
from applinks.records.grants import GrantEnd


async def end_grant(grant_id: str, *, by: GrantEnd, actor: str, side: IncomingSide, link_id: str = "") -> bool:
    """
    End a grant, and with it everything that was issued from it and the remembered consent.

    Whether ``actor`` may is decided before: for a user by `find_grant_of_user`, for a client by the token that it
    showed, for an administrator by her role.

    Returns:
        Whether it was this call that ended it.
    """
    now = side.clock.now()
    event = AuditEvent(
        id=new_id(side.entropy, "evt"),
        at=now,
        actor=actor,
        action="grant.ended",
        subject=grant_id,
        link_id=link_id,
        detail={"by": by.value},
    )
    return await side.store.end_grant(grant_id, at=now, by=by, event=event)


async def find_grant_of_user(grant_id: str, user_id: str, *, side: IncomingSide) -> FoundGrant | None:
    """Give a live grant if it is this user's."""
    found = await side.store.list_grants_of_user(user_id)
    return next((each for each in found if each.grant.id == grant_id), None)


async def end_grant_of_user(grant_id: str, user_id: str, *, side: IncomingSide) -> bool:
    """
    End one of the user's own grants, as the account page does.

    Returns:
        Whether there was such a grant; another user's is none.
    """
    found = await find_grant_of_user(grant_id, user_id, side=side)
    if found is None:
        return False
    return await end_grant(grant_id, by=GrantEnd.USER, actor=f"user:{user_id}", side=side, link_id=found.link.id)


async def end_all_grants(
    user_id: str, *, side: IncomingSide, by: GrantEnd = GrantEnd.USER, actor: str | None = None
) -> int:
    """
    End every grant of a user; without ``actor`` in her own name.

    Returns:
        How many there were.
    """
    who = actor if actor is not None else f"user:{user_id}"
    found = await side.store.list_grants_of_user(user_id)
    ended = [await end_grant(each.grant.id, by=by, actor=who, side=side, link_id=each.link.id) for each in found]
    return sum(ended)
