"""Whatever is typed: taken, or refused with the name of the field; never anything else."""

from collections.abc import Callable
from dataclasses import fields
from typing import TypeVar

from hypothesis import given
from hypothesis import strategies as st

from applinks.administration.hand_values import NewIncoming, NewOutgoing
from applinks.administration.new_clients import build_client
from applinks.administration.registering import build_outgoing, build_registration
from applinks.administration.side import Administration
from applinks.administration.values import InvalidValueError, check_handle, check_peer_url, clean_name
from applinks.entropy import Rows
from applinks.linking.errors import LinkingError
from applinks.records.clients import ClientAuthentication, GrantType
from applinks.records.registrations import Registration, ServerEndpoints
from applinks.secret import Secret
from applinks.settings import Settings
from tests.fakes import CountingEntropy, FixedClock

SETTINGS = Settings(base_url="https://start.example")
ENTROPY = CountingEntropy()
SIDE = Administration(
    **{each.name: None for each in fields(Administration)}  # type: ignore[arg-type]
    | {"settings": SETTINGS, "clock": FixedClock(), "entropy": ENTROPY, "rows": Rows(ENTROPY)}
)

# Texts as people type and paste them, and as nobody does.
TEXT = st.one_of(
    st.text(max_size=40),
    st.sampled_from(
        [
            "https://board.example/callback",
            "https://board.example",
            "http://127.0.0.1:8765/callback",
            "com.example.app:/back",
            "https://board.example/#x",
            "https://us:er@board.example",
            "https://[::1",
            "https://board.example:99999",
            "\ud800",
            "pages:read",
            "offline_access",
            "applinks:check",
        ]
    ),
)
TEXTS = st.lists(TEXT, max_size=4).map(tuple)
FIELDS_IN = {"name", "redirect_uris", "scopes", "grant_types", "resources"}
FIELDS_OUT = {
    "issuer",
    "outgoing_scopes",
    "application_scopes",
    "client_id",
    "client_secret",
    "authentication",
    "resource",
    "authorization_endpoint",
    "token_endpoint",
    "revocation_endpoint",
    "userinfo_endpoint",
}


Made = TypeVar("Made")


def attempt(make: Callable[[], Made]) -> Made | LinkingError | InvalidValueError:
    """Give what is made, or the refusal; anything else fails the test."""
    try:
        return make()
    except (LinkingError, InvalidValueError) as error:
        return error


@given(
    name=TEXT,
    new=st.builds(
        NewIncoming,
        redirect_uris=TEXTS,
        scopes=TEXTS,
        grant_types=st.none() | st.lists(st.sampled_from(GrantType)).map(tuple),
        public=st.booleans(),
        resources=TEXTS,
    ),
)
def test_a_client_is_made_or_a_field_is_named(name: str, new: NewIncoming) -> None:
    """Product §5 Nothing lost: bad input gets a clear error."""
    made = attempt(lambda: build_client(new, name=name, link_id=f"lnk_{1:022d}", side=SIDE))
    if isinstance(made, InvalidValueError):
        assert made.field in FIELDS_IN
        assert made.description.isprintable()
        return
    assert not isinstance(made, LinkingError)
    client, secret = made
    assert client.name.isprintable()
    assert client.client_id.isascii()
    assert client.is_public is new.public is (secret is None)
    assert "applinks:check" not in client.scopes
    assert not client.is_public or GrantType.CLIENT_CREDENTIALS not in client.grant_types


@given(
    new=st.builds(
        NewOutgoing,
        issuer=TEXT,
        scopes=TEXTS,
        application_scopes=st.none() | TEXTS,
        client_id=TEXT,
        client_secret=st.none() | TEXT.map(Secret),
        authentication=st.none() | st.sampled_from(ClientAuthentication),
        endpoints=st.none()
        | st.builds(ServerEndpoints, authorization=TEXT, token=TEXT, revocation=TEXT, userinfo=TEXT),
        resource=TEXT,
        wants_document=st.booleans(),
    )
)
def test_a_registration_is_made_or_a_field_is_named(new: NewOutgoing) -> None:
    """Product §5 Nothing lost; security N-06: the refusal repeats no secret."""

    def make() -> Registration:
        outgoing = build_outgoing(new.scopes, new.application_scopes)
        return build_registration(f"lnk_{1:022d}", new, outgoing, SIDE)

    registration = attempt(make)
    if isinstance(registration, InvalidValueError):
        assert registration.field in FIELDS_OUT
        assert registration.description.isprintable()
        return
    if isinstance(registration, LinkingError):
        assert registration.code == "self_link"
        return
    assert registration.authentication is not ClientAuthentication.CLIENT_SECRET
    assert registration.client_secret is None or registration.authentication.is_by_secret
    assert bool(registration.document) is new.wants_document
    assert not registration.document or registration.is_complete


@given(text=TEXT)
def test_a_name_a_handle_and_an_address_are_taken_or_refused(text: str) -> None:
    """Product §5 Nothing lost: bad input gets a clear error."""
    for check in (clean_name, check_handle, lambda url: check_peer_url(url, SETTINGS)):
        refused = attempt(lambda check=check: check(text))  # type: ignore[misc]
        if isinstance(refused, InvalidValueError):
            assert refused.field in {"name", "handle", "url"}
            assert refused.description.isprintable()
