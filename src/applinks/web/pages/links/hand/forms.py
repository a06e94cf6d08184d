"""The fields in which a link by hand is described, checked; what is wrong with one is said under it."""

from collections.abc import Iterable
from typing import Any

from wtforms import BooleanField, Field, Form, PasswordField, SelectMultipleField, StringField
from wtforms.validators import AnyOf, StopValidation, ValidationError

from applinks.administration.values import LONGEST_CLIENT_ID, LONGEST_NAME, LONGEST_SECRET, MOST_REDIRECT_URIS
from applinks.records.clients import ClientAuthentication
from applinks.records.registrations import ServerEndpoints
from applinks.web.pages.views import LONGEST_LINE, LONGEST_LINES
from applinks.wire.oauth2.scope import MalformedScopeError, parse_scope
from applinks.wire.urls import MalformedUrlError, check_endpoint_url, check_redirect_uri
from applinks.words import gettext as _

METHODS = (
    ClientAuthentication.CLIENT_SECRET_BASIC,
    ClientAuthentication.CLIENT_SECRET_POST,
    ClientAuthentication.PRIVATE_KEY_JWT,
    ClientAuthentication.NONE,
)
"""How we can prove ourselves at a server that is no Applinks."""


def _strip(text: str | None) -> str:
    return (text or "").strip()


def split_lines(text: str) -> tuple[str, ...]:
    """Give what stands on each line, empty lines left out."""
    return tuple(line for line in (each.strip() for each in text.splitlines()) if line)


def find_wrong_uri(text: str) -> str:
    """Say which line is no redirect URI that may be registered, and why; empty: each is one."""
    uris = split_lines(text)
    if len(uris) > MOST_REDIRECT_URIS:
        return _("At most {n} redirect URIs.").format(n=MOST_REDIRECT_URIS)
    for number, uri in enumerate(uris, start=1):
        try:
            check_redirect_uri(uri)
        except MalformedUrlError as error:
            return _say_wrong_uri(uri, number, uris, error)
    return ""


class RedirectUris:
    """One redirect URI a line."""

    def __call__(self, form: Form, field: Field) -> None:
        del form
        wrong = find_wrong_uri(field.data or "")
        if wrong:
            raise ValidationError(wrong)


def split_scopes(text: str) -> str:
    """Give scopes with single spaces between them, as they are sent; where they are listed, commas are usual, too."""
    return " ".join(text.replace(",", " ").split())


class Longest:
    """A text of so many characters at most."""

    def __init__(self, most: int) -> None:
        self.most = most

    def __call__(self, form: Form, field: Field) -> None:
        del form
        if len(field.data or "") > self.most:
            raise StopValidation(
                _("At most {n} characters; these are {typed}.").format(n=self.most, typed=len(field.data))
            )


class Scopes:
    """Scopes with spaces or commas between them."""

    def __call__(self, form: Form, field: Field) -> None:
        del form
        try:
            parse_scope(split_scopes(field.data or ""))
        except MalformedScopeError:
            raise ValidationError(_("Scopes are words without quotes, with spaces or commas between them.")) from None


class Address:
    """The address of an endpoint or an issuer."""

    def __init__(self, *, allow_http: bool) -> None:
        self.allow_http = allow_http

    def __call__(self, form: Form, field: Field) -> None:
        del form
        if not field.data:
            return
        try:
            check_endpoint_url(field.data, allow_http=self.allow_http)
        except MalformedUrlError as error:
            text = _("This is no address that can be called: {why}.")
            if error.reason == "plain_http":
                text = _("Only https is safe here; plain http is for this computer alone.")
            raise ValidationError(text.format(why=str(error))) from None


