"""Values of the wire, made up by Hypothesis."""

from hypothesis import strategies as st

from applinks.wire.linking.answer import Answer, Decision
from applinks.wire.linking.manifest import Manifest, ManifestScope, OAuth1Manifest
from applinks.wire.linking.proposal import Proposal
from applinks.wire.linking.statement import PendingState, SaidAgreed, SaidPending, Statement, StatementState
from applinks.wire.linking.terms import Access, Allows, Level, Terms

BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
SCOPE_CHARACTERS = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) not in '"\\')

# What strict JSON can hold: text without NUL and lone surrogates, integers of twenty digits, finite numbers.
texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**18), 10**18)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)
json_objects = st.dictionaries(texts, json_values, max_size=6)

labels = st.from_regex(r"[a-z]([a-z0-9-]{0,10}[a-z0-9])?", fullmatch=True)
hosts = st.builds(".".join, st.lists(labels, min_size=1, max_size=4))
segments = st.from_regex(r"[A-Za-z0-9_~!$&'()*+,;=:@-]{1,8}", fullmatch=True)
ports = st.none() | st.integers(1, 65535).filter(lambda port: port not in {80, 443})


@st.composite
def base_urls(draw):
    port = draw(ports)
    path = "".join("/" + segment for segment in draw(st.lists(segments, max_size=3)))
    return f"https://{draw(hosts)}{'' if port is None else f':{port}'}{path}"


thumbprints = st.text(BASE62 + "-_", min_size=43, max_size=43)
link_ids = st.builds(lambda text: "lnk_" + text, st.text(BASE62, min_size=22, max_size=22))
digests = thumbprints
scope_names = st.text(SCOPE_CHARACTERS, min_size=1, max_size=12)
scope_lists = st.lists(scope_names, unique=True, max_size=4).map(tuple)
sequences = st.integers(0, (1 << 53) - 1)
# The first letter is one that can be seen: some letters of Hangul and Braille are as blank as a space.
shown = st.builds(
    str.__add__,
    st.characters(categories=["L", "N"], exclude_characters="\u115f\u1160\u2800\u3164\uffa0"),
    st.text(st.characters(categories=["L", "N", "P", "Zs"]), max_size=39),
)

manifest_scopes = st.lists(
    st.builds(ManifestScope, name=scope_names, description=shown, application=st.booleans()),
    max_size=4,
    unique_by=lambda scope: scope.name,
).map(tuple)


@st.composite
def manifests(draw):
    url = draw(base_urls())
    protocols = draw(st.sampled_from([("oauth2",), ("oauth1",), ("oauth1", "oauth2")]))
    oauth1 = OAuth1Manifest(
        consumer_key=draw(st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=255)),
        **{
            name: f"{url}/{draw(segments)}"
            for name in ("jwks_uri", "request_token_uri", "authorize_uri", "access_token_uri")
        },
    )
    return Manifest(
        id="urn:uuid:" + str(draw(st.uuids())),
        name=draw(shown),
        kind=draw(st.just("") | shown),
        version=draw(st.just("") | shown),
        url=url,
        issuer=url,
        resource=url,
        redirect_uri_base=url + draw(st.sampled_from(["/cb", "/cb/"])),
        **{
            name: f"{url}/{draw(segments)}"
            for name in (
                *("jwks_uri", "client_id", "link_endpoint"),
                *("link_callback_endpoint", "link_statement_endpoint", "check_endpoint"),
            )
        },
        protocols=protocols,
        levels=draw(st.sampled_from([("oauth",), ("oauth", "impersonation")])),
        directions=draw(st.sampled_from([(), ("incoming",), ("outgoing", "incoming")])),
        scopes=draw(manifest_scopes),
        extensions=draw(st.lists(shown, max_size=2).map(tuple)),
        oauth1=oauth1 if "oauth1" in protocols else draw(st.sampled_from([None, oauth1])),
    )


allowances = st.builds(Allows, user_scopes=scope_lists, application_scopes=scope_lists)
accesses = st.builds(
    Access,
    from_url=base_urls(),
    to_url=base_urls(),
    protocols=st.sampled_from([("oauth2",), ("oauth1",), ("oauth1", "oauth2"), ("oauth2", "oauth1")]),
    level=st.sampled_from([Level.OAUTH, Level.IMPERSONATION]),
    user_scopes=scope_lists,
    application_scopes=scope_lists,
)
terms = st.lists(accesses, min_size=1, max_size=2, unique_by=lambda each: (each.from_url, each.to_url)).map(
    lambda found: Terms(access=tuple(found))
)
keys = st.lists(thumbprints, min_size=1, max_size=4).map(tuple)
reasons = st.text("abcdefghijklmnopqrstuvwxyz_", min_size=1, max_size=40)


@st.composite
def common(draw, *, jti=None):
    link = draw(link_ids)
    return {
        "issuer": draw(base_urls()),
        "audience": draw(base_urls()),
        "issued_at": draw(sequences),
        "expires_at": draw(sequences),
        "jti": link if jti == "link" else draw(st.text(BASE62 + "-_", min_size=22, max_size=64)),
        "link": link,
    }


@st.composite
def proposals(draw):
    is_first = draw(st.booleans())
    return Proposal(
        **draw(common(jti="link" if is_first else None)),
        revision=1 if is_first else draw(st.integers(2, 1000)),
        terms=draw(terms),
        peer_keys=draw(keys),
        base=None if is_first else draw(digests),
    )


@st.composite
def answers(draw):
    about = draw(common()) | {"revision": draw(st.integers(1, 1000)), "proposal": draw(digests)}
    if draw(st.booleans()):
        return Answer(**about, decision=Decision.REFUSED, reason=draw(reasons))
    return Answer(**about, decision=Decision.APPROVED, terms=draw(terms), peer_keys=draw(keys), seq=draw(sequences))


@st.composite
def statements(draw):
    state = draw(st.sampled_from(StatementState))
    agreed = st.builds(SaidAgreed, revision=st.integers(1, 1000), answer=digests)
    pending = st.builds(SaidPending, revision=st.integers(1, 1000), state=st.sampled_from(PendingState), answer=digests)
    return Statement(
        **draw(common()),
        seq=draw(sequences),
        peer_seq=draw(sequences),
        state=state,
        agreed=draw(
            {
                StatementState.LINKING: st.none(),
                StatementState.IN_FORCE: agreed,
                StatementState.ENDED: st.none() | agreed,
            }[state]
        ),
        pending=draw(st.none() | pending),
        paused=draw(st.booleans()),
        allows=draw(st.none() | allowances),
        keys=draw(keys),
        peer_keys=draw(keys),
        check=draw(st.sampled_from(["passed", "pending", "none"]) | reasons.map(lambda code: "failed:" + code)),
        in_reply_to=draw(st.just("") | digests),
        reason=draw(st.sampled_from(["deleted", "expired", "not_heard"])) if state is StatementState.ENDED else "",
    )
