"""What is ours and bad is refused on every route; what is not ours passes, and is answered where somebody asks."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from applinks.errors import RefusedError
from applinks.incoming.authentication import authenticate
from applinks.incoming.oauth1.problems import OAuth1RefusedError
from applinks.incoming.policy import check_caller_may
from applinks.wire.http import Request
from applinks.wire.oauth1.parameters import FORM, Transmission
from tests.incoming.oauth1.world import KEY_CLIENT, SECRET_CLIENT, OAuth1World, get_problem
from tests.incoming.world import BASE, get_refusal

pytestmark = pytest.mark.anyio


def ask(query: str = "", *, header: str | None = None, body: bytes = b"") -> Request:
    headers = (("Authorization", header),) if header is not None else ()
    if body:
        headers = (*headers, ("Content-Type", FORM))
    method = "POST" if body else "GET"
    return Request(method=method, url=f"{BASE}/api/issues{query}", headers=headers, body=body)


@pytest.mark.parametrize(
    "request_",
    [
        ask(header='OAuth oauth_consumer_key="launcher", oauth_signature="x"'),
        ask("?oauth_consumer_key=launcher"),
        ask("?oauth_consumer_key="),
        ask(f"?xoauth_consumer_key={KEY_CLIENT}"),
        ask(f"?a={KEY_CLIENT}&oauth_token=x"),
        ask(header=f'Bearer oauth_consumer_key="{KEY_CLIENT}"'),
        ask(header="OAuth"),
        ask(header="OAuth realm"),
        ask(header=f'OAuthX oauth_consumer_key="{KEY_CLIENT}"'),
        ask(body=b"oauth_consumer_key=gadgets"),
    ],
)
async def test_what_is_not_ours_passes_untouched(oauth1: OAuth1World, request_: Request) -> None:
    """Product §5: a host may have launches of OAuth 1.0a of its own."""
    assert await authenticate(request_, side=oauth1.side) is None


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (ask(header=f'OAuth oauth_consumer_key="{KEY_CLIENT}"'), "parameter_absent"),
        (ask(header=f'oauth oauth_consumer_key="{KEY_CLIENT}", {{}}'), "parameter_rejected"),
        (ask(header=f"OAUTH  oauth_consumer_key={KEY_CLIENT}"), "parameter_absent"),
        (ask(header='OAuth oauth_consumer_key="%67adgets"'), "parameter_absent"),
        (ask(f"?oauth_consumer_key={KEY_CLIENT}"), "parameter_absent"),
        (ask(f"?oauth_consumer_key={KEY_CLIENT}&oauth_consumer_key={SECRET_CLIENT}"), "parameter_rejected"),
        (ask(f"?oauth_consumer_key=other&oauth_consumer_key={KEY_CLIENT}"), "parameter_rejected"),
        (
            ask("?oauth_consumer_key=other", header=f'OAuth oauth_consumer_key="{KEY_CLIENT}"'),
            "parameter_rejected",
        ),
    ],
)
async def test_what_is_ours_and_bad_is_refused_on_every_route(
    oauth1: OAuth1World, request_: Request, code: str
) -> None:
    """Product §5: header or query; several are refused."""
    assert (await get_problem(authenticate(request_, side=oauth1.side))).code == code


@pytest.mark.requirement("rfc5849-3.5-1")
async def test_credentials_stand_in_one_place(oauth1: OAuth1World) -> None:
    """RFC 5849 §3.5 MUST NOT; two headers are two places."""
    signed = oauth1.sign_call()
    twice = replace(signed, headers=(*signed.headers, ("Authorization", "Basic eDp5")))
    assert (await get_problem(authenticate(twice, side=oauth1.side))).code == "parameter_rejected"
    both = replace(signed, url=f"{signed.url}?oauth_token=x")
    assert (await get_problem(authenticate(both, side=oauth1.side))).code == "parameter_rejected"
    beside = replace(
        signed, headers=(("Authorization", "Bearer ala_x"),), url=f"{signed.url}?oauth_consumer_key=gadgets"
    )
    assert (await get_refusal(authenticate(beside, side=oauth1.side))).code == "invalid_request"


async def test_a_client_of_the_other_protocol_is_none_of_this_one(oauth1: OAuth1World) -> None:
    """Ours: a name in one protocol says nothing in the other."""
    from tests.incoming.world import PUBLIC_CLIENT

    assert await authenticate(ask(f"?oauth_consumer_key={PUBLIC_CLIENT}"), side=oauth1.side) is None


async def test_nothing_is_recognised_where_we_do_not_speak_it(oauth1: OAuth1World) -> None:
    """Ours: Settings.protocols."""
    request = oauth1.sign_call()
    oauth1.side.settings = replace(oauth1.side.settings, protocols=("oauth2",))
    assert await authenticate(request, side=oauth1.side) is None


@pytest.mark.requirement("rfc5849-3.5.2-1")
async def test_a_form_is_looked_at_where_somebody_asks_for_it(oauth1: OAuth1World) -> None:
    """RFC 5849 §3.5.2; Product §5: by requires alone."""
    await oauth1.change_client(oauth1={"two_legged": True, "execute_as": "2"})
    form = Request(method="POST", url=f"{BASE}/api", headers=(("Content-Type", FORM),), body=b"a=1&b=2")
    signed = oauth1.sign(form, transmission=Transmission.FORM)
    assert await authenticate(signed, side=oauth1.side) is None
    caller = await authenticate(signed, side=oauth1.side, form=True)
    assert caller is not None
    assert caller.client.client_id == KEY_CLIENT
    changed = replace(oauth1.sign(form, transmission=Transmission.FORM), headers=(("Content-Type", "text/plain"),))
    assert await authenticate(changed, side=oauth1.side, form=True) is None


@pytest.mark.requirement("O1-01", "rfc5849-3.4.1.3.1-1")
async def test_a_form_is_signed_with_the_request_wherever_the_credentials_stand(oauth1: OAuth1World) -> None:
    """RFC 5849 §3.4.1.3.1: a form body takes part, and one of another type does not."""
    await oauth1.change_client(oauth1={"two_legged": True, "execute_as": "2"})
    headers = (("Content-Type", f"{FORM}; charset=utf-8"),)
    form = Request(method="POST", url=f"{BASE}/api?a=1", headers=headers, body=b"b=2&b=&c=%26")
    bodies = [b"b=2&b=&c=%26", b"b=3"]
    for body in bodies:
        signed = oauth1.sign(form)

        async def read_form(body: bytes = body) -> bytes:
            return body

        came = authenticate(replace(signed, body=b""), side=oauth1.side, read_form=read_form)
        if body == form.body:
            assert await came is not None
        else:
            assert (await get_problem(came)).code == "signature_invalid"

    async def read_nothing() -> bytes:
        raise AssertionError("the body of another type is the host's alone")

    json = replace(form, headers=(("Content-Type", "application/json"),), body=b"")
    assert await authenticate(oauth1.sign(json), side=oauth1.side, read_form=read_nothing) is not None


@pytest.mark.parametrize(
    ("request_", "code", "status"),
    [
        (ask(header='OAuth oauth_consumer_key="launcher"'), "parameter_absent", 400),
        (ask(header="OAuth"), "parameter_absent", 400),
        (ask(header="OAuth abc"), "parameter_rejected", 400),
        (
            ask(
                header='OAuth oauth_consumer_key="launcher", oauth_signature_method="HMAC-SHA1", oauth_signature="x", '
                'oauth_timestamp="1", oauth_nonce="x"'
            ),
            "consumer_key_unknown",
            401,
        ),
        (
            ask(
                "?oauth_consumer_key=launcher&oauth_signature_method=HMAC-SHA1&oauth_signature=x"
                "&oauth_timestamp=1&oauth_nonce=x"
            ),
            "consumer_key_unknown",
            401,
        ),
        (ask(body=b"oauth_consumer_key=launcher"), "parameter_absent", 400),
    ],
)
async def test_a_route_that_needs_a_caller_answers_a_stranger_by_the_problem_that_fits(
    oauth1: OAuth1World, request_: Request, code: str, status: int
) -> None:
    """Product §5."""
    with pytest.raises(OAuth1RefusedError) as refused:
        check_caller_may(None, "issues:read", request=request_, side=oauth1.side)
    assert (refused.value.code, refused.value.status) == (code, status)


async def test_an_access_token_in_the_query_is_refused_beside_a_signature_too(oauth1: OAuth1World) -> None:
    """Security RS-21."""
    await oauth1.change_client(oauth1={"two_legged": True, "execute_as": "2"})
    request = oauth1.sign_call("/api/issues?access_token=x")
    caller = await authenticate(request, side=oauth1.side)
    with pytest.raises(RefusedError) as refused:
        check_caller_may(caller, "issues:read", request=request, side=oauth1.side)
    assert refused.value.code == "invalid_request"


NAMES = st.sampled_from(
    [
        *("oauth_consumer_key", "oauth_token", "oauth_signature_method", "oauth_signature", "oauth_timestamp"),
        *("oauth_nonce", "oauth_version", "oauth_callback", "realm", "xoauth_requestor_id", "user_id", "a", ""),
    ]
)
VALUES = st.one_of(
    st.sampled_from(
        [KEY_CLIENT, SECRET_CLIENT, "HMAC-SHA1", "RSA-SHA1", "PLAINTEXT", "1800000000", "1.0", "alo_1", "%"]
    ),
    st.text(st.characters(max_codepoint=255, exclude_characters="\r\n"), max_size=20),
)
PAIRS = st.lists(st.tuples(NAMES, VALUES), max_size=9)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(header=PAIRS, query=PAIRS, body=PAIRS, quote=st.sampled_from(['"', ""]), form=st.booleans())
async def test_nothing_that_is_sent_ends_in_anything_but_a_refusal(
    oauth1: OAuth1World,
    header: list[tuple[str, str]],
    query: list[tuple[str, str]],
    body: list[tuple[str, str]],
    quote: str,
    form: bool,
) -> None:
    """House §7: no input gives a 5xx."""
    value = "OAuth " + ", ".join(f"{name}={quote}{text}{quote}" for name, text in header)
    headers = (("Authorization", value),) if header else ()
    request = Request(
        method="POST",
        url=f"{BASE}/api?" + "&".join(f"{name}={text}" for name, text in query),
        headers=(*headers, ("Content-Type", FORM)),
        body="&".join(f"{name}={text}" for name, text in body).encode("latin-1"),
    )

    async def ask_for_a_route() -> None:
        caller = await authenticate(request, side=oauth1.side, source=str(hash(value)), form=form)
        check_caller_may(caller, "issues:read", request=request, side=oauth1.side)

    assert (await get_refusal(ask_for_a_route())).status in {400, 401, 429}
