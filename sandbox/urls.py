"""Every address of the sandbox."""

from django.urls import path, re_path

from sandbox import api, checkout_pages, control, mail_pages, panel, site_pages

urlpatterns = [
    path("healthz", site_pages.healthz),
    path("sandbox.css", site_pages.stylesheet, name="stylesheet"),
    re_path(r"^v1/(?P<path>.*)$", api.front_door),
    # The buyer's pages
    path("c/pay/<str:key>", checkout_pages.pay, name="pay"),
    path("c/pay/<str:key>/authenticate", checkout_pages.authenticate, name="authenticate"),
    path("receipts/<str:key>", checkout_pages.receipt, name="receipt"),
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
    # The control panel for programs
    path("control/truth", control.truth),
    path("control/state", control.state),
    path("control/events", control.events),
    path("control/settings", control.settings),
    path("control/faults", control.faults),
    path("control/reset", control.reset),
    path("control/wait", control.wait),
    path("control/events/<str:key>/deliver", control.deliver),
    path("control/pay/<str:key>", control.pay),
    path("control/debits/<str:key>/settle", control.settle),
    path("control/sessions/<str:key>/expire", control.expire),
]
