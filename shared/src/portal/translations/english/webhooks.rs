//! The texts of the page of webhooks in British English.

use crate::{domain::event_type::EventType, portal::texts::webhooks::WebhookTexts};

pub(super) static WEBHOOKS: WebhookTexts = WebhookTexts {
    title: "Webhooks",
    lead: "Suppuo tells your own systems what happens to a ticket, as soon as it happens. Each endpoint is a URL \
           that gets events.",
    no_script: "JavaScript is off. You can see your endpoints and sign out, but you cannot add, test, change or \
                delete endpoints here, or see deliveries.",
    no_script_commands: "Commands can do all of it. Put a key of this workspace, or a Huudis access token, into \
                         SUPPUO_TOKEN. The first curl lists the endpoints with their IDs, the second adds one and \
                         shows its secret, the third lists deliveries that failed, and the others pause, test and \
                         delete an endpoint.",
    script_missing: "Part of this page did not load, so you cannot add or change endpoints, or see deliveries.",
    no_endpoints: "This workspace has no endpoints",
    none_left: "No endpoints left",
    what_a_webhook_is_for: "With an endpoint, your web shop, a chat bot or a script learns of each new ticket, reply \
                            or status without asking again and again. What cannot be delivered is sent again, for \
                            half a day.",
    a_delivery: "A delivery is a POST with a body like this:",
    full: "This workspace has 20 endpoints, and that is the most it can have. To add another, first delete one that \
           you no longer need.",

    active: "Active",
    failing: "Failing",
    held: "Not answering",
    paused: "Paused",
    disabled: "Switched off",
    events: "Events",
    all_events: "all",
    added_on: "Added",
    failures: "Failures in a row",
    failing_since: "Failing since",
    held_until: "Next attempt after",
    disabled_at: "Switched off",
    reason: "Reason",
    answered_gone: "It answered 410 (Gone), which means that it wants no more events.",
    kept_failing: "At least 20 attempts in a row failed, over at least a day.",
    some_are_disabled: "Suppuo has switched off what is listed here, because it could not deliver. Nothing is sent \
                        there, and events of this time are not sent later. Repair it, resume it, and then send \
                        again what failed.",

    add: "Add endpoint",
    add_title: "Add an endpoint",
    url: "URL",
    url_hint: "An https address of your own system that can be reached from the internet.",
    every_event: "All events, also kinds that are new later",
    only_these: "Only these:",
    describe,
    adding: "Adding…",
    was_added: "Endpoint {name} added.",

    secret: "The secret of this endpoint",
    shown_once: "Copy the secret now and give it to your receiver. It will not be shown again.",
    both_sign: "Until {when}, deliveries are signed with the old secret, too.",
    copy_secret: "Copy secret",
    copied_secret: "Secret copied",
    not_saved: "You have not copied the secret. It will not be shown again.",
    saved: "I have saved the secret",
    verify: "Check that a delivery comes from Suppuo",
    how_to_verify: "Anyone can send something to a public URL. Your receiver must check the signature of each \
                    delivery, and answer within 10 seconds. Put the secret into SUPPUO_WEBHOOK_SECRET. Libraries for \
                    Standard Webhooks also work.",
    programming_language: "Programming language",
    copy_code: "Copy code",
    copied_code: "Code copied",

    test: "Send test",
    testing: "Sending…",
    test_arrived: "The test arrived.",
    test_failed: "The test failed.",
    pause: "Pause",
    pausing: "Pausing…",
    was_paused: "Paused. Events from now on are not sent here, and not sent later.",
    resume: "Resume",
    resuming: "Resuming…",
    was_resumed: "Resumed. Events from now on are sent here.",
    rotate: "Rotate secret",
    rotate_title: "Rotate the secret?",
    rotate_consequence: "There will be a new secret, shown once. For a time, deliveries can be signed with both, so \
                         that none is refused while you change your receiver.",
    old_secret_signs: "The old secret signs, too",
    rotating: "Rotating…",
    was_rotated: "Endpoint {name} has a new secret.",
    delete: "Delete",
    delete_title: "Delete this endpoint?",
    delete_consequence: "Nothing is sent to it any more, not even what is waiting. You cannot undo this.",
    delete_confirm: "Delete endpoint",
    deleting: "Deleting…",
    was_deleted: "Endpoint {name} deleted.",
    was_gone: "Endpoint {name} was already deleted.",

    deliveries: "Deliveries",
    last_deliveries: "Last deliveries",
    all_deliveries: "All of the last 30 days",
    only_failed: "Only failed ones",
    refresh: "Refresh",
    loading: "Loading…",
    no_deliveries: "There are none.",
    older: "Show older ones",
    succeeded: "Delivered",
    pending: "Waiting",
    failed: "Failed",
    delivery: "Delivery",
    event: "Event",
    next_attempt: "Next attempt",
    attempts: "Attempts",
    no_attempts: "none yet",
    body: "Body",
    answered: "Answered {code} after {time} ms.",
    no_answer_after: "No answer after {time} ms.",
    again: "Send again",
    sending: "Sending…",
    is_sent_again: "The delivery is sent again.",
    is_sent_later: "The receiver does not answer at the moment. The delivery is sent again at its next attempt.",
    recover: "Send failed ones again",
    recover_title: "Send failed deliveries again?",
    recover_consequence: "All deliveries that failed since then, except tests, are sent to this endpoint once more. \
                          If there are very many, that takes some minutes. Your receiver may know some of them \
                          already: each event keeps its ID.",
    since: "Since (at most 7 days ago)",
    recover_confirm: "Send again",
    were_recovered: "Deliveries that are sent again: {count}.",

    url_rule: "Enter an https address that can be reached from the internet, without a user name or password in it, \
               and at most 2000 characters long.",
    events_rule: "Choose at least one event.",
    since_rule: "Enter a time within the last 7 days.",
    conflict: "Someone else is changing this workspace’s endpoints right now, or there are already 20. Nothing was \
               changed.",
    not_now: "This is not possible now: the endpoint is paused or switched off, or the delivery is still waiting or \
              was sent very often already. Nothing was changed.",
    maybe_added: "We cannot tell whether the endpoint was added. Reload the page. If it is in the list, rotate its \
                  secret, because the first one cannot be shown.",
    maybe_rotated: "We cannot tell whether there is a new secret. Rotate it again, and give your receiver the new \
                    one at once: the one that it has may not sign any more.",
};

fn describe(event_type: EventType) -> &'static str {
    match event_type {
        EventType::TicketCreated => "A ticket was created",
        EventType::TicketReplied => "A ticket got a reply or an internal note",
        EventType::TicketStatusChanged => "A ticket’s status changed",
        EventType::BillingSubscribed => "The workspace’s plan was paid",
        EventType::SubscriptionDisabled => "Another endpoint was switched off",
        EventType::ApiKeyCreated => "An API key was created",
        EventType::ApiKeyRotated => "An API key got a new secret",
        EventType::ApiKeyRevoked => "An API key was revoked",
        EventType::ApiKeyExposed => "An API key was found in public",
        EventType::Test => "A test was sent",
    }
}
