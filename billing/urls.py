from django.urls import path

from billing.views import buying, webhook

app_name = "billing"
urlpatterns = [
    path("purchase/", buying.purchase_page, name="purchase"),
    path("purchase/checkout/", buying.start_checkout, name="checkout"),
    path("purchase/success/", buying.success, name="purchase-success"),
    path("purchase/cancel/", buying.cancel, name="purchase-cancel"),
    path("purchase/<uuid:purchase_id>/", buying.purchase_state, name="purchase-state"),
    path("purchase/<uuid:purchase_id>/receipt/", buying.receipt, name="receipt"),
    path("webhooks/stripe/", webhook.webhook, name="webhook"),
]
