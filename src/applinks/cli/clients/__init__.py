"""The commands ``applinks clients``."""
