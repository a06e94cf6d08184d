"""What we cost beside others: ratios inside one interleaved run, and the server's processor time a request."""
