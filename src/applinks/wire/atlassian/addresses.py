"""Where every Data Center application answers OAuth 1.0a, below its base URL."""

REQUEST_TOKEN_PATH = "/plugins/servlet/oauth/request-token"  # noqa: S105 - an address
ACCESS_TOKEN_PATH = "/plugins/servlet/oauth/access-token"  # noqa: S105 - an address
AUTHORIZE_PATH = "/plugins/servlet/oauth/authorize"
LOGIN_DANCE_PATH = "/plugins/servlet/applinks/oauth/login-dance/"
"""Where its users begin and end the journey to a peer: ``authorize`` and ``access`` below it."""