class Required:
    """Something has to stand here, for a reason."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __call__(self, form: Form, field: Field) -> None:
        del form
        if not field.data:
            raise StopValidation(self.text)


class NameForm(Form):
    """What the application is called here."""

    name = StringField(validators=[Longest(LONGEST_NAME)], filters=[_strip])

    def validate_name(self, field: Field) -> None:
        """Check that it can be shown."""
        if not field.data:
            raise ValidationError(_("Give it a name; users read it when they are asked for access."))
        if not field.data.isprintable():
            raise ValidationError(_("A name has only characters that can be shown."))


class IncomingForm(Form):
    """A client of ours."""

    enable_in = BooleanField()
    redirect_uris = StringField(validators=[Longest(LONGEST_LINES), RedirectUris()], filters=[_strip])
    scope = SelectMultipleField()
    public = BooleanField()
    in_level = StringField(validators=[AnyOf(["", "oauth", "impersonation"])], filters=[_strip])


class OutgoingForm(Form):
    """What we are at a server, and what it is to us."""

    enable_out = BooleanField()
    issuer = StringField(validators=[Longest(LONGEST_LINE)], filters=[_strip])
    out_scopes = StringField(validators=[Longest(LONGEST_LINE), Scopes()], filters=[_strip])
    document = BooleanField()
    client_id = StringField(validators=[Longest(LONGEST_CLIENT_ID)], filters=[_strip])
    client_secret = PasswordField(validators=[Longest(LONGEST_SECRET)], filters=[_strip])
    authentication = StringField(validators=[AnyOf([each.value for each in METHODS])], default=METHODS[0].value)
    authorization_endpoint = StringField(validators=[Longest(LONGEST_LINE)], filters=[_strip])
    token_endpoint = StringField(validators=[Longest(LONGEST_LINE)], filters=[_strip])
    revocation_endpoint = StringField(validators=[Longest(LONGEST_LINE)], filters=[_strip])
    userinfo_endpoint = StringField(validators=[Longest(LONGEST_LINE)], filters=[_strip])

    @property
    def method(self) -> ClientAuthentication:
        """How we prove ourselves, once the form was checked."""
        return ClientAuthentication(self.authentication.data or METHODS[0].value)

    @property
    def scopes(self) -> tuple[str, ...]:
        """The scopes."""
        return parse_scope(split_scopes(self.out_scopes.data or ""))

    @property
    def endpoints(self) -> ServerEndpoints:
        """The addresses that were typed."""
        return ServerEndpoints(
            authorization=self.authorization_endpoint.data or "",
            token=self.token_endpoint.data or "",
            revocation=self.revocation_endpoint.data or "",
            userinfo=self.userinfo_endpoint.data or "",
        )

    def check(self, *, typed_endpoints: bool, asks_issuer: bool = True, allow_http: bool) -> bool:
        """Check every field; the addresses are needed only where no metadata names them."""
        address = Address(allow_http=allow_http)
        extra: dict[str, list[Any]] = {}
        if typed_endpoints:
            extra = {
                "authorization_endpoint": [Required(_("Here users are sent to say yes.")), address],
                "token_endpoint": [Required(_("Here codes are exchanged for tokens.")), address],
                "revocation_endpoint": [address],
                "userinfo_endpoint": [address],
            }
            if asks_issuer:
                named = Required(_("Its documentation names the issuer; often it is its address."))
                extra["issuer"] = [named, address]
        extra["out_scopes"] = [Required(_("Name at least one scope: it is what users say yes to."))]
        return bool(self.validate(extra_validators=extra))


def list_errors(form: Form) -> dict[str, str]:
    """Give the first thing that is wrong with each field."""
    return {each.name: str(each.errors[0]) for each in form if each.errors}


def _say_wrong_uri(uri: str, number: int, uris: Iterable[str], error: MalformedUrlError) -> str:
    if error.reason != "plain_http":
        return _("Line {n}: {why}.").format(n=number, why=str(error))
    better = "https" + uri[4:]
    text = _("Line {n}: http is allowed only for 127.0.0.1, [::1] and localhost. Use {better}.")
    if better in uris:
        text = _("Line {n}: http is allowed only for 127.0.0.1, [::1] and localhost. Take it out: {better} is there.")
    return text.format(n=number, better=better)
