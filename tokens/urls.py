from django.urls import path

from tokens import views

app_name = "tokens"
urlpatterns = [
    path("tokens/", views.statement_page, name="statement"),
    path("tokens/balance/", views.balance_now, name="balance"),
    path("api/user/tokens/", views.balance_now, name="api-balance"),
]
