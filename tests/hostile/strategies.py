"""Requests that keep to no rule: what is right beside what is wrong, so that they get past the first check."""

import functools
import itertools
from base64 import b64encode
from typing import Any
from urllib.parse import quote_from_bytes

from hypothesis import strategies as st

from applinks.records.users import User
from applinks.wire.jose import sign_jwt
from applinks.wire.linking.messages import ANSWER_TYP, PROPOSAL_TYP, STATEMENT_TYP
from applinks.wire.oauth2.assertions import CLIENT_ASSERTION_TYP, CLIENT_ASSERTION_TYPE
from applinks.wire.oauth2.pkce import compute_code_challenge
from tests.hostile.site import (
    ALICE,
    BASE,
    DESKTOP_LINK,
    LINK,
    PEER,
    PEER_CLIENT,
    PEER_REDIRECT,
    PUBLIC_CLIENT,
    PUBLIC_REDIRECT,
    ROBIN,
    VERIFIER,
    Header,
    Sent,
    Site,
)
from tests.incoming.world import SECRET_CLIENT, SECRETS, publish

BASIC = "Basic " + b64encode(f"{SECRET_CLIENT}:{SECRETS[SECRET_CLIENT]}".encode()).decode()
METHODS = ("GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "get", "BREW")
FIELDS = (
    *("grant_type", "code", "redirect_uri", "code_verifier", "refresh_token", "client_id", "client_secret"),
    *("client_assertion", "client_assertion_type", "token", "token_type_hint", "scope", "resource", "access_token"),
    *("response_type", "code_challenge", "code_challenge_method", "state", "iss", "error", "error_description"),
    *("request", "response", "return_to", "q", "url", "offer", "private", "propose", "in", "in_app", "out"),
    *("out_app", "in_off", "out_off", "approve", "deny", "reason", "enabled", "user", "application", "grant"),
    *("link", "revoke", "delete", "pause", "shown", "", "\0"),
)
VALUES = (
    *("1", "", "code", "S256", "plain", "authorization_code", "refresh_token", "client_credentials", "none"),
    *("issues:read", "issues:read issues:write", "issues:read  issues:read", LINK, DESKTOP_LINK, "start", "a", "/"),
    *(
        SECRET_CLIENT,
        SECRETS[SECRET_CLIENT],
        PUBLIC_CLIENT,
        PEER_CLIENT,
        PUBLIC_REDIRECT,
        PEER_REDIRECT,
        BASE,
        PEER,
        f"{BASE}/notes",
        VERIFIER,
    ),
    *(
        CLIENT_ASSERTION_TYPE,
        compute_code_challenge(VERIFIER),
        "https://new.example/x/y",
        "http://127.0.0.1:1",
        "con_alice",
    ),
    *("//evil.example", "\\\\evil", "javascript:alert(1)", "https://[::1", "https://xn--a.example:99999", "9" * 40),
    *(
        "\ud800",
        "\0",
        "é",
        "\r\nX-Evil: 1",
        "☃" * 3000,
        "-1",
        "1e999",
        "null",
        "ala_1_",
        "%00",
        "..",
        "../../etc/passwd",
    ),
)
HEADERS = (
    *("authorization", "cookie", "content-type", "content-length", "origin", "sec-fetch-site", "host", "accept"),
    *("x-forwarded-host", "forwarded", "transfer-encoding", "expect", "range", "if-none-match", "content-encoding"),
    *("x-applinks-user", "upgrade", "accept-language", "referer", "user-agent"),
)
BEARERS = (
    *("Bearer", "Bearer ", "bearer ala_", "Bearer ala_1_x", "Bearer  ala_zzzzzzzzzzz_" + "A" * 43 + "_000000"),
    *("Bearer alr_1_" + "A" * 43 + "_000000", "BearerX ala_1", "Basic !!!", "Basic Og==", "Digest a=b", "OAuth x"),
    *(BASIC, BASIC.lower(), f"{BASIC}, {BASIC}", BASIC + "=", "Basic " + "QTpC" * 3000, "Basic AAAA", "Basic /////w=="),
    *("DPoP ala_1_x", "Bearer a b c", "Negotiate", "Bearer ala_\xff", "\xff\xfe", "Bearer " + "a" * 9000),
)
TYPES = (
    *("application/x-www-form-urlencoded", "application/json", "multipart/form-data; boundary=x", "application/jwt"),
    *("text/plain", "application/x-www-form-urlencoded;charset=utf-16", "", "/", "\xff", "a" * 5000),
)

# By a part of the path: the fields that belong there, each with its good values.
RIGHT = {
    "/token": {
        "grant_type": "authorization_code|refresh_token|client_credentials",
        "client_id": PUBLIC_CLIENT,
        "redirect_uri": PUBLIC_REDIRECT,
        "code_verifier": VERIFIER,
        "code": "alc_1_x",
        "refresh_token": "alr_1_x",
    },
    "/introspect": {
        "token": "ala_1_x",
        "client_id": SECRET_CLIENT,
        "client_secret": SECRETS[SECRET_CLIENT],
        "token_type_hint": "access_token|refresh_token",
    },
    "/revoke": {"token": "ala_1_x", "client_id": PUBLIC_CLIENT, "token_type_hint": "access_token|refresh_token"},
    "/authorize": {
        "response_type": "code",
        "client_id": f"{PUBLIC_CLIENT}|{PEER_CLIENT}",
        "redirect_uri": f"{PUBLIC_REDIRECT}|{PEER_REDIRECT}",
        "code_challenge": compute_code_challenge(VERIFIER),
        "code_challenge_method": "S256",
        "scope": "issues:read|issues:read issues:write",
        "state": "s",
    },
    "/link/callback": {"response": "a.b.c"},
    "/callback/": {"code": "c", "state": "s", "iss": PEER},
    "/connect/": {"return_to": "/|/a"},
    "/link": {"request": "a.b.c"},
    "/new": {"url": f"https://new.example|{PEER}|{BASE}", "propose": "1", "private": "1", "in": "issues:read"},
    "/incoming": {"enabled": "1", "user": "issues:read", "application": "issues:read"},
    "/outgoing": {"enabled": "1", "user": "issues:read", "application": "issues:read"},
}

texts = st.sampled_from(VALUES) | st.text(max_size=60)
names = st.sampled_from(FIELDS)


def encode(text: str) -> str:
    return quote_from_bytes(text.encode("utf-8", "surrogatepass"), safe="/:")


def format_pairs(pairs: list[tuple[str, str]]) -> bytes:
    return "&".join(f"{encode(name)}={encode(value)}" for name, value in pairs).encode()


@functools.cache
def make_claims() -> st.SearchStrategy[dict[str, Any]]:
    """Claims of our messages, with what each has to be and with what none may be."""
    now = 1_800_000_000
    anything = (
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.sampled_from(VALUES[:-13])
    )
    nested = st.recursive(
        anything, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3)
    )
    right = {
        "ver": 1,
        "iss": PEER,
        "aud": BASE,
        "iat": now,
        "exp": now + 100,
        "jti": "j" * 22,
        "link": LINK,
        "seq": 3,
        "peer_seq": 0,
        "state": "in_force",
        "agreed": {"revision": 1, "answer": "d"},
        "pending": None,
        "paused": False,
        "allows": {"user_scopes": ["issues:read"], "application_scopes": []},
        "keys": ["k" * 43],
        "peer_keys": ["k" * 43],
        "check": "passed",
        "sub": PEER_CLIENT,
        "revision": 1,
        "terms": {"access": []},
        "decision": "approved",
        "proposal": "p" * 43,
        "base": None,
    }
    wrong = st.dictionaries(st.sampled_from(list(right)), nested, max_size=2)
    missing = st.sets(st.sampled_from(list(right)), max_size=2)
    return st.builds(
        lambda wrong, missing: {name: value for name, value in (right | wrong).items() if name not in missing},
        wrong,
        missing,
    )


