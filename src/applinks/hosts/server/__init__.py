"""The server form: an application of its own, with its own users, around what every host has."""
