"""Selling, for staff. Importing the pages registers them."""

from billing.admin import events, sales

__all__ = ["events", "sales"]
