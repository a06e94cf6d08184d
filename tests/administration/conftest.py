from tests.linking.conftest import both, new_databases, world

__all__ = ["both", "new_databases", "world"]
