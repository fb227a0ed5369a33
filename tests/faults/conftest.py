from tests.billing.conftest import _sandbox, package, sandbox, sell

__all__ = ["_sandbox", "package", "sandbox", "sell"]
