"""The commands ``applinks links``."""
