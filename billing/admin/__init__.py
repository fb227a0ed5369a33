"""Selling, for staff. Importing the pages registers them."""

from billing.admin import events, matching, money_back, sales, subscriptions

__all__ = ["events", "matching", "money_back", "sales", "subscriptions"]