@st.composite
def signed(draw: st.DrawFn, key: dict[str, Any]) -> str:
    """A message that the peer really signed, whatever it says, or a little changed afterwards."""
    typ = draw(st.sampled_from((PROPOSAL_TYP, ANSWER_TYP, STATEMENT_TYP, CLIENT_ASSERTION_TYP, "JWT")))
    claims = draw(make_claims())
    if typ == CLIENT_ASSERTION_TYP and draw(st.booleans()):
        claims |= {"iss": PEER_CLIENT, "sub": PEER_CLIENT}
    text = sign_jwt(claims, typ=typ, private_key=key, algorithm="ES256", kid=publish(key)["kid"])
    if draw(st.integers(0, 4)):
        return text
    cut = draw(st.integers(0, len(text)))
    return text[:cut] + draw(st.sampled_from(("", ".", "=", "é", "A"))) + text[cut + 1 :]


@st.composite
def requests(
    draw: st.DrawFn, path: str, *, site: Site, user: User | None, token: str, secrets: tuple[str, ...]
) -> Sent:
    """
    A request to a path.

    ``token`` is that of the user's forms, and ``secrets`` are tokens that are good: both are sometimes sent.
    """
    posted = ("/token", "/revoke", "/introspect", "/statement")
    likely = ("POST",) * 8 if path.endswith(posted) else ("POST", "GET") * 4
    method = draw(st.sampled_from(likely + METHODS))
    values = texts | signed(site.key) | st.sampled_from(secrets)
    pairs = st.lists(st.tuples(names | st.text(max_size=5), values), max_size=6) | _nearly_right(path, values)
    form, query = draw(pairs), draw(st.just(b"") | pairs.map(format_pairs) | st.binary(max_size=40))
    with_token = user is not None and draw(st.integers(0, 3))
    if with_token:
        form = [*form, ("csrf_token", token)]
    body, content_type = draw(_bodies(format_pairs(form), values, has_token=bool(with_token)))
    if path.endswith("/statement") and draw(st.booleans()):
        method, body, content_type = "POST", draw(signed(site.key)).encode(), "application/jwt"
    given = draw(
        st.lists(st.tuples(st.sampled_from(HEADERS), st.text(max_size=20) | st.sampled_from(VALUES)), max_size=3)
    )
    headers: list[Header] = [(name.encode(), value.encode("utf-8", "surrogatepass")) for name, value in given]
    if draw(st.integers(0, 4)) == 0:
        bearers = st.sampled_from((*BEARERS, *(f"Bearer {secret}" for secret in secrets)))
        headers += [(b"authorization", draw(bearers).encode("latin-1")) for _ in range(draw(st.integers(1, 2)))]
    if draw(st.integers(0, 9)):
        headers = [*site.identify(user), *headers]
        headers += [(b"sec-fetch-site", b"same-origin"), (b"content-type", content_type.encode("latin-1"))]
    return Sent(
        method=method,
        path=path,
        query=query,
        headers=tuple(headers),
        parts=draw(_split(body)),
        breaks_off=draw(st.integers(0, 9)) == 0,
    )


