from django.urls import path

from billing import views

app_name = "billing"
urlpatterns = [
    path("purchase/", views.purchase_page, name="purchase"),
    path("purchase/checkout/", views.start_checkout, name="checkout"),
    path("purchase/success/", views.success, name="purchase-success"),
    path("purchase/cancel/", views.cancel, name="purchase-cancel"),
    path("purchase/<uuid:purchase_id>/receipt/", views.receipt, name="receipt"),
    path("webhooks/stripe/", views.webhook, name="webhook"),
]
