"""Which address may be called: resolve once, judge every answer, and give only what may be connected to."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address, ip_network

from ssrfguard import BlockedAddressError, Policy

from applinks.errors import AddressNotAllowedError, PeerUnreachableError

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""Give the addresses of a name, as text."""

LOOPBACK_HOSTS = frozenset({"127.0.0.1", "::1", "[::1]", "localhost"})
"""The hosts that may be called without TLS, for development; with and without the brackets of a URL."""

_LOOPBACK = tuple(ip_network(each) for each in ("127.0.0.0/8", "::1/128"))
# Link-local addresses are left out on purpose: 169.254.169.254 hands out a machine's credentials, and no web
# application that somebody links lives there.
_PRIVATE = (
    *_LOOPBACK,
    *(ip_network(each) for each in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")),
)
# Where clouds hand out a machine's credentials although the address looks like a private or public one, and a form of
# IPv4 in IPv6 that translators still route.
_NEVER = tuple(
    ip_network(each)
    for each in ("fd00:ec2::254/128", "fd20:ce::254/128", "100.100.100.200/32", "168.63.129.16/32", "::ffff:0:0:0/96")
)
_PUBLIC_ONLY = Policy()
_PRIVATE_TOO = Policy(allowed_networks=_PRIVATE)

# A name with two hundred answers must not cost two hundred connection attempts.
_MOST_ATTEMPTS = 4
# A lookup cannot be cancelled: those that hang hold threads of ours, never the ones that the host uses.
_RESOLVER_THREADS = 8


class SystemResolver:
    """
    The machine's own resolver, asked in threads of its own.

    Whoever wants a name that is being looked up waits for that look-up, so that one whose name server never answers
    holds one thread, however often it is called, and not those of all other peers.
    """

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_RESOLVER_THREADS, thread_name_prefix="applinks-resolver")
        self._under_way: dict[tuple[str, int], asyncio.Future[Sequence[str]]] = {}

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        place = (host, port)
        lookup = self._under_way.get(place)
        if lookup is None:
            loop = asyncio.get_running_loop()
            lookup = self._under_way[place] = loop.run_in_executor(self._threads, _ask_system, host, port)
            lookup.add_done_callback(lambda done: self._forget(place, done))
        return await asyncio.shield(lookup)

    def _forget(self, place: tuple[str, int], done: asyncio.Future[Sequence[str]]) -> None:
        del self._under_way[place]
        # Looked at once, so that asyncio does not complain where everybody who waited gave up.
        if not done.cancelled():
            done.exception()

    def close(self) -> None:
        """Let the threads end; those that hang are not waited for."""
        self._threads.shutdown(wait=False, cancel_futures=True)


class AddressJudge:
    """
    Says where a connection to a host may go.

    ``loopback`` opens the three loopback hosts of development, under their own names alone.
    """

    def __init__(self, resolve: Resolve, *, loopback: bool) -> None:
        self._resolve = resolve
        self._loopback = loopback

    async def find_addresses(self, host: str, port: int, *, private: bool) -> tuple[str, ...]:
        """
        Resolve a host once and give the addresses to connect to, in the resolver's order.

        One answer that may not be called refuses them all: a name that points both ways is how rebinding looks.
        ``private`` says that an administrator of this application confirmed a private address for this peer.

        Raises:
            AddressNotAllowedError: nothing was connected to, and the text says nothing of what is there.
            PeerUnreachableError: the name has no address.
        """
        answers = await self._look_up(host, port)
        for answer in answers:
            try:
                self._check(host, answer, private=private)
            except (BlockedAddressError, ValueError) as refused:
                raise build_refusal(f"{host} leads to an address that may not be called: {refused}") from refused
        return answers[:_MOST_ATTEMPTS]

    async def is_private(self, host: str, port: int) -> bool:
        """
        Whether a host is to be confirmed by an administrator before it is called.

        Raises:
            AddressNotAllowedError: no confirmation would open it.
            PeerUnreachableError: the name has no address.
        """
        answers = await self.find_addresses(host, port, private=True)
        return not self.is_loopback_allowed(host) and not all(_PUBLIC_ONLY.permits_address(each) for each in answers)

    def is_loopback_allowed(self, host: str) -> bool:
        """Whether this host may be called in development, without TLS too."""
        return self._loopback and host in LOOPBACK_HOSTS

    def _check(self, host: str, answer: str, *, private: bool) -> None:
        address = ip_address(answer)
        if any(address in network for network in _NEVER):
            raise ValueError(f"{answer} is never called")
        if not self.is_loopback_allowed(host):
            (_PRIVATE_TOO if private else _PUBLIC_ONLY).check_address(address)
        elif not any(address in network for network in _LOOPBACK):
            # These hosts are spoken to without TLS: where they do not mean this machine, nothing is said.
            raise ValueError(f"{answer} is not this machine")

    async def _look_up(self, host: str, port: int) -> tuple[str, ...]:
        bare = host.strip("[]")
        if _is_literal(bare):
            return (bare,)
        try:
            found = tuple(dict.fromkeys(await self._resolve(bare, port)))
        except (OSError, UnicodeError) as error:
            raise PeerUnreachableError(
                "The other application has no address.", detail=f"{host} does not resolve: {error}"
            ) from error
        if not found:
            raise PeerUnreachableError("The other application has no address.", detail=f"{host} does not resolve")
        return found


def _ask_system(host: str, port: int) -> Sequence[str]:
    return [str(address[0]) for *_, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def build_refusal(detail: str) -> AddressNotAllowedError:
    """Make the one refusal of an address: the same words whatever the reason, which only ``detail`` says."""
    return AddressNotAllowedError("The address of the other application may not be called.", detail=detail)


def _is_literal(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
