"""What the hot statements of every database share."""
