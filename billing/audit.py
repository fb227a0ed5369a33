"""The sales compared with the books; part of every audit. Every credit has its sale, every sale its credit."""

from tokens import audit

audit.register(
    audit.Check(
        "purchase_paid_if_and_only_if_credited",
        """
        SELECT format('purchase %s is %s, paid at %s, credited by %s', id, state, paid_at, transaction_id)
        FROM billing_purchase
        WHERE (state = 'paid') <> (transaction_id IS NOT NULL) OR (state = 'paid') <> (paid_at IS NOT NULL)
        """,
    ),
    audit.Check(
        "purchase_refunded_is_not_credited",
        """
        SELECT format('purchase %s was credited by %s though %s cents of its payment were given back before',
            id, transaction_id, refunded_cents)
        FROM billing_purchase
        WHERE transaction_id IS NOT NULL AND refunded_cents <> 0
        """,
    ),
    audit.Check(
        "purchase_credited_as_sold",
        """
        SELECT format('purchase %s: %s tokens for %s to %s by %s, credited %s tokens for %s to %s by %s as %s %s',
            purchase.id, tokens, price_cents, user_id, purchase.stripe_payment_intent_id,
            amount, price_paid_cents, account_id, entry.stripe_payment_intent_id, type, key)
        FROM billing_purchase AS purchase JOIN tokens_tokentransaction AS entry ON entry.id = transaction_id
        WHERE (amount, price_paid_cents, account_id, type, key, entry.stripe_payment_intent_id) IS DISTINCT FROM
            (tokens, price_cents, user_id, 'purchase', 'purchase:' || purchase.id,
                purchase.stripe_payment_intent_id)
            OR purchase.stripe_payment_intent_id IS NULL
        """,
    ),
    audit.Check(
        "purchase_credit_has_a_paid_purchase",
        """
        SELECT format('transaction %s credits %s tokens for a purchase, but no paid purchase points at it: %s',
            entry.id, amount, key)
        FROM tokens_tokentransaction AS entry
            LEFT JOIN billing_purchase AS purchase ON transaction_id = entry.id AND state = 'paid'
        WHERE type = 'purchase' AND purchase.id IS NULL
        """,
    ),
    audit.Check(
        "purchase_payment_credited_once",
        """
        SELECT format('payment %s was credited %s times, for %s purchases', entry.stripe_payment_intent_id,
            count(DISTINCT entry.id), count(DISTINCT purchase.id))
        FROM tokens_tokentransaction AS entry
            LEFT JOIN billing_purchase AS purchase
                ON purchase.stripe_payment_intent_id = entry.stripe_payment_intent_id
        WHERE entry.stripe_payment_intent_id IS NOT NULL
        GROUP BY entry.stripe_payment_intent_id
        HAVING count(DISTINCT entry.id) > 1 OR count(DISTINCT purchase.id) > 1
        """,
    ),
)
