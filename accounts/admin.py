"""People in the admin. Staff who are not superusers can look, and can close an account; nobody can rise by it."""

from typing import ClassVar

from allauth.account.admin import EmailAddressAdmin
from allauth.account.models import EmailAddress
from allauth.mfa.admin import AuthenticatorAdmin
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import AdminUserCreationForm
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

from accounts.models import User


class PersonCreationForm(AdminUserCreationForm[User]):
    class Meta:
        model = User
        fields = ("email",)


@admin.register(User)
class PersonAdmin(UserAdmin[User]):
    """Superusers manage rights; other staff may only open or close accounts of people who are not staff.

    Addresses are changed by their owners, who prove that the new one is theirs. People are never deleted: their
    statement would go with them.
    """

    add_form = PersonCreationForm
    list_display = ("email", "is_active", "is_staff", "joined_at", "last_login")
    list_filter = ("is_active", "is_staff")
    search_fields = ("email",)
    search_help_text = "Part of an e-mail address"
    ordering = ("-joined_at",)
    show_full_result_count = False
    actions = None
    fieldsets = (
        (None, {"fields": ("email", "is_active")}),
        ("Rights", {"fields": ("is_staff", "is_superuser", "groups", "user_permissions")}),
        ("Dates", {"fields": ("joined_at", "last_login")}),
    )
    add_fieldsets = ((None, {"classes": ("wide",), "fields": ("email", "usable_password", "password1", "password2")}),)
    readonly_fields: ClassVar[tuple[str, ...]] = ("email", "joined_at", "last_login")

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        if obj is None:
            return ()
        if request.user.is_superuser:
            return self.readonly_fields
        return (*self.readonly_fields, "is_staff", "is_superuser", "groups", "user_permissions")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_superuser)

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        if obj is not None and (obj.is_staff or obj.is_superuser) and not request.user.is_superuser:
            return False
        return super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        """Only superusers may set a password for somebody else: it is the key to what they hold."""
        if not request.user.is_superuser:
            raise PermissionDenied
        return super().user_change_password(request, id, form_url)


class ReadOnlyEmailAddressAdmin(EmailAddressAdmin):  # type: ignore[misc]
    """Which addresses are proven. Read-only: an address put in by hand could take an account over."""

    actions = None

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: EmailAddress | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: EmailAddress | None = None) -> bool:
        return False


class SecretlessAuthenticatorAdmin(AuthenticatorAdmin):  # type: ignore[misc]
    """Second factors without their secrets. A superuser may delete one for somebody who lost their device."""

    fields = ("user", "type", "created_at", "last_used_at")
    actions = None

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Authenticator | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Authenticator | None = None) -> bool:
        return bool(request.user.is_superuser)


admin.site.unregister(EmailAddress)
admin.site.register(EmailAddress, ReadOnlyEmailAddressAdmin)
admin.site.unregister(Authenticator)
admin.site.register(Authenticator, SecretlessAuthenticatorAdmin)
