//! The schedule that calls a function every minute ("Scheduled rules", `EventBridge`'s user guide).

use std::sync::Arc;

use serde_json::{Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{activity::Activity, batch::Invoke, clock::Clock};

/// In milliseconds.
const MINUTE: i64 = 60_000;

/// Calls the function every minute, until it is dropped. A call that fails is not repeated.
pub(crate) async fn run<I: Invoke>(function: Arc<I>, clock: Clock, activity: Activity) {
    loop {
        clock.sleep_until((clock.now() / MINUTE + 1) * MINUTE).await;
        if let Err(error) = tick(&*function, &clock, &activity).await {
            eprintln!("the call of this minute failed: {error}");
        }
    }
}

/// Calls the function once.
pub(crate) async fn tick<I: Invoke>(
    function: &I,
    clock: &Clock,
    activity: &Activity,
) -> Result<Value, String> {
    let _running = activity.begin();
    function.invoke(event(clock.now())).await
}

fn event(now: i64) -> Value {
    let time = OffsetDateTime::from_unix_timestamp(now.div_euclid(1000));
    let time = time.ok().and_then(|time| time.format(&Rfc3339).ok());
    json!({
        "version": "0",
        "id": format!("00000000-0000-4000-a000-{now:012x}"),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": "000000000000",
        "time": time,
        "region": "us-east-1",
        "resources": ["arn:aws:events:us-east-1:000000000000:rule/local"],
        "detail": {},
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_says_when_it_was_due() {
        assert_eq!(event(1_781_146_800_999)["time"], "2026-06-11T03:00:00Z");
    }
}
