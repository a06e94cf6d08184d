"""The token endpoint on arbitrary input: an answer or a refusal, and nothing else."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from applinks.errors import RefusedError
from applinks.incoming.oauth2.revocation import answer_revocation_request
from applinks.incoming.oauth2.token_request import answer_token_request
from applinks.wire.forms import format_form
from applinks.wire.http import Request
from tests.incoming.world import PEER_CLIENT, PUBLIC_CLIENT, SOURCE, TOKEN_URL, World, open_world

NAMES = (
    "grant_type",
    "code",
    "redirect_uri",
    "code_verifier",
    "refresh_token",
    "scope",
    "resource",
    "client_id",
    "client_secret",
    "client_assertion",
    "client_assertion_type",
    "token",
)
VALUES = st.one_of(
    st.text(max_size=60),
    st.sampled_from(
        ["authorization_code", "refresh_token", "client_credentials", PUBLIC_CLIENT, PEER_CLIENT, "issues:read"]
    ),
    st.sampled_from(
        ["urn:ietf:params:oauth:client-assertion-type:jwt-bearer", "e30.e30.e30", "alr_1_" + "a" * 43 + "_000000"]
    ),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=9),
        lambda x: st.lists(x) | st.dictionaries(st.text(max_size=5), x),
    ).map(json.dumps),
)
PAIRS = st.lists(
    st.tuples(st.sampled_from(NAMES) | st.text(max_size=9), VALUES), max_size=8, unique_by=lambda pair: pair[0]
)
BODIES = st.one_of(st.binary(max_size=200), PAIRS.map(lambda pairs: format_form(pairs).encode()))
HEADERS = st.lists(
    st.tuples(st.sampled_from(["content-type", "authorization", "Content-Type", "x"]), st.text(max_size=40)), max_size=3
)


def is_answered(world: World, request: Request) -> bool:
    async def run() -> None:
        for answer in (answer_token_request, answer_revocation_request):
            try:
                response = await answer(request, source=SOURCE, side=world.side)
            except RefusedError as refusal:
                if not (400 <= refusal.status < 500 and refusal.description and refusal.code):
                    raise AssertionError(refusal.description) from refusal
            else:
                assert response.status == 200

    asyncio.run(run())
    return True


def test_no_body_and_no_header_ends_in_anything_but_a_refusal(tmp_path: Path) -> None:
    """Ours: no input gives a 5xx."""
    world = asyncio.run(open_world(tmp_path))
    form = (("Content-Type", "application/x-www-form-urlencoded"),)

    @given(body=BODIES, headers=HEADERS, proved=st.booleans())
    def check(body: bytes, headers: list[tuple[str, str]], proved: bool) -> None:
        request = Request(method="POST", url=TOKEN_URL, headers=form, body=body)
        proof: dict[str, Any] = world.prove(PEER_CLIENT) if proved else {}
        assert is_answered(world, replace(request, body=body + b"&" + format_form(proof.items()).encode()))
        assert is_answered(world, replace(request, headers=(*form, *headers)))
        assert is_answered(world, replace(request, headers=tuple(headers)))

    check()
    asyncio.run(world.storage.close())
