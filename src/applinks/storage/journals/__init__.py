"""What happened: what was changed, and what was refused or failed."""
