from tests.billing.conftest import package, sell

__all__ = ["package", "sell"]
