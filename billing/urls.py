from django.urls import path

from billing.views import api, auto_reload, buying, card_form, cards, missing, stop, subscription, webhook

app_name = "billing"
urlpatterns = [
    path("purchase/", buying.purchase_page, name="purchase"),
    path("purchase/checkout/", buying.start_checkout, name="checkout"),
    path("purchase/success/", buying.success, name="purchase-success"),
    path("purchase/cancel/", buying.cancel, name="purchase-cancel"),
    path("purchase/missing/", missing.missing_payment, name="missing"),
    path("purchase/<uuid:purchase_id>/", buying.purchase_state, name="purchase-state"),
    path("purchase/<uuid:purchase_id>/receipt/", buying.receipt, name="receipt"),
    path("account/subscription/", subscription.subscription_page, name="subscription"),
    path("account/subscription/start/", subscription.subscribe, name="subscribe"),
    path("account/subscription/portal/", subscription.portal, name="portal"),
    path("purchase/card/<slug:code>/", card_form.card_form, name="card"),
    path("account/billing/", cards.cards, name="cards"),
    path("account/billing/add/", cards.add, name="card-add"),
    path("account/billing/<slug:card_id>/remove/", cards.remove, name="card-remove"),
    path("api/payment/packages/", api.packages, name="api-packages"),
    path("api/payment/create-payment-intent/", api.create_payment_intent, name="api-create-payment-intent"),
    path("api/payment/confirm-payment/", api.confirm_payment, name="api-confirm-payment"),
    path("api/payment/webhook/", webhook.webhook, name="api-webhook"),
    path("purchase/<uuid:purchase_id>/confirm/", auto_reload.confirm, name="confirm"),
    path("account/auto-reload/", auto_reload.auto_reload, name="auto-reload"),
    path("account/auto-reload/preview/", auto_reload.preview, name="auto-reload-preview"),
    path("account/auto-reload/save/", auto_reload.save, name="auto-reload-save"),
    path("account/auto-reload/off/", auto_reload.switch_off, name="auto-reload-off"),
    path("account/low-balance-mail/", auto_reload.choose_low_balance_mail, name="low-balance-mail"),
    path("stop/auto-reload/<str:signature>/", stop.stop_reloads, name="stop-reloads"),
    path("stop/low-balance/<str:signature>/", stop.stop_low_balance_mails, name="stop-low-balance-mails"),
    path("webhooks/stripe/", webhook.webhook, name="webhook"),
]
