"""Secrets at rest, and the key that they are sealed with."""
