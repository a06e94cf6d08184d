"""
A client of OAuth 1.0a as a card to fill in: when it is made, and when it is changed.

Administrators know these fields from Data Center applications, under the names in brackets.
"""

from collections.abc import Mapping, Sequence

from applinks.administration.values import LONGEST_CLIENT_ID, LONGEST_DESCRIPTION, LONGEST_NAME, LONGEST_SECRET
from applinks.records.scopes import Scope
from applinks.web.pages.links.hand.views import HandSide, Section
from applinks.web.pages.links.oauth1.values import ClientValues
from applinks.web.pages.views import Choice, Field
from applinks.wire.linking.terms import Level
from applinks.wire.oauth1.signature import SignatureMethod
from applinks.words import gettext as _
from applinks.words import say_client_id, say_level


def build_client_side(
    values: ClientValues,
    scopes: Sequence[Scope],
    *,
    us: str,
    them: str,
    is_new: bool = True,
    is_only: bool = False,
    problems: Mapping[str, str],
) -> HandSide:
    """Give the card of a client that calls us; ``is_only``: it cannot be left out."""
    enabled = Choice(
        field="enable_in",
        value="1",
        label=_("{them} may call {us}").format(us=us, them=them),
        hint=_("It signs each call, by its key or by a secret"),
        checked=values.is_enabled,
    )
    return HandSide(
        direction="in",
        title=_("Incoming: {them} calls {us}").format(us=us, them=them),
        who=_("{server} is the service provider, {caller} the consumer.").format(server=us, caller=them),
        enabled=None if is_only else enabled,
        sections=(
            _build_identity(values, problems, us=us, them=them, is_new=is_new),
            _build_proof(values, problems, them=them),
            _build_methods(values, problems),
            _build_users(values, problems, them=them),
            _build_scopes(values, scopes, problems),
            _build_alone(values, problems, us=us),
            _build_impersonation(values, problems),
        ),
    )


def _build_identity(values: ClientValues, problems: Mapping[str, str], *, us: str, them: str, is_new: bool) -> Section:
    key = Field(
        name="key",
        label=say_client_id("oauth1"),
        kind="code",
        value=values.key,
        longest=LONGEST_CLIENT_ID,
        hint=_("What {them} calls itself in each call").format(them=them),
        problem=problems.get("key", ""),
        is_required=True,
    )
    description = Field(
        name="description",
        label=_("Description of the client (consumer)"),
        value=values.description,
        longest=LONGEST_DESCRIPTION,
        hint=_("For administrators: what it is, and whom to ask. It may stay empty."),
        problem=problems.get("description", ""),
    )
    if is_new:
        return Section(name="identity", title=_("Who calls"), fields=(key, description))
    name = Field(
        name="name",
        label=_("Client name (consumer name)"),
        value=values.name,
        longest=LONGEST_NAME,
        hint=_("Users of {us} read it when they are asked for access.").format(us=us),
        problem=problems.get("name", ""),
        is_required=True,
    )
    return Section(name="identity", title=_("Who calls"), fields=(name, description))


def _build_proof(values: ClientValues, problems: Mapping[str, str], *, them: str) -> Section:
    return Section(
        name="proof",
        title=_("How it proves itself"),
        hint=_("By its public key, or by a secret that both know: one of the two is enough."),
        first=(
            Field(
                name="public_key",
                label=_("Public key"),
                kind="lines",
                value=values.public_key,
                hint=_("As PEM, as a certificate, or as bare base64; never the private key"),
                problem=problems.get("public_key", ""),
            ),
            Field(
                name="shared_secret",
                label=_("Shared secret"),
                kind="secret",
                longest=LONGEST_SECRET,
                placeholder=_("kept; type another one to replace it") if values.has_secret else "",
                hint=_("It is sealed, and never shown again"),
                problem=problems.get("shared_secret", ""),
            ),
        ),
        choices=(
            Choice(
                field="makes_secret",
                value="1",
                label=_("Make a shared secret"),
                hint=_("It is shown once, to be entered at {them}").format(them=them),
                checked=values.makes_secret,
            ),
        ),
    )