@st.composite
def _nearly_right(draw: st.DrawFn, path: str, values: st.SearchStrategy[str]) -> list[tuple[str, str]]:
    """What this address wants to hear, save for one or two things."""
    end = next((end for end in RIGHT if end in path), "")
    right = {name: draw(st.sampled_from(found.split("|"))) for name, found in RIGHT.get(end, {}).items()}
    wrong = draw(st.dictionaries(st.sampled_from(list(right) or ["q"]), values, max_size=2))
    left_out = draw(st.none() | st.sampled_from(list(right) or ["q"]))
    return [(name, value) for name, value in (right | wrong).items() if name != left_out]


@st.composite
def _bodies(draw: st.DrawFn, form: bytes, values: st.SearchStrategy[str], *, has_token: bool) -> tuple[bytes, str]:
    if has_token or draw(st.booleans()):
        return form, TYPES[0]
    if draw(st.booleans()):
        return draw(values).encode("utf-8", "surrogatepass"), "application/jwt"
    odd = st.binary(max_size=80) | st.sampled_from(
        (
            b"[" * 5000,
            b'{"a":1,"a":2}',
            b"--x\r\n\r\n\r\n--x--",
            b"=" * 70_000,
            b"a=1&" * 30_000,
            b"%" * 50,
            b"\xff=\xff",
        )
    )
    return draw(odd), draw(st.sampled_from(TYPES))


@st.composite
def _split(draw: st.DrawFn, body: bytes) -> tuple[bytes, ...]:
    cuts = sorted(draw(st.lists(st.integers(0, len(body)), max_size=3)))
    edges = [0, *cuts, len(body)]
    return tuple(body[start:end] for start, end in itertools.pairwise(edges))


WHO = {"nobody": None, "user": ALICE, "administrator": ROBIN}
