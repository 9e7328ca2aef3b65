//! Whole events.

#![no_main]

use libfuzzer_sys::fuzz_target;
use shared::{
    http::{cookies::CookieName, entity_tag::EntityTag, json::KnownFields, request::Request},
    ids::{ApiKeyId, TicketId},
};

static NAME: KnownFields = KnownFields {
    required: &["name"],
    optional: &["body"],
};

fuzz_target!(|event: &str| {
    let Ok(request) = Request::from_text(event) else {
        return;
    };
    let query = request.query();
    let _ = (request.fields(&NAME).is_ok(), request.is_navigation());
    let _ = EntityTag::of_data(&1).map(|tag| request.knows(&tag));
    let _ = (
        query.text("q").is_ok(),
        query.number("limit", 1, 100).is_ok(),
    );
    let _ = (
        request.id::<ApiKeyId>().is_ok(),
        request.id::<TicketId>().is_ok(),
    );
    for name in [
        CookieName::Session,
        CookieName::SignIn,
        CookieName::Language,
    ] {
        assert!(request.cookie(name).is_none() || request.origin().is_some());
    }
});
