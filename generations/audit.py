"""What the audit checks about designs and messages: each was paid and settled exactly as its row and the books say.

Trusts neither the constraints of the table nor the verbs of the studio; it recounts from the ledger's rows.
"""

from tokens.audit import Check, register

CHECKS = [
    Check(
        "generation_charged_or_covered",
        """
        SELECT format('generation %s of %s: source %s, cost %s, transaction %s (%s, %s %s) of account %s, key %s',
            generation.id, generation.user_id, generation.source, generation.cost,
            charge.id, charge.type, charge.amount, charge.bucket, charge.account_id, charge.key)
        FROM generations_generation AS generation
            LEFT JOIN tokens_tokentransaction AS charge ON charge.id = generation.charge_id
        WHERE CASE generation.source
            WHEN 'subscription' THEN generation.charge_id IS NOT NULL OR generation.cost <> 0
            ELSE (charge.type, charge.amount, charge.bucket, charge.account_id, charge.key) IS DISTINCT FROM
                ('deduction', -generation.cost, generation.source, generation.user_id,
                    format('generation:%s:charge', generation.id))
            END
        """,
    ),
    Check(
        "generation_refunded_if_and_only_if_without_result",
        """
        SELECT format('generation %s is %s; its charge %s has refund %s, it names %s', generation.id,
            generation.state, generation.charge_id, refund.id, generation.refund_id)
        FROM generations_generation AS generation
            LEFT JOIN tokens_tokentransaction AS refund ON refund.refund_of_id = generation.charge_id
        WHERE generation.refund_id IS DISTINCT FROM refund.id
            OR (generation.state IN ('failed', 'cancelled') AND generation.charge_id IS NOT NULL)
                <> (refund.id IS NOT NULL)
        """,
    ),
    Check(
        "generation_result_if_and_only_if_succeeded",
        """
        SELECT format('%s %s is %s, deleted at %s; it has picture "%s" and %s characters of reply', kind, id, state,
            deleted_at, image, length(reply))
        FROM generations_generation
        WHERE CASE WHEN state <> 'succeeded' OR deleted_at IS NOT NULL THEN image <> '' OR reply <> ''
            WHEN kind = 'message' THEN image <> '' OR reply = ''
            ELSE image = '' OR reply <> '' END
        """,
    ),
    Check(
        "generation_one_reply_at_a_time",
        """
        SELECT format('conversation %s of %s waits for %s replies', conversation_id, min(user_id::text), count(*))
        FROM generations_generation
        WHERE conversation_id IS NOT NULL AND state IN ('queued', 'running')
        GROUP BY conversation_id HAVING count(*) > 1
        """,
    ),
    Check(
        "generation_is_a_design_or_a_message",
        """
        SELECT format('%s %s of %s: area "%s", style "%s", conversation %s, photo %s', kind, id, user_id, area, style,
            conversation_id, photo_id)
        FROM generations_generation
        WHERE CASE kind WHEN 'design' THEN area = '' OR style = '' OR conversation_id IS NOT NULL
            WHEN 'message' THEN area <> '' OR style <> '' OR conversation_id IS NULL OR photo_id IS NOT NULL
            ELSE true END
        """,
    ),
    Check(
        "generation_ended_has_a_time",
        """
        SELECT format('%s %s is %s; lease %s, progress "%s", ended at %s', kind, id, state, lease_expires_at,
            left(progress, 20), ended_at)
        FROM generations_generation
        WHERE (state = 'running') <> (lease_expires_at IS NOT NULL)
            OR (state IN ('queued', 'running')) <> (ended_at IS NULL)
            OR state <> 'running' AND progress <> ''
        """,
    ),
    Check(
        "generation_deleted_has_no_words",
        """
        SELECT format('%s %s of %s was deleted at %s, is %s and keeps words', kind, id, user_id, deleted_at, state)
        FROM generations_generation
        WHERE deleted_at IS NOT NULL AND (state IN ('queued', 'running')
            OR prompt <> '' OR alt_text <> '' OR thumbnail <> '' OR suggestions <> '[]')
        UNION ALL
        SELECT format('conversation %s of %s was deleted at %s and keeps words', id, user_id, deleted_at)
        FROM generations_conversation AS conversation
        WHERE deleted_at IS NOT NULL AND (title <> '' OR EXISTS (SELECT FROM generations_generation
            WHERE conversation_id = conversation.id AND generations_generation.deleted_at IS NULL))
        """,
    ),
    Check(
        "generation_is_made_of_its_owners_things",
        """
        SELECT format('%s %s of %s: photo of %s, tried again after one of %s', generation.kind, generation.id,
            generation.user_id, photo.user_id, tried.user_id)
        FROM generations_generation AS generation
            LEFT JOIN generations_photo AS photo ON photo.id = generation.photo_id
            LEFT JOIN generations_generation AS tried ON tried.id = generation.retry_of_id
        WHERE photo.user_id <> generation.user_id OR tried.user_id <> generation.user_id
            OR tried.kind <> generation.kind OR tried.state NOT IN ('failed', 'cancelled')
        """,
    ),
    Check(
        "generation_belongs_to_its_conversations_owner",
        """
        SELECT format('message %s of %s is in conversation %s of %s', generation.id, generation.user_id,
            conversation.id, conversation.user_id)
        FROM generations_generation AS generation
            JOIN generations_conversation AS conversation ON conversation.id = generation.conversation_id
        WHERE conversation.user_id <> generation.user_id
        """,
    ),
    Check(
        "deduction_has_its_generation",
        """
        SELECT format('transaction %s of account %s took %s and belongs to no generation',
            deduction.id, deduction.account_id, -deduction.amount)
        FROM tokens_tokentransaction AS deduction
            LEFT JOIN generations_generation AS generation ON generation.charge_id = deduction.id
        WHERE deduction.type = 'deduction' AND deduction.key LIKE 'generation:%:charge'
            AND generation.id IS NULL
        """,
    ),
    Check(
        "generation_lease_not_older_than_its_limit",
        """
        SELECT format('generation %s is still running, its lease ended at %s', id, lease_expires_at)
        FROM generations_generation
        WHERE state = 'running' AND lease_expires_at < now() - interval '60 seconds'
        """,
    ),
    Check(
        "generation_does_not_wait_longer_than_its_limit",
        """
        SELECT format('generation %s is still waiting since %s', id, created_at)
        FROM generations_generation
        WHERE state = 'queued' AND created_at < now() - interval '11 minutes'
        """,
    ),
]


def keep() -> None:
    """Add these checks to every audit."""
    register(*CHECKS)
