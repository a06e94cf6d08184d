"""Public keys as administrators paste them."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from applinks.wire.oauth1.keys import (
    MalformedKeyError,
    format_bare_key,
    format_public_key,
    parse_private_key,
    parse_public_key,
)

KEY = generate_private_key(public_exponent=65537, key_size=1024)
PUBLIC = KEY.public_key()
NUMBERS = PUBLIC.public_numbers()


def build_certificate() -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "probe")])
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    builder = x509.CertificateBuilder(name, name, PUBLIC, 1, moment, moment + timedelta(days=1))
    return builder.sign(KEY, hashes.SHA256())


def wrap(text: str) -> str:
    return "\n".join(text[start : start + 64] for start in range(0, len(text), 64))


@pytest.mark.parametrize(
    "text",
    [
        format_public_key(PUBLIC),
        "\n  " + format_public_key(PUBLIC).replace("\n", "\r\n") + "\n\n",
        PUBLIC.public_bytes(Encoding.PEM, PublicFormat.PKCS1).decode(),
        format_bare_key(PUBLIC),
        wrap(format_bare_key(PUBLIC)),
        build_certificate().public_bytes(Encoding.PEM).decode(),
    ],
    ids=["pem", "pem with line ends of another system", "pkcs1", "bare", "bare in lines", "certificate"],
)
def test_a_key_is_read_in_every_form_that_people_have_it_in(text):
    """Ours: atlassian-wire, what an administrator enters."""
    assert parse_public_key(text).public_numbers() == NUMBERS


def test_a_private_key_is_refused_as_one():
    """Ours: it must not be pasted, and the page says so in words."""
    for kind in (PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL):
        with pytest.raises(MalformedKeyError) as raised:
            parse_public_key(KEY.private_bytes(Encoding.PEM, kind, NoEncryption()).decode())
        assert raised.value.fault == "private_key"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "no_key"),
        ("hello", "no_key"),
        ("AAAA", "no_key"),
        ("ä" * 40, "no_key"),
        ("A" * 20000, "no_key"),
        ("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", "no_key"),
        ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", "no_key"),
        (
            ec.generate_private_key(ec.SECP256R1())
            .public_key()
            .public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
            .decode(),
            "not_rsa",
        ),
        (
            ed25519.Ed25519PrivateKey.generate()
            .public_key()
            .public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
            .decode(),
            "not_rsa",
        ),
    ],
    ids=["empty", "text", "base64", "letters", "long", "pem", "certificate", "ec", "ed25519"],
)
def test_what_is_no_rsa_key_is_told_by_its_fault(text, fault):
    """Ours: each has a sentence of its own."""
    with pytest.raises(MalformedKeyError) as raised:
        parse_public_key(text)
    assert raised.value.fault == fault


@given(st.text())
def test_any_text_is_a_key_or_our_error(text):
    """Ours: the parser raises nothing else."""
    with pytest.raises(MalformedKeyError):
        parse_public_key(text)
    with pytest.raises(MalformedKeyError):
        parse_private_key(text.encode("utf-8", "replace").decode())


def test_our_own_private_key_is_read_back():
    """Ours: PEM without a password."""
    pem = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    assert parse_private_key(pem).private_numbers() == KEY.private_numbers()
