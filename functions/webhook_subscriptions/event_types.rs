//! `GET /api/v1/webhook-subscriptions/event-types`: the types of events that a webhook subscription can choose.

use serde::Serialize;
use shared::{
    Answer, ApiError, Area, Authenticated, ExitCode, domain::event_type::EventType, scoped, serve,
};
use strum::VariantArray;

fn main() -> ExitCode {
    serve(
        "GET /api/v1/webhook-subscriptions/event-types",
        scoped(Area::Webhooks.read(), event_types),
    )
}

#[derive(Serialize)]
struct Listed {
    types: Vec<Described>,
}

#[derive(Serialize)]
struct Described {
    #[serde(rename = "type")]
    event_type: EventType,
    description: &'static str,
}

async fn event_types(_: Authenticated) -> Result<Answer, ApiError> {
    let types = EventType::VARIANTS.iter().map(|&event_type| Described {
        event_type,
        description: event_type.description(),
    });
    Answer::ok(Listed {
        types: types.collect(),
    })
}
