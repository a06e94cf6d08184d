"""Grants: made by users' consent, whatever the protocol; ended for users, for clients and for administrators."""

from dataclasses import replace
from typing import Protocol

from applinks.entropy import new_id
from applinks.incoming.side import IncomingSide
from applinks.incoming.store import FoundGrant
from applinks.records.audit import AuditEvent
from applinks.records.clients import Client
from applinks.records.grants import Grant, GrantEnd
from applinks.records.links import Link
from applinks.records.scopes import Resource
from applinks.records.users import User


class AskedGrant(Protocol):
    """What a user is asked to grant, in either protocol."""

    @property
    def client(self) -> Client:
        """Whom it is granted to."""
        ...

    @property
    def link(self) -> Link:
        """The client's link."""
        ...

    @property
    def resource(self) -> Resource:
        """For what it is granted."""
        ...

    @property
    def scopes(self) -> tuple[str, ...]:
        """What is granted."""
        ...


async def find_remembered_grant(asked: AskedGrant, user: User, *, side: IncomingSide) -> Grant | None:
    """Give the live grant of client, user and resource."""
    newest = await side.store.find_live_grant(client=asked.client.id, user_id=user.id)
    if newest is None or newest.resource == asked.resource.identifier:
        return newest
    found = await side.store.list_grants_of_user(user.id)
    sought = (asked.client.id, asked.resource.identifier)
    return next((each.grant for each in found if (each.grant.client, each.grant.resource) == sought), None)


def build_grant(asked: AskedGrant, user: User, before: Grant | None, *, side: IncomingSide) -> Grant:
    """Make the grant of a yes, or widen the one that stood before."""
    if before is None:
        return Grant(
            id=new_id(side.entropy, "grt"),
            client=asked.client.id,
            link_id=asked.link.id,
            user_id=user.id,
            scopes=asked.scopes,
            resource=asked.resource.identifier,
            created_at=side.clock.now(),
        )
    return replace(before, scopes=tuple(dict.fromkeys((*before.scopes, *asked.scopes))))


def build_grant_event(
    asked: AskedGrant, before: Grant | None, grant: Grant, *, side: IncomingSide
) -> AuditEvent | None:
    """Say what is new of a grant, for the audit; None: it stood as it is."""
    if before is not None and set(before.scopes) == set(grant.scopes):
        return None
    return AuditEvent(
        id=new_id(side.entropy, "evt"),
        at=side.clock.now(),
        actor=f"user:{grant.user_id}",
        action="grant.made" if before is None else "grant.widened",
        subject=grant.id,
        link_id=asked.link.id,
        detail={"client": asked.client.client_id, "scopes": list(grant.scopes), "resource": grant.resource},
    )


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
