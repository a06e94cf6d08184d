import json
import sqlite3
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from joserfc import jwe
from joserfc.jwk import OctKey
from joserfc.registry import HeaderParameter

from applinks.secret import Secret, digest_secret
from applinks.storage.open import Storage
from applinks.storage.sealing.sealer import Sealer, SealingError, make_sealing_key
from applinks.wire.base64url import format_base64url
from tests.conformance.oauth1.records import add_token_credentials
from tests.conformance.records import NOW, add_hand_link, add_link, make_connection
from tests.storage.secrets import keep_every_secret

PLACE = {"table": "t", "column": "c", "row": "1"}


@pytest.mark.parametrize("value", ["", "secret", "ü\x00\n", "x" * 10_000])
def test_what_is_sealed_opens_in_its_place(value: str) -> None:
    """RFC 7516, dir with A256GCM."""
    sealer = Sealer([make_sealing_key()])
    sealed = sealer.seal(Secret(value), **PLACE)
    assert sealer.unseal(sealed, **PLACE) == Secret(value)
    assert not value or value not in sealed
    assert sealer.seal(Secret(value), **PLACE) != sealed


@pytest.mark.requirement("N-06")
@pytest.mark.parametrize("other", [{"table": "u"}, {"column": "d"}, {"row": "2"}])
def test_what_is_sealed_opens_nowhere_else(other: dict) -> None:
    """Ours: the place is part of what is authenticated."""
    sealer = Sealer([make_sealing_key()])
    sealed = sealer.seal(Secret("hidden"), **PLACE)
    with pytest.raises(SealingError) as caught:
        sealer.unseal(sealed, **(PLACE | other))
    assert "hidden" not in caught.value.description + caught.value.detail


def test_a_header_cannot_be_exchanged() -> None:
    """RFC 7516 §5.1: the protected header is additional authenticated data."""
    sealer = Sealer([make_sealing_key()])
    one = sealer.seal(Secret("one"), **PLACE).split(".")
    two = sealer.seal(Secret("two"), **(PLACE | {"row": "2"})).split(".")
    with pytest.raises(SealingError):
        sealer.unseal(".".join([one[0], *two[1:]]), **PLACE)


@pytest.mark.parametrize("garbage", ["", "a", "a.b.c.d.e", "....", "e30....", "\ud800", "bnVsbA....", "W10...."])
def test_garbage_does_not_open(garbage: str) -> None:
    """Ours: one error, whatever stands there."""
    with pytest.raises(SealingError):
        Sealer([make_sealing_key()]).unseal(garbage, **PLACE)


def test_an_older_key_opens_and_the_current_one_seals() -> None:
    """Ours: a key ring, found by kid."""
    old, new = make_sealing_key(), make_sealing_key()
    sealed = Sealer([old]).seal(Secret("secret"), **PLACE)
    ring = Sealer([new, old])
    assert ring.unseal(sealed, **PLACE) == Secret("secret")
    again = ring.seal(Secret("secret"), **PLACE)
    assert Sealer([new]).unseal(again, **PLACE) == Secret("secret")
    with pytest.raises(SealingError, match="cannot be opened"):
        Sealer([new]).unseal(sealed, **PLACE)


def test_what_is_sealed_is_what_another_implementation_seals_and_opens() -> None:
    """RFC 7516 §3.1, RFC 7518 §5.3: JWE, compact, dir with A256GCM; what an older release wrote opens."""
    key = make_sealing_key()
    sealer, other = Sealer([key]), OctKey.import_key(key)
    registry = jwe.JWERegistry(
        header_registry={"row": HeaderParameter("the place of the ciphertext", "str", required=True)},
        algorithms=("dir", "A256GCM"),
    )
    opened = jwe.decrypt_compact(sealer.seal(Secret("ours"), **PLACE), other, registry=registry)
    assert opened.plaintext == b"ours"
    assert opened.protected == {"alg": "dir", "enc": "A256GCM", "kid": sealer.kid, "row": "t/c/1"}
    theirs = jwe.encrypt_compact(opened.protected, b"theirs", other, registry=registry)
    assert sealer.unseal(theirs, **PLACE) == Secret("theirs")


@pytest.mark.parametrize("part", [0, 2, 3, 4])
def test_not_one_bit_of_it_may_change(part: int) -> None:
    """RFC 7518 §5.3: header, nonce, text and tag are authenticated; none may be cut short either."""
    sealer = Sealer([make_sealing_key()])
    parts = sealer.seal(Secret("secret"), **PLACE).split(".")
    for other in (
        parts[part][:-4],
        "",
        ("B" if parts[part][0] == "A" else "A") + parts[part][1:],
        parts[part] + "AAAA",
    ):
        with pytest.raises(SealingError):
            sealer.unseal(".".join([*parts[:part], other, *parts[part + 1 :]]), **PLACE)


