from tests.billing.conftest import _sandbox, sandbox

__all__ = ["_sandbox", "sandbox"]
