"""Numbers for values: what is compared a million times is compared as a number."""

from typing import Generic, TypeVar

Value = TypeVar("Value")


class Numbers(Generic[Value]):
    """Values and their numbers, both ways."""

    def __init__(self) -> None:
        self.values: list[Value] = []
        self._numbers: dict[Value, int] = {}

    def get(self, value: Value) -> int:
        """Give the number of a value, a new one where it has none."""
        number = self._numbers.get(value)
        if number is None:
            number = self._numbers[value] = len(self.values)
            self.values.append(value)
        return number

    def list_named(self, bits: int) -> list[Value]:
        """Give the values whose bits are set."""
        return [value for number, value in enumerate(self.values) if bits >> number & 1]
