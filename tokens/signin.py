"""Who is signed in, read together with what they hold: one query instead of two on every page."""

from typing import Any
from uuid import UUID

from allauth.account.auth_backends import AuthenticationBackend

from accounts.models import User


class BackendWithTokenAccount(AuthenticationBackend):  # type: ignore[misc]
    """Allauth's sign-in; `request.user.token_account` is already there (or known to be missing)."""

    def get_user(self, user_id: Any) -> User | None:
        """Return the active user of a session with their token account, or None."""
        user = User.objects.select_related("token_account").filter(pk=UUID(str(user_id))).first()
        return user if user and self.user_can_authenticate(user) else None
