"""What is measured; one module a group."""
