"""What ``applinks links`` has of OAuth 1.0a."""
