"""A message whose sender says something else than the product would, and signs it."""

from applinks.wire.jose import parse_jwt
from applinks.wire.linking.messages import ANSWER_TYP, PROPOSAL_TYP
from tests.linking.world import Application


async def resign(jwt: str, application: Application, *, typ: str, **changes: object) -> str:
    """Change claims of a message and sign it anew with its sender's own key."""
    parsed = parse_jwt(jwt, limit=10_000, typ=frozenset({PROPOSAL_TYP, ANSWER_TYP}))
    claims = {**parsed.unverified_claims, **changes}
    return await application.linking.sign({k: v for k, v in claims.items() if v is not None}, typ=typ)
