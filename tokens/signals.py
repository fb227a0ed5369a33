"""The one signal of the shop: how apps above hear of the floor below."""

from django.dispatch import Signal

# Sent inside the transaction, at most once per crossing, when a movement takes the balance below the account's
# low mark. Not by a reversal: whoever's money goes back is neither charged nor asked to buy because of it.
# Arguments: user_id (UUID), balance (tokens after the movement). What a listener raises undoes the movement, so it
# only writes down what is to be done.
balance_fell = Signal()
