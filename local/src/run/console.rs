//! What `make run` prints.

/// Prints what happens next.
pub(super) fn step(text: &str) {
    println!("▸ {text}");
}

/// Prints calls to try, with an access token. `tests/quick_start.py` makes them.
pub(super) fn show_calls_to_try(api: &str, token: &str) {
    println!(
        "
The portal, where people manage keys: open {api}/dashboard in a browser.

The API answers at {api}/api/v1. Try it:

  # Create a key, with an access token of a made-up person (another: make token)
  export SUPPUO_TOKEN={token}
  curl -X POST {api}/api/v1/api-keys -H \"Authorization: Bearer $SUPPUO_TOKEN\" -d '{{\"name\":\"My first key\"}}'

  # Use it: put the `key` of the answer here
  export SUPPUO_TOKEN=sk_live_…
  curl {api}/api/v1/api-keys -H \"Authorization: Bearer $SUPPUO_TOKEN\"

  # Submit a ticket as a customer would, and list the tickets
  curl -X POST {api}/api/v1/public/tickets -d '{{\"accountId\":\"acc_dev\",\"subject\":\"Hello\",\
\"body\":\"Where is it?\",\"email\":\"kim@example.com\"}}'
  curl {api}/api/v1/tickets -H \"Authorization: Bearer $SUPPUO_TOKEN\"

  # Subscribe to webhooks, and receive them in another terminal: put the `secret` of the answer there
  curl -X POST {api}/api/v1/webhook-subscriptions -H \"Authorization: Bearer $SUPPUO_TOKEN\" \
-d '{{\"url\":\"http://127.0.0.1:9500/\"}}'
  SECRET=whsec_… python3 docs/webhook_receiver.py

  # Revoke the key: put its `id` in place of ID. The next call with it is refused
  curl -X DELETE {api}/api/v1/api-keys/ID -H \"Authorization: Bearer $SUPPUO_TOKEN\"

Ctrl-C ends it. What is created is kept; `make clean-data` deletes it."
    );
}
