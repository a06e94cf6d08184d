"""
What we are at a server of OAuth 1.0a as a card to fill in: when it is made, and when it is changed.

Administrators know these fields from Data Center applications, under the names in brackets.
"""

from collections.abc import Mapping

from applinks.administration.values import LONGEST_CLIENT_ID, LONGEST_DESCRIPTION, LONGEST_SECRET
from applinks.web.pages.links.hand.sides import build_outgoing_switch
from applinks.web.pages.links.hand.views import HandSide, Section
from applinks.web.pages.links.oauth1.forms import METHODS
from applinks.web.pages.links.oauth1.values import ServerValues
from applinks.web.pages.views import Choice, Field
from applinks.wire.linking.terms import Level
from applinks.words import gettext as _
from applinks.words import say_level


def build_server_side(
    values: ServerValues,
    *,
    us: str,
    them: str,
    kind: str = "",
    is_new: bool = True,
    is_only: bool = False,
    problems: Mapping[str, str],
) -> HandSide:
    """Give the card of what we are at a server; ``is_only``: it is what the page is for, and cannot be left out."""
    enabled = build_outgoing_switch(us=us, them=them, is_new=is_new, checked=values.is_enabled)
    return HandSide(
        direction="out",
        title=_("Outgoing: {us} calls {them}").format(us=us, them=them),
        who=_("{server} is the service provider, {caller} the consumer.").format(server=them, caller=us),
        enabled=None if is_only else enabled,
        sections=(
            Section(
                name="server-urls",
                title=_("Where it answers"),
                hint=_("Whole addresses, or paths below the address of {them}.").format(them=them),
                fields=_list_urls(values, problems),
            ),
            Section(
                name="server-proof",
                title=_("How we prove ourselves"),
                hint=_("By our key, with the name below; or by a key and a secret that {them} gives.").format(
                    them=them
                ),
                fields=_list_credentials(values, problems, us=us),
            ),
            Section(name="server-level", title=_("Level"), fields=(_build_level(values, us=us),)),
            _build_application(values, problems, kind=kind, is_new=is_new),
        ),
    )


def build_display_url(values: ServerValues, problems: Mapping[str, str]) -> Field:
    """Give the field for where browsers go."""
    return Field(
        name="display_url",
        label=_("Display URL"),
        kind="code",
        value=values.display_url,
        hint=_("Where browsers open it, if that is another address than the one that is called. It may stay empty."),
        problem=problems.get("display_url", ""),
    )


def _build_application(values: ServerValues, problems: Mapping[str, str], *, kind: str, is_new: bool) -> Section:
    primary = Choice(
        field="is_primary",
        value="1",
        label=_("Primary of its type"),
        hint=_("The first choice where several linked applications are of the type {kind}").format(kind=kind),
        checked=values.is_primary,
    )
    description = Field(
        name="server_description",
        label=_("Description of the service provider"),
        value=values.description,
        longest=LONGEST_DESCRIPTION,
        hint=_("For administrators: what it is, and whom to ask. It may stay empty."),
        problem=problems.get("server_description", ""),
    )
    return Section(
        name="application",
        title=_("The application"),
        first=(description,) if is_new else (build_display_url(values, problems), description),
        choices=(primary,) if kind and not is_new else (),
    )


def _list_urls(values: ServerValues, problems: Mapping[str, str]) -> tuple[Field, ...]:
    labels = {
        "temporary": _("Request token URL"),
        "token": _("Access token URL"),
        "authorization": _("Authorize URL"),
    }
    return tuple(
        Field(
            name=f"{name}_endpoint",
            label=label,
            kind="code",
            value=values.endpoints.get(name, ""),
            problem=problems.get(f"{name}_endpoint", ""),
            is_required=True,
        )
        for name, label in labels.items()
    )


def _list_credentials(values: ServerValues, problems: Mapping[str, str], *, us: str) -> tuple[Field, ...]:
    return (
        Field(
            name="client_id",
            label=_("Our client key (consumer key)"),
            kind="code",
            longest=LONGEST_CLIENT_ID,
            value=values.client_id,
            hint=_("With our key it is the name of {us}, which is entered there").format(us=us),
            problem=problems.get("client_id", ""),
        ),
        Field(
            name="signature_method",
            label=_("Signature method"),
            kind="select",
            options=tuple(
                Choice(
                    label=_("{method}, by our key").format(method=each.value)
                    if each.is_rsa
                    else _("{method}, by the shared secret").format(method=each.value),
                    value=each.value,
                    checked=each.value == values.method,
                )
                for each in METHODS
            ),
            problem=problems.get("signature_method", ""),
        ),
        Field(
            name="client_secret",
            label=_("Our shared secret"),
            kind="secret",
            longest=LONGEST_SECRET,
            placeholder=_("kept; type another one to replace it") if values.has_secret else "",
            hint=_("It is sealed, and never shown again"),
            problem=problems.get("client_secret", ""),
        ),
    )


def _build_level(values: ServerValues, *, us: str) -> Field:
    levels = (Level.OAUTH, Level.IMPERSONATION)
    return Field(
        name="out_level",
        label=_("How {us} calls for a user").format(us=us),
        kind="select",
        hint=_(
            "With impersonation it names the user, whom nobody asks: both applications have to know the same users."
        ),
        options=tuple(
            Choice(label=say_level(each.value), value=each.value, checked=each.value == values.level) for each in levels
        ),
    )
