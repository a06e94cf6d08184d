"""The set-ups of other people's servers: small, ours, and as one would run them."""