@pytest.mark.parametrize(
    "change", [{"alg": "A256KW"}, {"enc": "A128GCM"}, {"kid": 1}, {"kid": ["a"]}, {"kid": None}, {"row": 1}]
)
def test_a_header_of_another_kind_does_not_open(change: dict) -> None:
    """Ours: nothing but what we write is read, even if whoever wrote it had the key."""
    key = make_sealing_key()
    header = {"alg": "dir", "enc": "A256GCM", "kid": Sealer([key]).kid, "row": "t/c/1"} | change
    protected = format_base64url(json.dumps(header).encode())
    sealed = AESGCM(key).encrypt(bytes(12), b"secret", protected.encode())
    parts = (protected, "", *map(format_base64url, (bytes(12), sealed[:-16], sealed[-16:])))
    with pytest.raises(SealingError):
        Sealer([key]).unseal(".".join(parts), **PLACE)


@pytest.mark.anyio
@pytest.mark.requirement("N-06")
async def test_a_dump_of_the_database_holds_no_clear_secret(storage: Storage, path: Path) -> None:
    """N-06: the file, its log and its index, byte by byte; before and after the log is moved into the file."""
    secrets = await keep_every_secret(storage)
    key = path.with_name("applinks.db.key").read_text().strip()
    for _ in range(2):
        dump = b"".join(each.read_bytes() for each in path.parent.iterdir() if each.suffix != ".key")
        assert b"applinks_connections" in dump
        for what, value in (secrets | {"sealing key": key}).items():
            assert value.encode() not in dump, what
        await storage.checkpoint()


@pytest.mark.anyio
@pytest.mark.requirement("N-06")
async def test_a_secret_moved_to_another_row_or_column_does_not_open(storage: Storage, path: Path) -> None:
    """N-06: whoever can write the database cannot hand one user another's credentials."""
    link, _ = await add_link(storage)
    for number, user in ((1, "alicia"), (2, "bob")):
        await storage.outgoing.add_connection(make_connection(link, user, number), event=None)
    raw = sqlite3.connect(path, isolation_level=None)
    for change in (
        "SET access_token = (SELECT access_token FROM applinks_connections WHERE user_id = 'bob')",
        "SET access_token = refresh_token",
        "SET id = 'con_other'",
    ):
        raw.execute("BEGIN")
        raw.execute(f"UPDATE applinks_connections {change} WHERE user_id = 'alicia'")
        raw.execute("COMMIT")
        with pytest.raises(SealingError):
            await storage.outgoing.find_connection(link_id=link.id, user_id="alicia")
        assert await storage.outgoing.find_connection(link_id=link.id, user_id="bob")
        await storage.outgoing.add_connection(make_connection(link, "alicia", 1), event=None)
    raw.close()


@pytest.mark.anyio
@pytest.mark.requirement("N-06")
async def test_a_secret_of_oauth_1_0a_moved_to_another_row_does_not_open(storage: Storage, path: Path) -> None:
    """N-06: whoever can write the database cannot give one client another's secrets."""
    link, _ = await add_hand_link(storage)
    clients = [(await add_token_credentials(storage, link, row))[0] for row in (1, 2)]
    raw = sqlite3.connect(path, isolation_level=None)
    for table in ("temporary", "token"):
        name = f"applinks_{table}_credentials"
        raw.execute(f"UPDATE {name} SET secret = (SELECT secret FROM {name} WHERE row = 2) WHERE row = 1")
    raw.execute(
        "UPDATE applinks_clients SET version = 2, oauth1_secret = "
        "(SELECT oauth1_secret FROM applinks_clients WHERE id = ?) WHERE id = ?",
        (clients[1].id, clients[0].id),
    )
    raw.close()
    find = storage.oauth1
    for look in (
        lambda: find.find_client(clients[0].client_id),
        lambda: find.find_temporary_credentials(1),
        lambda: find.find_token_credentials(1),
    ):
        with pytest.raises(SealingError):
            await look()
    assert await find.find_client(clients[1].client_id)
    assert await find.find_token_credentials(2)


@pytest.mark.anyio
@pytest.mark.requirement("N-05")
async def test_no_secret_is_seen_in_what_comes_back(storage: Storage) -> None:
    """N-05: not in a repr."""
    secrets = await keep_every_secret(storage)
    shown = repr(
        [
            await storage.keys.get_signing_key(),
            await storage.keys.get_oauth1_key(),
            await storage.oauth1.find_temporary_credentials(1),
            await storage.oauth1.find_token_credentials(1),
            await storage.incoming.find_refresh_token(1),
            await storage.outgoing.list_connections_of_user("alicia"),
            await storage.incoming.list_clients(),
            await storage.outgoing.find_registration(f"lnk_{3:022d}"),
            await storage.sessions.find(digest_secret("the-session"), now=NOW),
        ]
    )
    for what, value in secrets.items():
        assert value not in shown, what
