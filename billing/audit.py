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
        "purchase_credited_as_sold",
        """
        SELECT format('purchase %s: %s tokens for %s to %s by %s, credited %s tokens for %s to %s by %s as %s %s',
            purchase.id, tokens, price_cents, user_id, purchase.stripe_payment_intent_id,
            amount, price_paid_cents, account_id, entry.stripe_payment_intent_id, type, key)
        FROM billing_purchase AS purchase JOIN tokens_tokentransaction AS entry ON entry.id = transaction_id
        WHERE (amount, price_paid_cents, account_id, type, key, entry.stripe_payment_intent_id) IS DISTINCT FROM
            (tokens, price_cents, user_id, CASE way WHEN 'auto_reload' THEN 'auto_reload' ELSE 'purchase' END,
                'purchase:' || purchase.id, purchase.stripe_payment_intent_id)
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
        WHERE type IN ('purchase', 'auto_reload') AND purchase.id IS NULL
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
    audit.Check(
        "purchase_tokens_match_its_money",
        """
        SELECT format('purchase %s: %s tokens for %s, of which %s went back; taken back %s, given again %s', id, tokens,
            price_cents, back, tokens_reversed, tokens_reinstated)
        FROM (
            SELECT *, least(price_cents,
                coalesce((SELECT sum(amount_cents) FROM billing_refund AS refund
                    WHERE refund.stripe_payment_intent_id = purchase.stripe_payment_intent_id
                        AND refund.currency = purchase.currency
                        AND refund.status IN ('pending', 'requires_action', 'succeeded')), 0)
                + coalesce((SELECT sum(amount_cents) FROM billing_dispute AS dispute
                    WHERE dispute.stripe_payment_intent_id = purchase.stripe_payment_intent_id
                        AND dispute.currency = purchase.currency AND dispute.status IN
                        ('needs_response', 'under_review', 'lost', 'appeal_needs_response', 'appeal_under_review')), 0)
                )::bigint AS back
            FROM billing_purchase AS purchase WHERE state = 'paid'
        ) AS counted
        WHERE tokens_reversed - tokens_reinstated <> tokens * back / price_cents OR money_back_cents <> back
        """,
    ),
    audit.Check(
        "purchase_reversals_are_in_the_books",
        """
        SELECT format('purchase %s: taken back %s, in the books %s; given again %s, in the books %s', id,
            tokens_reversed, reversed, tokens_reinstated, reinstated)
        FROM billing_purchase AS purchase LEFT JOIN (
            SELECT split_part(key, ':', 2) AS purchase_id, account_id,
                coalesce(-sum(amount) FILTER (WHERE type = 'reversal'), 0) AS reversed,
                coalesce(sum(amount) FILTER (WHERE type = 'reinstated'), 0) AS reinstated
            FROM tokens_tokentransaction
            WHERE type IN ('reversal', 'reinstated') AND key LIKE 'purchase:%'
            GROUP BY split_part(key, ':', 2), account_id
        ) AS counted ON purchase_id = id::text AND account_id = user_id
        WHERE (tokens_reversed, tokens_reinstated) <> (coalesce(reversed, 0), coalesce(reinstated, 0))
        """,
    ),
    audit.Check(
        "reversal_has_its_purchase",
        """
        SELECT format('transaction %s (%s) of account %s names no purchase of theirs', entry.id, key, account_id)
        FROM tokens_tokentransaction AS entry LEFT JOIN billing_purchase AS purchase
            ON purchase.user_id = account_id AND split_part(key, ':', 2) = purchase.id::text
        WHERE type IN ('reversal', 'reinstated') AND (purchase.id IS NULL OR key NOT LIKE 'purchase:%')
        """,
    ),
    audit.Check(
        "auto_reload_within_its_cap",
        """
        SELECT format('auto-reload %s: %s of %s that month, the cap was %s', id, so_far, user_id, monthly_cap_cents)
        FROM (
            SELECT id, user_id, monthly_cap_cents, sum(price_cents) OVER (
                PARTITION BY user_id, date_trunc('month', paid_at AT TIME ZONE 'UTC') ORDER BY paid_at, id
            ) AS so_far
            FROM billing_purchase WHERE way = 'auto_reload' AND state = 'paid'
        ) AS counted
        WHERE so_far > monthly_cap_cents
        """,
    ),
    audit.Check(
        "auto_reload_one_in_flight",
        """
        SELECT format('%s reloads of %s are in flight', count(*), user_id)
        FROM billing_purchase WHERE way = 'auto_reload' AND state IN ('created', 'open', 'processing')
        GROUP BY user_id HAVING count(*) > 1
        """,
    ),
    audit.Check(
        "subscription_one_alive_per_person",
        """
        SELECT format('%s subscriptions of %s are alive', count(*), user_id)
        FROM billing_subscription
        WHERE state IN ('created', 'open', 'incomplete', 'active', 'past_due', 'unpaid', 'paused')
        GROUP BY user_id HAVING count(*) > 1
        """,
    ),
    audit.Check(
        "unlimited_has_its_subscription",
        """
        SELECT format('account %s is unlimited until %s, but no subscription runs', account.user_id, unlimited_until)
        FROM tokens_tokenaccount AS account
        WHERE unlimited_until > now() AND NOT EXISTS (
            SELECT FROM billing_subscription AS subscription
            WHERE subscription.user_id = account.user_id AND subscription.state IN ('active', 'past_due')
        )
        """,
    ),
)
