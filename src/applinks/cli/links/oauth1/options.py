"""What ``links add`` and ``links edit`` take of a server of OAuth 1.0a that we are to call."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from cyclopts import Group, Parameter

from applinks.cli.clients.oauth1.options import SharedSecretFileOption, SignatureMethodName, build_flag
from applinks.cli.output import refuse_use
from applinks.cli.secret_input import read_secret
from applinks.secret import Secret

if TYPE_CHECKING:
    from applinks.records.registrations import ServerEndpoints
    from applinks.wire.oauth1.methods import SignatureMethod

_GROUP = Group("Outgoing over OAuth 1.0a: we call them", sort_key=3)


@Parameter(name="*", group=_GROUP)
@dataclass(frozen=True, slots=True, kw_only=True)
class OAuth1Options:
    """What we are at their server (service provider), and where that answers."""

    oauth1: Annotated[
        bool,
        build_flag(
            "Over OAuth 1.0a. With nothing more, between two Applinks that alone, and with any other application as it"
            " says of itself.",
            "--oauth1",
        ),
    ] = False
    consumer_key: Annotated[
        str | None,
        Parameter(help="The client (consumer) key that they gave us. By default, with an RSA method, our own."),
    ] = None
    shared_secret: Annotated[
        str | None,
        Parameter(
            allow_leading_hyphen=True,
            help="The secret that they gave us, for the HMAC methods. Whoever lists the processes of this machine sees"
            " it: --shared-secret-file does without that.",
        ),
    ] = None
    shared_secret_file: SharedSecretFileOption = None
    signature_method: Annotated[
        SignatureMethodName | None,
        Parameter(help="How we sign. By default HMAC-SHA1 with a shared secret, else RSA-SHA1 with our key."),
    ] = None
    request_token_url: Annotated[
        str | None, Parameter(help="Where they give temporary credentials; it may be relative to their address.")
    ] = None
    authorize_url: Annotated[str | None, Parameter(help="Where their users consent.")] = None
    access_token_url: Annotated[str | None, Parameter(help="Where they give token credentials.")] = None

    description: Annotated[
        str | None, Parameter(help="What administrators shall read of it: what it is, and whom to ask.")
    ] = None

    @property
    def has_endpoints(self) -> bool:
        """Whether one of the three URLs was named."""
        return any(each is not None for each in (self.request_token_url, self.authorize_url, self.access_token_url))

    @property
    def has_secret(self) -> bool:
        """Whether a secret was named."""
        return self.shared_secret is not None or self.shared_secret_file is not None

    @property
    def has_values(self) -> bool:
        """Whether anything was given that only a link by hand has."""
        named = (self.consumer_key, self.signature_method, self.description)
        return self.has_endpoints or self.has_secret or any(each is not None for each in named)

    @property
    def is_meant(self) -> bool:
        """Whether OAuth 1.0a was asked for, in so many words or by one of its values."""
        return self.oauth1 or self.has_values

    @property
    def method(self) -> "SignatureMethod | None":
        """The method that was named, as the records know it."""
        from applinks.wire.oauth1.methods import SignatureMethod

        return None if self.signature_method is None else SignatureMethod(self.signature_method)

    def check(self) -> None:
        """End the command where something was typed that cannot be meant."""
        if self.consumer_key is not None and not self.consumer_key.strip():
            refuse_use("--consumer-key is empty: give the client (consumer) key that the other side gave you")
        if self.shared_secret is not None and self.shared_secret_file is not None:
            refuse_use("name one of --shared-secret and --shared-secret-file")
        if self.has_secret and self.signature_method is not None and self.signature_method.startswith("RSA-"):
            refuse_use(f"{self.signature_method} signs with our key: leave the shared secret out")

    def read_secret(self) -> Secret | None:
        """Give the secret where one was named; as `secret_input.read_secret`."""
        if self.shared_secret_file is not None:
            return read_secret(self.shared_secret_file, what="The shared secret")
        return None if self.shared_secret is None else Secret(self.shared_secret)

    def build_endpoints(self, before: "ServerEndpoints | None" = None) -> "ServerEndpoints | None":
        """Give the three URLs as they were typed, beside those before; None: none was."""
        from applinks.records.registrations import ServerEndpoints

        if not self.has_endpoints:
            return None
        before = before or ServerEndpoints(authorization="", token="")
        endpoints = ServerEndpoints(
            temporary=before.temporary if self.request_token_url is None else self.request_token_url,
            authorization=before.authorization if self.authorize_url is None else self.authorize_url,
            token=before.token if self.access_token_url is None else self.access_token_url,
        )
        if not (endpoints.temporary and endpoints.authorization and endpoints.token):
            refuse_use("name all three: --request-token-url, --authorize-url and --access-token-url")
        return endpoints
