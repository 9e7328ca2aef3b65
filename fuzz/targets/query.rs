//! The query string of a list.

#![no_main]

use libfuzzer_sys::fuzz_target;
use shared::{domain::ticket_filter::Filter, http::query::Query};

fuzz_target!(|text: &str| {
    let query = Query::read(text);
    if let Ok(Some(number)) = query.number("limit", 1, 100) {
        assert!((1..=100).contains(&number));
    }
    if let Ok(Some(q)) = query.text_up_to("q", 200) {
        assert!((1..=200).contains(&q.chars().count()));
    }
    // A filter survives serialisation in a cursor.
    if let Ok(Some(filter)) = Filter::read(&query) {
        let written = serde_json::to_string(&filter).unwrap_or_default();
        assert_eq!(serde_json::from_str::<Filter>(&written).ok(), Some(filter));
    }
});
