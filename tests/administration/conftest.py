from tests.linking.conftest import new_databases, world

__all__ = ["new_databases", "world"]
