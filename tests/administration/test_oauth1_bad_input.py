"""Whatever is typed of OAuth 1.0a, an administrator reads what is wrong with which field, and never meets a failure."""

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any, TypeVar

from hypothesis import given
from hypothesis import strategies as st

from applinks.administration.hand_values import NewOAuth1Client, NewOutgoing
from applinks.administration.oauth1.building import build_oauth1_client
from applinks.administration.oauth1.registering import build_oauth1_registration
from applinks.administration.values import InvalidValueError
from applinks.records.registrations import ServerEndpoints
from applinks.secret import Secret
from applinks.wire.oauth1.signature import SignatureMethod
from tests.administration.oauth1 import bare_key, private_pem, public_pem
from tests.administration.test_bad_input import SIDE, TEXT, TEXTS

LINK_ID = f"lnk_{1:022d}"
KEYS = st.one_of(TEXT, st.sampled_from([public_pem(), bare_key(), private_pem(), public_pem()[:90], bare_key() + "="]))
SECRETS = st.none() | TEXT.map(Secret)
METHODS = st.none() | st.lists(st.sampled_from(SignatureMethod)).map(tuple)
FIELDS_IN = {
    "name",
    "key",
    "public_key",
    "shared_secret",
    "callback",
    "scopes",
    "methods",
    "execute_as",
    "three_legged",
    "protected_users",
    "protected_groups",
}
FIELDS_OUT = {
    "client_id",
    "client_secret",
    "signature_method",
    "temporary_endpoint",
    "token_endpoint",
    "authorization_endpoint",
}

Made = TypeVar("Made")


class Nobody:
    """A store without clients, and an application without users."""

    async def find_client(self, consumer_key: str) -> None:
        return None

    async def find(self, user_id: str) -> None:
        return None

    async def find_by_name(self, name: str) -> None:
        return None

    async def get_instance(self) -> Any:
        from applinks.records.keys import Instance

        return Instance(id="urn:uuid:00000000-0000-4000-8000-000000000001", created_at=1)


HERE: Any = replace(SIDE, oauth1=Nobody(), users=Nobody(), keys=Nobody())  # type: ignore[arg-type]


def attempt(making: Coroutine[Any, Any, Made]) -> Made | InvalidValueError:
    try:
        return asyncio.run(making)
    except InvalidValueError as error:
        return error


@given(
    new=st.builds(
        NewOAuth1Client,
        key=TEXT,
        name=TEXT,
        public_key=KEYS,
        shared_secret=SECRETS,
        makes_secret=st.booleans(),
        callback=TEXT,
        scopes=TEXTS,
        methods=METHODS,
        three_legged=st.booleans(),
        two_legged=st.booleans(),
        execute_as=TEXT,
        impersonation=st.booleans(),
        protected_users=TEXTS,
        protected_groups=TEXTS,
    )
)
def test_a_client_is_made_or_a_field_is_named(new: NewOAuth1Client) -> None:
    """Product §5 Nothing lost: bad input gets a clear error; security O1-05."""
    made = attempt(build_oauth1_client(new, name="", link_id=LINK_ID, side=HERE))
    if isinstance(made, InvalidValueError):
        assert made.field in FIELDS_IN
        assert made.description.isprintable()
        return
    client, _secret = made
    oauth1 = client.oauth1
    assert oauth1 is not None
    assert client.client_id.isascii()
    assert oauth1.methods
    assert all(oauth1.public_keys if method.is_rsa else oauth1.shared_secret for method in oauth1.methods)
    assert all(uri.startswith(("https://", "http://127.0.0.1")) for uri in client.redirect_uris)
    assert "PRIVATE" not in repr(client)


@given(
    new=st.builds(
        NewOutgoing,
        protocol=st.just("oauth1"),
        client_id=TEXT,
        client_secret=SECRETS,
        endpoints=st.none() | st.builds(ServerEndpoints, authorization=TEXT, token=TEXT, temporary=TEXT),
        signature_method=st.none() | st.sampled_from(SignatureMethod),
    )
)
def test_a_registration_is_made_or_a_field_is_named(new: NewOutgoing) -> None:
    """Product §5 Nothing lost; security N-06: the refusal repeats no secret."""
    made = attempt(build_oauth1_registration(LINK_ID, new, url="https://board.example/jira", side=HERE))
    if isinstance(made, InvalidValueError):
        assert made.field in FIELDS_OUT
        assert made.description.isprintable()
        return
    assert made.is_complete
    assert made.endpoints is not None
    urls = (made.endpoints.temporary, made.endpoints.authorization, made.endpoints.token)
    assert all(url.startswith(("https://", "http://127.0.0.1")) for url in urls)
    assert (made.client_secret is None) is (made.signature_method is None or made.signature_method.is_rsa)
