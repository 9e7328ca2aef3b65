//! Headers: any header, the host, and `Authorization`.

#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::json;
use shared::{auth::bearer::Authorization, http::request::Request};
use url::Url;

fuzz_target!(|input: (&str, &str)| {
    let (name, value) = input;
    let event =
        json!({ "headers": { name: value, "host": value, "Authorization": value } }).to_string();
    let Ok(request) = Request::from_text(&event) else {
        unreachable!("any headers are read")
    };
    match Authorization::of(Some(value)) {
        Ok(Authorization::ApiKey(token) | Authorization::AccessToken(token)) => {
            assert!(
                !token.is_empty() && !token.contains(char::is_whitespace) && value.contains(token)
            );
        }
        Ok(Authorization::Absent) => unreachable!("there is a header"),
        Err(_) => {}
    }
    let Some(origin) = request.origin() else {
        return;
    };
    // An accepted host adds no path, no user and no query to a URL.
    if let Ok(url) = Url::parse(&origin.url("/here")) {
        assert!(url.path() == "/here" && url.username().is_empty() && url.query().is_none());
    }
    if origin.matches_header(name)
        && let (Ok(ours), Ok(theirs)) = (Url::parse(&origin.url("")), Url::parse(name))
    {
        assert_eq!(ours.origin(), theirs.origin());
    }
});
