"""How applications say that they can authenticate, in the names of Atlassian's manifests."""

from enum import StrEnum

_PREFIX = "com.atlassian.applinks.api.auth.types."


class AuthenticationType(StrEnum):
    """The registered names; a peer may know others, which are not ours to speak."""

    OAUTH = f"{_PREFIX}OAuthAuthenticationProvider"
    TWO_LEGGED = f"{_PREFIX}TwoLeggedOAuthAuthenticationProvider"
    IMPERSONATION = f"{_PREFIX}TwoLeggedOAuthWithImpersonationAuthenticationProvider"
    BASIC = f"{_PREFIX}BasicAuthenticationProvider"
    TRUSTED_APPLICATIONS = f"{_PREFIX}TrustedAppsAuthenticationProvider"
    CORS = f"{_PREFIX}CorsAuthenticationProvider"
