"""The outside world on your own machine: a Stripe stand-in and a mailbox. No money moves here, ever.

Started with `python -m sandbox`; see sandbox/README.md. It imports nothing of the shop, and the shop imports
nothing of it.
"""
