"""What the outgoing side is made of."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from applinks.clock import Clock
from applinks.entropy import Entropy
from applinks.fetching.transport import Fetcher
from applinks.outgoing.flights import Flights
from applinks.outgoing.oauth1.signed_request import ParsedKeys
from applinks.outgoing.oauth2.metadata import MetadataCache
from applinks.outgoing.registration_cache import RegistrationCache
from applinks.outgoing.store import OutgoingStore
from applinks.records.failures import FailureLog
from applinks.records.keys import KeyPair
from applinks.records.usage import Usage
from applinks.settings import Settings

CLIENT_PATH = "/applinks/oauth2/client.json"
CALLBACK_PATH = "/applinks/callback/"
"""The id of a link follows."""
DOCUMENT_PATH = "/applinks/oauth2/clients/"
"""A random id and ``.json`` follow."""


def may_have_documents(settings: Settings) -> bool:
    """
    Whether our client id at a server may be the address of a document.

    draft-ietf-oauth-client-id-metadata-document §3: such an address is https; servers refuse any other.
    """
    return not settings.is_loopback


def build_document_url(settings: Settings, document: str) -> str:
    """Give who we are to a server that is no Applinks: the address of the document with this random id."""
    return settings.url(f"{DOCUMENT_PATH}{document}.json")


def build_redirect_uri(settings: Settings, link_id: str) -> str:
    """Give where users come back to over a link; every link has its own."""
    return settings.url(CALLBACK_PATH + link_id)


def build_connect_url(settings: Settings, link_id: str) -> str:
    """Give where a user connects her account at the peer of a link."""
    return settings.url(f"/applinks/connect/{link_id}")


async def find_nobody(_: str) -> str | None:
    """Give nobody: then no call names a user."""
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingSide:
    """
    Everything that a call to a peer needs; one an application.

    Attributes:
        get_signing_key: gives the key that proves us to the peer's authorization server.
        get_oauth1_key: gives the RSA key that signs requests of OAuth 1.0a.
        get_consumer_key: gives who we are over OAuth 1.0a to another Applinks and to Data Center peers.
        find_user_name: gives what a user of ours is called, for calls that name her; None: she is gone or not active.
        usage: which connections were used, to be written now and then.
        flights: renewals under way, so that there is one however many callers.
        metadata: what the peers' authorization servers say of themselves, kept for minutes.
        registrations: what we are at servers of OAuth 1.0a, which each call needs.
        oauth1_keys: the private keys of OAuth 1.0a, parsed.
        retry_pauses: seconds to wait before each further try of a renewal that a passing fault stopped.
    """

    store: OutgoingStore
    settings: Settings
    clock: Clock
    entropy: Entropy
    fetcher: Fetcher
    failures: FailureLog
    get_signing_key: Callable[[], Awaitable[KeyPair]]
    get_oauth1_key: Callable[[], Awaitable[KeyPair]]
    get_consumer_key: Callable[[], Awaitable[str]]
    find_user_name: Callable[[str], Awaitable[str | None]] = find_nobody
    usage: Usage = field(default_factory=Usage, repr=False)
    flights: Flights = field(default_factory=Flights)
    metadata: MetadataCache = field(default_factory=MetadataCache)
    registrations: RegistrationCache = field(default_factory=RegistrationCache, repr=False)
    oauth1_keys: ParsedKeys = field(default_factory=ParsedKeys, repr=False)
    # Together below a second: whoever waits is a person looking at a page.
    retry_pauses: tuple[float, ...] = (0.2, 0.6)

    @property
    def client_id(self) -> str:
        """Who we are to another Applinks: the address of our client document."""
        return self.settings.url(CLIENT_PATH)
