"""What linking works with: gathered once by the composition root and handed to every step."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from applinks.clock import Clock
from applinks.entropy import Entropy
from applinks.fetching.transport import Fetcher
from applinks.limits import RateLimits
from applinks.linking.errors import LinkingError
from applinks.linking.store import LinkingStore
from applinks.outgoing.side import OutgoingSide
from applinks.records.failures import FailureLog
from applinks.records.keys import Instance, KeyPair
from applinks.records.links import Link
from applinks.records.scopes import Resource
from applinks.records.users import User
from applinks.settings import Settings
from applinks.wire.jose import sign_jwt
from applinks.wire.linking.messages import PROPOSAL_LIFETIME


class OwnKeys(Protocol):
    """Who we are and what we sign with."""

    async def get_instance(self) -> Instance:
        """Give the id of this installation."""
        ...

    async def get_signing_key(self) -> KeyPair:
        """Give the pair that signs now."""
        ...

    async def list_public_keys(self) -> Sequence[Mapping[str, Any]]:
        """Give the public JWKs that our JWKS shows."""
        ...

    async def get_oauth1_key(self) -> KeyPair:
        """Give the RSA pair of OAuth 1.0a that signs now."""
        ...

    async def list_oauth1_public_keys(self) -> Sequence[Mapping[str, Any]]:
        """Give the public RSA JWKs of OAuth 1.0a, newest first."""
        ...


async def find_no_consumer(_: str) -> Link | None:
    """Give none: then it is the database alone that keeps one consumer key from having two clients."""
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkingSide:
    """
    What linking works with.

    Attributes:
        find_consumer: gives the link of the live client of OAuth 1.0a that has a consumer key.
        resources: what we guard; the first is the host itself, whose scopes the manifest declares.
        outgoing: makes the test call.
        readings: of peers' keys, under way in this process, by link.
        test_call_seconds: how long all of it may take, with metadata and token; an administrator may wait for it.
    """

    store: LinkingStore
    settings: Settings
    clock: Clock
    entropy: Entropy
    fetcher: Fetcher
    failures: FailureLog
    keys: OwnKeys
    outgoing: OutgoingSide
    resources: tuple[Resource, ...]
    find_consumer: Callable[[str], Awaitable[Link | None]] = find_no_consumer
    limits: RateLimits = field(default_factory=RateLimits)
    readings: dict[str, asyncio.Task[Link]] = field(default_factory=dict, repr=False)
    test_call_seconds: float = 10

    @property
    def allow_http(self) -> bool:
        """Whether an Applinks on the loopback hosts may be ``http``: only where we are so ourselves."""
        return self.settings.is_loopback and self.allow_foreign_http

    @property
    def allow_foreign_http(self) -> bool:
        """Whether an application that is no Applinks may be so."""
        return bool(self.settings.allow_http_for_loopback)

    @property
    def proposal_seconds(self) -> int:
        """How long our proposals and answers hold; what the setting has beyond the wire's limit no peer would take."""
        return min(self.settings.lifetimes.proposal_seconds, PROPOSAL_LIFETIME)

    async def sign(self, claims: Mapping[str, Any], *, typ: str) -> str:
        """Sign claims with our current key."""
        pair = await self.keys.get_signing_key()
        private = json.loads(pair.private.reveal())
        return sign_jwt(claims, typ=typ, private_key=private, algorithm=pair.algorithm, kid=pair.kid)

    async def list_own_kids(self) -> frozenset[str]:
        """Give the thumbprints of all our public keys, those of OAuth 1.0a among them."""
        return frozenset(await self.list_signing_kids()) | frozenset(await self.list_oauth1_kids())

    async def list_signing_kids(self) -> tuple[str, ...]:
        """Give the thumbprints of the keys that sign our messages and prove us over OAuth 2."""
        return tuple(key["kid"] for key in await self.keys.list_public_keys())

    async def list_oauth1_kids(self) -> tuple[str, ...]:
        """Give the thumbprints of our RSA keys; none where we do not offer OAuth 1.0a."""
        if "oauth1" not in self.settings.protocols:
            return ()
        return tuple(key["kid"] for key in await self.keys.list_oauth1_public_keys())

    def jitter(self) -> float:
        """Give a number between -1 and 1, so that many links do not speak in the same second."""
        return int.from_bytes(self.entropy.random_bytes(2)) / 32767.5 - 1


def check_administrator(user: User) -> None:
    """
    Check that the user may link and unlink.

    Raises:
        LinkingError: ``not_administrator``.
    """
    if not user.is_administrator:
        raise LinkingError("not_administrator", detail=f"user {user.id} has the role {user.role.value}")