def _build_methods(values: ClientValues, problems: Mapping[str, str]) -> Section:
    return Section(
        name="methods",
        title=_("Signature methods"),
        hint=_("None ticked: RSA where it has a key, HMAC where it has a secret. PLAINTEXT sends the secret itself."),
        problem=problems.get("method", ""),
        is_dense=True,
        is_seldom=True,
        choices=tuple(
            Choice(field="method", value=each.value, label=each.value, checked=each.value in values.methods)
            for each in SignatureMethod
        ),
    )


def _build_users(values: ClientValues, problems: Mapping[str, str], *, them: str) -> Section:
    return Section(
        name="users",
        title=_("For users who say yes"),
        problem=problems.get("three_legged", ""),
        choices=(
            Choice(
                field="three_legged",
                value="1",
                label=_("Users may give it access"),
                hint=_("Three-legged: each user is asked"),
                checked=values.three_legged,
            ),
            Choice(
                field="out_of_band",
                value="1",
                label=_("A code may be typed instead"),
                hint=_("For a program that no browser can return to (callback “oob”)"),
                checked=values.out_of_band,
            ),
            Choice(
                field="dialect_1_0",
                value="1",
                label=_("Allow the 1.0 dialect"),
                hint=_(
                    "Without callback and verifier, which were added for safety: only where {them} knows no better"
                ).format(them=them),
                checked=values.dialect_1_0,
            ),
        ),
        fields=(
            Field(
                name="callback",
                label=_("Callback URL (consumer callback URL)"),
                kind="code",
                value=values.callback,
                hint=_("Where users come back to. Without one, users type a code, or it only calls for itself."),
                problem=problems.get("callback", ""),
            ),
        ),
    )


def _build_scopes(values: ClientValues, scopes: Sequence[Scope], problems: Mapping[str, str]) -> Section:
    return Section(
        name="scopes-in",
        title=_("May do"),
        problem=problems.get("scope", ""),
        choices=tuple(
            Choice(
                field="scope",
                value=scope.name,
                label=scope.description,
                hint=scope.name,
                checked=scope.name in values.scopes,
            )
            for scope in scopes
        ),
    )


def _build_alone(values: ClientValues, problems: Mapping[str, str], *, us: str) -> Section:
    return Section(
        name="alone",
        is_seldom=True,
        title=_("Without asking a user"),
        choices=(
            Choice(
                field="two_legged",
                value="1",
                label=_("Allow two-legged OAuth"),
                hint=_("It calls without a user’s consent, always as the one user below"),
                checked=values.two_legged,
            ),
        ),
        fields=(
            Field(
                name="execute_as",
                label=_("Execute as"),
                kind="code",
                value=values.execute_as,
                hint=_("Log-in name of a user of {us}, who may be no administrator").format(us=us),
                problem=problems.get("execute_as", ""),
            ),
        ),
    )


def _build_impersonation(values: ClientValues, problems: Mapping[str, str]) -> Section:
    return Section(
        name="impersonation",
        is_seldom=True,
        title=say_level(Level.IMPERSONATION.value),
        choices=(
            Choice(
                field="impersonation",
                value="1",
                label=_("Allow user impersonation"),
                hint=_("It names the user as whom it calls, and nobody is asked: only for one that you run yourself"),
                checked=values.impersonation,
            ),
            Choice(
                field="protects_administrators",
                value="1",
                label=_("Never as an administrator or auditor"),
                checked=values.protects_administrators,
                is_usual=True,
            ),
        ),
        fields=(
            Field(
                name="protected_users",
                label=_("Never as these users"),
                kind="code",
                value=values.protected_users,
                hint=_("Log-in names, with commas between them"),
                problem=problems.get("protected_users", ""),
            ),
            Field(
                name="protected_groups",
                label=_("Never as users of these groups"),
                kind="code",
                value=values.protected_groups,
                hint=_("Names of groups, with commas between them"),
                problem=problems.get("protected_groups", ""),
            ),
        ),
    )
