"""The demo: two applications as a user of this library would write them, and the command that runs both."""
