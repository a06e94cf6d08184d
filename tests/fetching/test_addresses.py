import asyncio
import socket
import threading

import pytest

from applinks.errors import AddressNotAllowedError, PeerUnreachableError
from applinks.fetching.addresses import AddressJudge, SystemResolver

pytestmark = pytest.mark.anyio

PRIVATE = ["10.0.0.1", "172.16.3.4", "192.168.1.1", "100.64.0.1", "127.0.0.1", "127.8.8.8", "::1", "fd00::1"]
NEVER = [
    "0.0.0.0",
    "169.254.169.254",
    "192.0.2.1",
    "198.18.0.1",
    "198.51.100.7",
    "203.0.113.9",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::ffff:169.254.169.254",
    "::ffff:10.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "2002:7f00:1::",
    "2001:db8::1",
    "fe80::1",
    "fe80::1%eth0",
    "ff02::1",
    "5f00::1",
    "::ffff:0:7f00:1",
    "::ffff:0:a9fe:a9fe",
    "fd00:ec2::254",
    "fd20:ce::254",
    "100.100.100.200",
    "168.63.129.16",
]


def judge(*answers: str, loopback: bool = False) -> AddressJudge:
    async def resolve(_host: str, _port: int) -> tuple[str, ...]:
        return answers

    return AddressJudge(resolve, loopback=loopback)


@pytest.mark.requirement("N-02")
@pytest.mark.parametrize("address", PRIVATE + NEVER)
async def test_a_special_address_behind_a_name_is_refused(address):
    """Ours: security.md N-02."""
    with pytest.raises(AddressNotAllowedError):
        await judge(address).find_addresses("peer.example", 443, private=False)


@pytest.mark.requirement("N-02")
@pytest.mark.parametrize("address", PRIVATE + NEVER)
async def test_a_special_address_typed_as_such_is_refused_without_a_lookup(address):
    """Ours: security.md N-02."""
    with pytest.raises(AddressNotAllowedError):
        await judge("93.184.216.34").find_addresses(address, 443, private=False)


@pytest.mark.requirement("N-02")
@pytest.mark.parametrize("address", PRIVATE)
async def test_a_private_address_is_allowed_where_an_administrator_confirmed_it(address):
    """Ours: security.md N-02."""
    assert await judge(address).find_addresses("peer.example", 443, private=True) == (address,)


@pytest.mark.requirement("N-02")
@pytest.mark.parametrize("address", NEVER)
async def test_an_address_that_no_application_lives_at_is_refused_although_confirmed(address):
    """Ours: the machine's own credentials are at 169.254.169.254."""
    with pytest.raises(AddressNotAllowedError):
        await judge(address).find_addresses("peer.example", 443, private=True)


async def test_a_public_address_is_allowed():
    """Ours."""
    assert await judge("93.184.216.34").find_addresses("peer.example", 443, private=False) == ("93.184.216.34",)


@pytest.mark.requirement("N-02")
async def test_one_private_answer_among_public_ones_refuses_the_name():
    """Ours: a name that points both ways is how rebinding looks."""
    with pytest.raises(AddressNotAllowedError):
        await judge("93.184.216.34", "10.0.0.1").find_addresses("peer.example", 443, private=False)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "[::1]"])
async def test_a_loopback_host_is_allowed_in_development(host):
    """Product §4: allow_http_for_loopback."""
    assert await judge(loopback=True).find_addresses(host, 80, private=False) == (host.strip("[]"),)


async def test_localhost_is_allowed_in_development_with_all_its_addresses():
    """Product §4: allow_http_for_loopback."""
    answers = ("::1", "127.0.0.1")
    assert await judge(*answers, loopback=True).find_addresses("localhost", 80, private=False) == answers


@pytest.mark.parametrize("private", [False, True])
async def test_localhost_that_is_not_this_machine_is_refused_in_development(private):
    """Ours: it is spoken to without TLS."""
    with pytest.raises(AddressNotAllowedError):
        await judge("93.184.216.34", loopback=True).find_addresses("localhost", 80, private=private)


async def test_another_name_of_this_machine_is_refused_in_development():
    """Product §4: these three hosts only."""
    with pytest.raises(AddressNotAllowedError):
        await judge("127.0.0.1", loopback=True).find_addresses("intranet.example", 80, private=False)


@pytest.mark.requirement("N-02")
async def test_a_refusal_says_nothing_of_what_answered():
    """Ours: the words are the same whatever the address."""
    said = set()
    for address in ("10.0.0.1", "169.254.169.254", "::1"):
        with pytest.raises(AddressNotAllowedError) as refused:
            await judge(address).find_addresses("peer.example", 443, private=False)
        said.add((refused.value.code, refused.value.description))
        assert address in refused.value.detail
    assert said == {("address_not_allowed", "The address of the other application may not be called.")}


async def test_a_name_without_an_address_is_unreachable():
    """Ours: not a refusal."""
    with pytest.raises(PeerUnreachableError) as raised:
        await judge().find_addresses("peer.example", 443, private=False)
    assert not isinstance(raised.value, AddressNotAllowedError)


@pytest.mark.parametrize("host", ["2130706433", "0x7f000001", "0177.0.0.1", "127.1"])
async def test_other_spellings_of_loopback_are_judged_by_what_they_resolve_to(host):
    """Ours: inet_aton reads them all as 127.0.0.1."""
    resolver = SystemResolver()
    with pytest.raises(PeerUnreachableError):
        await AddressJudge(resolver, loopback=True).find_addresses(host, 80, private=False)
    resolver.close()


async def test_many_answers_are_cut_to_a_few_attempts():
    """Ours: a name with two hundred answers must not cost two hundred attempts."""
    answers = [f"93.184.216.{number}" for number in range(200)]
    assert len(await judge(*answers).find_addresses("peer.example", 443, private=False)) == 4


@pytest.mark.requirement("N-02")
async def test_a_private_address_is_known_before_anything_is_fetched():
    """Ours: the approval page asks before the first fetch."""
    assert await judge("10.1.2.3").is_private("peer.example", 443)
    assert not await judge("93.184.216.34").is_private("peer.example", 443)
    assert not await judge("127.0.0.1", loopback=True).is_private("localhost", 80)
    with pytest.raises(AddressNotAllowedError):
        await judge("169.254.169.254").is_private("peer.example", 443)


@pytest.mark.requirement("N-04")
async def test_a_name_server_that_never_answers_holds_up_no_other_name(monkeypatch):
    """Ours: a lookup cannot be cancelled, and there are only so many threads."""
    go_on = threading.Event()
    asked = []

    def look_up(host, port, **_options):
        asked.append(host)
        if host == "slow.example":
            go_on.wait(10)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.216.34", port))]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    resolver = SystemResolver()
    waiting = [asyncio.create_task(resolver("slow.example", 443)) for _ in range(20)]
    try:
        assert await asyncio.wait_for(resolver("quick.example", 443), 5) == ["93.184.216.34"]
        # Who gives up does not take the others' answer along.
        waiting[0].cancel()
    finally:
        go_on.set()
    answers = await asyncio.gather(*waiting, return_exceptions=True)
    assert isinstance(answers[0], asyncio.CancelledError)
    assert answers[1:] == [["93.184.216.34"]] * 19
    assert sorted(asked) == ["quick.example", "slow.example"]
    resolver.close()
