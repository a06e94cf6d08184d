"""The fields that people fill in, checked by WTForms; the token was checked before (`web/cross_site.py`)."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from wtforms import BooleanField, Form, SelectMultipleField, StringField
from wtforms.validators import AnyOf, InputRequired, Length

from applinks.linking.proposer import impersonate
from applinks.records.scopes import Scope
from applinks.web.pages.views import Choice, Field
from applinks.wire import forms as wire
from applinks.wire.linking.terms import Access, Level
from applinks.words import gettext as _
from applinks.words import mark, say_way

REPEATABLE = frozenset({"user", "application", "in", "in_app", "out", "out_app", "scope", "method"})
"""The fields of our pages that are boxes of one name."""


# What servers that describe no scopes mean by these names; OpenID Connect Core §5.4, §11.
_USUAL_SCOPES = {
    "openid": mark("Know who you are there"),
    "profile": mark("See your name and profile"),
    "email": mark("See your e-mail address"),
    "address": mark("See your postal address"),
    "phone": mark("See your telephone number"),
    "offline_access": mark("Go on while you are away"),
}


class FormData:
    """A strictly read form, as WTForms wants to see it."""

    def __init__(self, form: wire.Form) -> None:
        self._form = form

    def __contains__(self, name: str) -> bool:
        return name in self._form.names

    def __iter__(self) -> Iterator[str]:
        return iter(self._form.names)

    def __len__(self) -> int:
        return len(self._form.names)

    def getlist(self, name: str) -> list[str]:
        """Give every value of a field."""
        return [value for key, value in self._form if key == name]


class AddressForm(Form):
    """Where the other application is."""

    url = StringField(validators=[InputRequired(), Length(max=2000)], filters=[lambda text: (text or "").strip()])


class ReasonForm(Form):
    """Why a link is paused."""

    reason = StringField(validators=[Length(max=200)], filters=[lambda text: (text or "").strip()])


class DirectionForm(Form):
    """What one direction allows now."""

    enabled = BooleanField()
    user = SelectMultipleField()
    application = SelectMultipleField()
    level = StringField(
        default="",
        filters=[lambda text: text or ""],
        validators=[AnyOf(["", Level.OAUTH.value, Level.IMPERSONATION.value])],
    )


def offer_choices(field: SelectMultipleField, names: Sequence[str]) -> None:
    """Say which values a field of boxes may have; any other is an error."""
    field.choices = [(name, name) for name in names]


class DirectionChoices:
    """The boxes of one direction of terms: what can be ticked, in which words, and what of it is."""

    def __init__(
        self,
        access: Access,
        *,
        field: str,
        application_field: str = "",
        describe: Callable[[str], Choice],
        may_impersonate: bool = False,
    ) -> None:
        self.access = access
        self._may_impersonate = may_impersonate
        self._field = field
        self._application_field = application_field or f"{field}_app"
        self._describe = describe

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to tick."""
        return not self.access.user_scopes and not self.access.application_scopes

    def list_user(self, ticked: Collection[str]) -> tuple[Choice, ...]:
        """Give the boxes for what users can allow."""
        return self._list(self.access.user_scopes, self._field, ticked)

    def list_application(self, ticked: Collection[str]) -> tuple[Choice, ...]:
        """Give the boxes for what the application may do for itself; what stands among the users' says why twice."""
        hint = _("The same as above, for the application itself instead of a user")
        return tuple(
            replace(box, hint=hint) if box.value in self.access.user_scopes else box
            for box in self._list(self.access.application_scopes, self._application_field, ticked)
        )

    def build_way(self, label: str, *, chosen: str = "") -> Field | None:
        """Give the choice of protocols and level; None: there is none."""
        ways = self._list_ways()
        if len(ways) == 1:
            return None
        first = chosen if chosen in ways else next(iter(ways))
        return Field(
            name=f"{self._field}_way",
            label=label,
            kind="select",
            options=tuple(
                Choice(label=say_way(protocols, level.value), value=name, checked=name == first)
                for name, (protocols, level) in ways.items()
            ),
            hint=_("With impersonation it names the user, whom nobody asks: only for applications that you run.")
            if Level.IMPERSONATION in {level for _protocols, level in ways.values()}
            else "",
        )

    def narrow(self, form: wire.Form) -> Access | None:
        """
        Take away what was not ticked; None: nothing is left.

        A value that was not offered counts as not ticked, so that nothing can be added.
        """
        user, application = form.get_all(self._field), form.get_all(self._application_field)
        ways = self._list_ways()
        protocols, level = ways.get(form.get(f"{self._field}_way") or "", next(iter(ways.values())))
        narrowed = replace(
            self.access,
            protocols=protocols,
            level=level,
            user_scopes=tuple(name for name in self.access.user_scopes if name in user),
            application_scopes=tuple(name for name in self.access.application_scopes if name in application),
        )
        is_nothing_left = not narrowed.user_scopes and not narrowed.application_scopes
        return None if is_nothing_left and not self.is_empty else narrowed

    def _list_ways(self) -> dict[str, tuple[tuple[str, ...], Level]]:
        """Give the protocols and levels that there are to choose from, the first one as it is; fewer, never more."""
        access = self.access
        ways = {"all": (access.protocols, access.level)}
        if access.level is Level.IMPERSONATION:
            ways["oauth"] = (access.protocols, Level.OAUTH)
        if len(access.protocols) > 1:
            ways |= {name: ((name,), Level.OAUTH) for name in access.protocols}
        if self._may_impersonate:
            further = impersonate(access)
            ways["impersonation"] = (further.protocols, further.level)
        return ways

    def _list(self, names: Sequence[str], field: str, ticked: Collection[str]) -> tuple[Choice, ...]:
        return tuple(replace(self._describe(name), field=field, value=name, checked=name in ticked) for name in names)


def describe_own(scopes: Sequence[Scope]) -> Callable[[str], Choice]:
    """Give the words of our own scopes, as the host declares them."""
    known = {scope.name: Choice(label=scope.description, hint=scope.detail) for scope in scopes}
    return lambda name: known.get(name, Choice(label=name))


def describe_theirs(document: Mapping[str, Any]) -> Callable[[str], Choice]:
    """Give the words of a peer's scopes, as its manifest says."""
    known = {scope["name"]: Choice(label=scope["description"] or scope["name"]) for scope in document.get("scopes", ())}
    return lambda name: known.get(name) or Choice(label=_(_USUAL_SCOPES.get(name, name)))
