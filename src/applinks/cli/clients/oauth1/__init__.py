"""What ``applinks clients`` has of OAuth 1.0a."""
