"""Every address of the sandbox."""

from django.urls import path, re_path

from sandbox import (
    api,
    checkout_pages,
    client_pages,
    control,
    mail_pages,
    panel,
    panel_clock,
    panel_money,
    portal_pages,
    site_pages,
)

urlpatterns = [
    path("healthz", site_pages.healthz),
    path("sandbox.css", site_pages.stylesheet, name="stylesheet"),
    # The stand-in Stripe.js
    path("js/frame", client_pages.card_frame, name="card-frame"),
    path("js/<str:name>", client_pages.script, name="stripe-js"),
    path("3ds/<str:collection>/<str:key>", client_pages.bank, name="bank"),
    # The API
    re_path(r"^v1/(?P<path>.*)$", api.front_door),
    # The buyer's pages
    path("c/pay/<str:key>", checkout_pages.pay, name="pay"),
    path("c/pay/<str:key>/authenticate", checkout_pages.authenticate, name="authenticate"),
    path("receipts/<str:key>", checkout_pages.receipt, name="receipt"),
    # The billing portal
    path("portal/<str:key>", portal_pages.overview, name="portal"),
    path("portal/<str:key>/card", portal_pages.card, name="portal-card"),
    path("portal/<str:key>/authenticate", portal_pages.authenticate, name="portal-authenticate"),
    path("portal/<str:key>/cancel/<str:subscription>", portal_pages.cancel, name="portal-cancel"),
    path("portal/<str:key>/keep/<str:subscription>", portal_pages.keep, name="portal-keep"),
    path("portal/<str:key>/pay/<str:invoice>", portal_pages.pay, name="portal-pay"),
    path("invoices/<str:key>", portal_pages.invoice, name="invoice"),
    # The mailbox
    path("mail/", mail_pages.inbox, name="inbox"),
    path("mail/latest.json", mail_pages.latest),
    path("mail/<str:name>/<int:index>/", mail_pages.letter, name="letter"),
    # The control panel
    path("", panel.overview, name="overview"),
    path("settings", panel.change, name="change"),
    path("faults", panel.break_api, name="break-api"),
    path("reset", panel.reset, name="reset"),
    path("events/<str:key>", panel.event, name="event"),
    path("events/<str:key>/deliver", panel.deliver, name="deliver"),
    path("debits/<str:key>/settle", panel.settle, name="settle"),
    path("sessions/<str:key>/expire", panel.expire, name="expire"),
    path("charges/<str:key>/refund", panel.refund, name="refund"),
    path("charges/<str:key>/dispute", panel_money.dispute, name="dispute"),
    path("disputes/<str:key>/close", panel_money.close, name="close-dispute"),
    path("cards/<str:key>/expire", panel_money.expire_card, name="expire-card"),
    path("clock", panel_clock.move, name="move-clock"),
    path("subscriptions/<str:key>/cancel", panel_clock.cancel, name="cancel-subscription"),
    # The control panel for programs
    path("control/truth", control.truth),
    path("control/state", control.state),
    path("control/findings", control.show_findings),
    path("control/events", control.events),
    path("control/settings", control.settings),
    path("control/faults", control.faults),
    path("control/reset", control.reset),
    path("control/wait", control.wait),
    path("control/cards/expire", control.expire_card),
    path("control/disputes", control.dispute),
    path("control/disputes/<str:key>/close", control.close_dispute),
    path("control/refunds", control.refund),
    path("control/clock", control.show_clock),
    path("control/clock/advance", control.advance),
    path("control/events/<str:key>/deliver", control.deliver),
    path("control/pay/<str:key>", control.pay),
    path("control/debits/<str:key>/settle", control.settle),
    path("control/sessions/<str:key>/expire", control.expire),
]
