"""The fields in which OAuth 1.0a by hand is described, checked; what is wrong with one is said under it."""

from wtforms import BooleanField, Field, Form, PasswordField, SelectMultipleField, StringField
from wtforms.validators import AnyOf, ValidationError

from applinks.administration.oauth1.values import check_callback, read_public_key
from applinks.administration.values import (
    LONGEST_CLIENT_ID,
    LONGEST_DESCRIPTION,
    LONGEST_NAME,
    LONGEST_SECRET,
    InvalidValueError,
)
from applinks.records.registrations import ServerEndpoints
from applinks.secret import Secret
from applinks.web.pages.links.hand.forms import Longest, Required
from applinks.web.pages.views import LONGEST_LINE, LONGEST_LINES
from applinks.wire.oauth1.signature import SignatureMethod
from applinks.words import gettext as _

METHODS = tuple(each for each in SignatureMethod if each is not SignatureMethod.PLAINTEXT)
"""How we can sign at a server."""

DEFAULT_METHOD = SignatureMethod.RSA_SHA1
ENDPOINTS = ("temporary", "token", "authorization")
"""The three URLs, by their names in `ServerEndpoints`, in the order in which administrators know them."""


def _strip(text: str | None) -> str:
    return (text or "").strip()


def _split(text: str | None) -> tuple[str, ...]:
    return tuple(name for name in (each.strip() for each in (text or "").replace(",", "\n").splitlines()) if name)


class Shown:
    """One line of characters that can all be shown."""

    def __call__(self, form: Form, field: Field) -> None:
        del form
        if not (field.data or "").isprintable():
            raise ValidationError(_("It has a character that cannot be shown."))


class ClientForm(Form):
    """A client of ours (a consumer)."""

    enable_in = BooleanField()
    name = StringField(validators=[Longest(LONGEST_NAME)], filters=[_strip])
    description = StringField(validators=[Longest(LONGEST_DESCRIPTION), Shown()], filters=[_strip])
    key = StringField(validators=[Longest(LONGEST_CLIENT_ID)], filters=[_strip])
    public_key = StringField(filters=[_strip])
    shared_secret = PasswordField(validators=[Longest(LONGEST_SECRET)])
    makes_secret = BooleanField()
    method = SelectMultipleField()
    three_legged = BooleanField()
    callback = StringField(validators=[Longest(LONGEST_LINE)], filters=[_strip])
    dialect_1_0 = BooleanField()
    out_of_band = BooleanField()
    scope = SelectMultipleField()
    two_legged = BooleanField()
    execute_as = StringField(validators=[Longest(LONGEST_LINE)], filters=[_strip])
    impersonation = BooleanField()
    protects_administrators = BooleanField()
    protected_users = StringField(validators=[Longest(LONGEST_LINES)])
    protected_groups = StringField(validators=[Longest(LONGEST_LINES)])

    def validate_public_key(self, field: Field) -> None:
        """A private key is taken out of the field at once, whatever else is wrong: it should stand nowhere."""
        if not field.data:
            return
        try:
            read_public_key(field.data)
        except InvalidValueError as error:
            if error.code == "private_key":
                field.data = ""
            raise ValidationError(_(error.description)) from error

    def validate_callback(self, field: Field) -> None:
        """Where users come back to, said with what else is wrong."""
        try:
            check_callback(field.data or "")
        except InvalidValueError as error:
            raise ValidationError(_(error.description)) from error

    @property
    def secret(self) -> Secret | None:
        """The secret that was typed; None: the field was left empty."""
        return Secret(self.shared_secret.data) if self.shared_secret.data else None

    @property
    def methods(self) -> tuple[SignatureMethod, ...]:
        """The signature methods that were ticked."""
        return tuple(SignatureMethod(each) for each in self.method.data or ())

    @property
    def users(self) -> tuple[str, ...]:
        """The names of protected users."""
        return _split(self.protected_users.data)

    @property
    def groups(self) -> tuple[str, ...]:
        """The names of protected groups."""
        return _split(self.protected_groups.data)

    def check(self, *, asks_key: bool = True, has_proof: bool = False) -> bool:
        """Check every field; ``has_proof``: it has a secret already."""
        needed = [Required(_("The other application names it."))] if asks_key else []
        valid = bool(self.validate(extra_validators={"key": needed}))
        if not (has_proof or self.public_key.errors or self.public_key.data or self.secret or self.makes_secret.data):
            self.public_key.errors = [_("It proves itself by a key or by a secret: enter one of the two.")]
            valid = False
        if self.two_legged.data and not self.execute_as.data:
            self.execute_as.errors = [_("Name the user as whom such calls run.")]
            valid = False
        return valid


class ServerForm(Form):
    """What we are at a server (a service provider), and where it answers."""

    enable_out = BooleanField()
    display_url = StringField(validators=[Longest(LONGEST_LINE)], filters=[_strip])
    is_primary = BooleanField()
    server_description = StringField(validators=[Longest(LONGEST_DESCRIPTION), Shown()], filters=[_strip])
    temporary_endpoint = StringField(validators=[Longest(LONGEST_LINE)], filters=[_strip])
    token_endpoint = StringField(validators=[Longest(LONGEST_LINE)], filters=[_strip])
    authorization_endpoint = StringField(validators=[Longest(LONGEST_LINE)], filters=[_strip])
    client_id = StringField(validators=[Longest(LONGEST_CLIENT_ID)], filters=[_strip])
    client_secret = PasswordField(validators=[Longest(LONGEST_SECRET)])
    signature_method = StringField(
        validators=[AnyOf([each.value for each in METHODS])], default=DEFAULT_METHOD.value, filters=[_strip]
    )
    out_level = StringField(validators=[AnyOf(["", "oauth", "impersonation"])], filters=[_strip])

    @property
    def signing(self) -> SignatureMethod:
        """How we sign there, once the form was checked."""
        return SignatureMethod(self.signature_method.data or DEFAULT_METHOD)

    @property
    def secret(self) -> Secret | None:
        """The secret that was typed; None: the field was left empty."""
        return Secret(self.client_secret.data) if self.client_secret.data else None

    @property
    def endpoints(self) -> ServerEndpoints:
        """The addresses that were typed."""
        return ServerEndpoints(
            authorization=self.authorization_endpoint.data or "",
            token=self.token_endpoint.data or "",
            temporary=self.temporary_endpoint.data or "",
        )

    def check(self) -> bool:
        """Check every field; the addresses are looked at where they are resolved."""
        needed = {
            "temporary_endpoint": _("Here the first, temporary credentials are had."),
            "token_endpoint": _("Here those are exchanged once a user has said yes."),
            "authorization_endpoint": _("Here users are sent to say yes."),
        }
        return bool(self.validate(extra_validators={name: [Required(text)] for name, text in needed.items()}))

    def validate_client_id(self, field: Field) -> None:
        """A secret belongs to a consumer key."""
        if not field.data and self.secret is not None:
            raise ValidationError(_("Which consumer key does this secret belong to?"))
