"""What is wrong with a form about a link by hand, and how the form comes again with it."""

from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, field

from starlette.responses import Response

from applinks.administration.values import InvalidValueError
from applinks.linking.errors import LinkingError
from applinks.web.pages.confirmation import list_typed_secrets
from applinks.web.pages.links.hand.views import AnyPage, place_problems
from applinks.web.pages.visit import Visit
from applinks.wire.forms import Form
from applinks.words import gettext as _
from applinks.words import say_refusal

# Refusals that are about what was typed: the form comes again.
_ABOUT_THE_FORM = frozenset({"duplicate_link", "self_link"})
# What administration calls a value, where the form calls it otherwise.
_FIELDS = {
    "scopes": "scope",
    "incoming_scopes": "scope",
    "outgoing_scopes": "out_scopes",
    "application_scopes": "out_scopes",
    "methods": "method",
}
_BAD_REQUEST = 400


@dataclass(slots=True, kw_only=True)
class Problems:
    """
    What is wrong.

    Attributes:
        fields: by field; ``problem`` is what is wrong with none of them.
        standing_url: the link that stands in the way.
        token_host: the one that has to be looked at first.
    """

    fields: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""
    standing_url: str = ""
    token_host: str = ""

    def __bool__(self) -> bool:
        return bool(self.fields or self.problem)

    def ask_for_secret_again(self, sent: Form) -> None:
        """Say, too, that what was typed as a secret did not stay."""
        self.fields = ask_for_secret_again(sent) | dict(self.fields)


async def save_or_explain(saving: Awaitable[Response | None], visit: Visit, problems: Problems) -> Response | None:
    """
    Give the answer to a form that is saved; None: it is not, and the problems say why.

    Raises:
        LinkingError: what stands in the way is not about what was typed.
    """
    try:
        return await saving
    except InvalidValueError as error:
        problems.fields = name_problem(error)
    except LinkingError as error:
        if error.code not in _ABOUT_THE_FORM:
            raise
        said = say_refusal(error.code, us=visit.context.name)
        problems.problem = f"{said.what} {said.advice}"
        problems.standing_url = visit.url(f"/links/{error.link_id}") if error.link_id else ""
    return None


async def show_form(visit: Visit, template: str, page: AnyPage, problems: Mapping[str, str]) -> Response:
    """Show a form, with what is wrong with it."""
    placed = place_problems(page, problems)
    return await visit.render(template, placed, status=_BAD_REQUEST if problems or page.problem else 200)


def name_problem(error: InvalidValueError) -> dict[str, str]:
    """Give what administration finds wrong under the form's name of the field."""
    return {_FIELDS.get(error.field, error.field): _(error.description)}


def ask_for_secret_again(sent: Form) -> dict[str, str]:
    """Say of a form that comes again that a secret was typed into it, which does not stay."""
    # Where our document is chosen, no secret is used.
    if sent.get("document"):
        return {}
    text = _("Type the secret again: nothing is saved yet, and a page never sends one back.")
    return dict.fromkeys(list_typed_secrets(sent), text)
