//! The paths and their methods, for the error messages of requests that match none.
//!
//! API Gateway routes by `template.yaml`; a test compares this list with it. A message quotes patterns of the list and
//! nothing that the client sent.

use crate::error::ApiError;

const API: &str = "/api/v1";

/// The public form, under [`API`]. Pages of any origin may read its responses.
const PUBLIC: &str = "/public";

/// The areas of the API, under [`API`], except the sign-in, which only browsers use.
const AREAS: [&str; 11] = [
    "/api-keys",
    "/audit-events",
    "/canned-replies",
    "/health",
    "/leaked-keys",
    "/me",
    "/openapi.json",
    "/public/tickets",
    "/secret-scanning/github",
    "/tickets",
    "/webhook-subscriptions",
];

#[derive(Debug, PartialEq, Eq)]
pub struct Path {
    /// `{…}` matches any segment.
    pub pattern: &'static str,
    /// Without the `OPTIONS` of preflights.
    pub methods: &'static [&'static str],
}

const fn path(pattern: &'static str, methods: &'static [&'static str]) -> Path {
    Path { pattern, methods }
}

/// Every path. A more specific path comes before a more general one.
pub const PATHS: [Path; 41] = [
    path("/.well-known/security.txt", &["GET", "HEAD"]),
    path("/api/v1/api-keys", &["GET", "POST"]),
    path("/api/v1/api-keys/{id}", &["DELETE", "PATCH"]),
    path("/api/v1/api-keys/{id}/previous", &["DELETE"]),
    path("/api/v1/api-keys/{id}/rotate", &["POST"]),
    path("/api/v1/api-keys/{id}/usage", &["GET"]),
    path("/api/v1/audit-events", &["GET"]),
    path("/api/v1/auth/huudis/callback", &["GET"]),
    path("/api/v1/auth/huudis/start", &["GET"]),
    path("/api/v1/auth/logout", &["POST"]),
    path("/api/v1/auth/me", &["GET"]),
    path("/api/v1/canned-replies", &["GET", "POST"]),
    path("/api/v1/canned-replies/{id}", &["DELETE", "PATCH"]),
    path("/api/v1/health", &["GET", "HEAD"]),
    path("/api/v1/leaked-keys", &["POST"]),
    path("/api/v1/me", &["GET"]),
    path("/api/v1/openapi.json", &["GET", "HEAD"]),
    path("/api/v1/public/tickets", &["POST"]),
    path("/api/v1/public/tickets/{accessToken}", &["GET"]),
    path("/api/v1/public/tickets/{accessToken}/messages", &["POST"]),
    path("/api/v1/secret-scanning/github", &["POST"]),
    path("/api/v1/tickets", &["GET", "POST"]),
    path("/api/v1/tickets/tags", &["GET"]),
    path("/api/v1/tickets/{id}", &["GET", "PATCH"]),
    path("/api/v1/tickets/{id}/messages", &["POST"]),
    path("/api/v1/webhook-subscriptions", &["GET", "POST"]),
    path("/api/v1/webhook-subscriptions/deliveries", &["GET"]),
    path("/api/v1/webhook-subscriptions/deliveries/{id}", &["GET"]),
    path(
        "/api/v1/webhook-subscriptions/deliveries/{id}/retry",
        &["POST"],
    ),
    path("/api/v1/webhook-subscriptions/event-types", &["GET"]),
    path("/api/v1/webhook-subscriptions/{id}", &["DELETE", "PATCH"]),
    path("/api/v1/webhook-subscriptions/{id}/recover", &["POST"]),
    path(
        "/api/v1/webhook-subscriptions/{id}/rotate-secret",
        &["POST"],
    ),
    path("/api/v1/webhook-subscriptions/{id}/test", &["POST"]),
    path("/dashboard", &["GET", "HEAD"]),
    path("/dashboard/api-keys", &["GET", "HEAD"]),
    path("/dashboard/api-keys/{id}", &["GET", "HEAD"]),
    path("/dashboard/assets/{file}", &["GET", "HEAD"]),
    path("/dashboard/signed-out", &["GET", "HEAD"]),
    path("/dashboard/webhooks", &["GET", "HEAD"]),
    path("/docs", &["GET", "HEAD"]),
];

/// Whether pages of any origin may read the responses of a path.
pub(crate) fn is_public(path: &str) -> bool {
    under(API, path)
        .and_then(|path| under(PUBLIC, path))
        .is_some()
}

/// The rest of a path that is `start` or below it.
fn under<'a>(start: &str, path: &'a str) -> Option<&'a str> {
    let rest = path.strip_prefix(start)?;
    (rest.is_empty() || rest.starts_with('/')).then_some(rest)
}

/// The methods of HTTP (RFC 9110 section 9, RFC 5789). A message quotes no other.
const METHODS: [&str; 9] = [
    "CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE",
];

impl Path {
    #[must_use]
    pub fn of(path: &str) -> Option<&'static Self> {
        PATHS.iter().find(|known| known.matches(path))
    }

    fn matches(&self, path: &str) -> bool {
        let (mut pattern, mut segments) = (self.pattern.split('/'), path.split('/'));
        loop {
            match (pattern.next(), segments.next()) {
                (None, None) => return true,
                (Some(expected), Some(segment)) if segment_matches(expected, segment) => {}
                _ => return false,
            }
        }
    }

    /// The path that was probably meant by one that is in another case, lacks `/api/v1`, or is misspelt.
    fn closest(path: &str) -> Option<&'static Self> {
        let segments = normalized(path)?;
        let candidates = PATHS.iter().filter_map(|known| {
            let pattern = normalized(known.pattern)?;
            if pattern.len() != segments.len() {
                return None;
            }
            let pairs = pattern.iter().zip(&segments);
            let edits = pairs.map(|(expected, segment)| edits(expected, segment));
            Some((edits.sum::<Option<usize>>()?, known))
        });
        let nearest = candidates.min_by_key(|(edits, _)| *edits)?;
        Some(nearest.1)
    }

    /// The value of the header `Allow`.
    fn allow(&self) -> String {
        let preflight = is_public(self.pattern).then_some("OPTIONS");
        let methods: Vec<_> = self.methods.iter().copied().chain(preflight).collect();
        methods.join(", ")
    }

    /// "`GET` and `POST`".
    fn quoted_methods(&self) -> String {
        let quoted: Vec<_> = self
            .methods
            .iter()
            .map(|name| format!("`{name}`"))
            .collect();
        quoted.join(" and ")
    }
}

/// `404` for a path or method that no endpoint has: says what is wrong, and what was probably meant.
#[must_use]
pub fn explain_not_found(method: &str, path: &str) -> ApiError {
    let Some(known) = Path::of(path) else {
        return ApiError::not_found(explain_no_such_path(path));
    };
    let (pattern, methods) = (known.pattern, known.quoted_methods());
    let message = match METHODS.iter().find(|name| **name == method) {
        Some(name) => format!("`{name}` is not a method of `{pattern}`; it takes {methods}."),
        None => format!("This is not a method of `{pattern}`; it takes {methods}."),
    };
    ApiError::no_such_method(message, known.allow())
}

fn explain_no_such_path(path: &str) -> String {
    if let Some(known) = Path::of(path.trim_end_matches('/')) {
        let (pattern, methods) = (known.pattern, known.quoted_methods());
        return format!(
            "There is no such path. Leave out the slash at the end: `{pattern}`, which takes {methods}."
        );
    }
    if let Some(known) = Path::closest(path) {
        let (pattern, methods) = (known.pattern, known.quoted_methods());
        return format!("There is no such path. Did you mean `{pattern}`? It takes {methods}.");
    }
    let [areas @ .., last] = AREAS.map(|area| format!("`{area}`"));
    let areas = areas.join(", ");
    format!("There is no such path. Under `{API}` there are {areas} and {last}.")
}

fn segment_matches(expected: &str, segment: &str) -> bool {
    if expected.starts_with('{') {
        !segment.is_empty()
    } else {
        expected == segment
    }
}

/// Bounds the work of comparing paths. `/api/v1` is not counted.
const MAX_SEGMENTS: usize = 4;
const MAX_SEGMENT_LENGTH: usize = 24;

/// A path's segments in a form that can be compared: without empty ones, without a leading `api` and version, in lower
/// case, with hyphens. `None` if there are no segments, or more than [`MAX_SEGMENTS`].
fn normalized(path: &str) -> Option<Vec<String>> {
    let mut segments = path
        .split('/')
        .filter(|segment| !segment.is_empty())
        .peekable();
    segments.next_if(|segment| segment.eq_ignore_ascii_case("api"));
    segments.next_if(
        |segment| matches!(segment.as_bytes(), [b'v' | b'V', digits @ ..] if is_number(digits)),
    );
    let segments: Vec<_> = segments
        .take(MAX_SEGMENTS + 1)
        .map(|segment| {
            if segment.len() > MAX_SEGMENT_LENGTH {
                // It still matches `{…}`.
                return String::new();
            }
            segment.to_ascii_lowercase().replace('_', "-")
        })
        .collect();
    (1..=MAX_SEGMENTS)
        .contains(&segments.len())
        .then_some(segments)
}

fn is_number(digits: &[u8]) -> bool {
    !digits.is_empty() && digits.iter().all(u8::is_ascii_digit)
}

/// The number of edits between the two segments; `None` if `segment` is probably another word.
fn edits(expected: &str, segment: &str) -> Option<usize> {
    if expected.starts_with('{') {
        return Some(0);
    }
    let distance = distance(expected.as_bytes(), segment.as_bytes());
    (distance <= expected.len() / 3).then_some(distance)
}

/// The Levenshtein distance, in bytes.
fn distance(one: &[u8], other: &[u8]) -> usize {
    let mut row: Vec<_> = (0..=other.len()).collect();
    for (above, letter) in one.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = above + 1;
        for (at, opposite) in other.iter().enumerate() {
            let replaced = diagonal + usize::from(letter != opposite);
            diagonal = row[at + 1];
            row[at + 1] = replaced.min(diagonal + 1).min(row[at] + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_pattern_matches_itself_and_a_specific_one_goes_before_a_general_one() {
        for known in &PATHS {
            assert_eq!(Path::of(known.pattern), Some(known));
        }
        assert_eq!(Path::of("/api/v1/tickets/tags").unwrap().methods, ["GET"]);
        let ticket = Path::of("/api/v1/tickets/tkt_1").unwrap();
        assert_eq!(ticket.pattern, "/api/v1/tickets/{id}");
        for none in [
            "",
            "/",
            "/api/v1/tickets/",
            "/api/v1/tickets//messages",
            "/x",
        ] {
            assert_eq!(Path::of(none), None, "{none}");
        }
    }

    #[test]
    fn only_paths_under_the_public_form_are_public() {
        for path in ["/api/v1/public", "/api/v1/public/", "/api/v1/public/a/b"] {
            assert!(is_public(path), "{path}");
        }
        for path in [
            "",
            "/",
            "/api/v1/publicity",
            "/public/x",
            "/api/v1/Public",
            "/api/v1",
        ] {
            assert!(!is_public(path), "{path}");
        }
    }

    #[test]
    fn the_closest_path_is_suggested() {
        for (sent, meant) in [
            ("/tickets", "/api/v1/tickets"),
            ("/v1/tickets", "/api/v1/tickets"),
            ("/api/tickets", "/api/v1/tickets"),
            ("/api/v2/tickets/tkt_1", "/api/v1/tickets/{id}"),
            ("/API/V1/Tickets/", "/api/v1/tickets"),
            ("/api/v1//tickets", "/api/v1/tickets"),
            ("/api/v1/ticket", "/api/v1/tickets"),
            (
                "/api/v1/tikcets/tkt_1/mesages",
                "/api/v1/tickets/{id}/messages",
            ),
            ("/api/v1/api_keys", "/api/v1/api-keys"),
            ("/api/v1/apikeys", "/api/v1/api-keys"),
            ("/api/v1/canned-reply/cnr_1", "/api/v1/canned-replies/{id}"),
            ("/public/tickets", "/api/v1/public/tickets"),
            ("/health", "/api/v1/health"),
            ("/Dashboard", "/dashboard"),
        ] {
            let found = Path::closest(sent).map(|known| known.pattern);
            assert_eq!(found, Some(meant), "{sent}");
        }
        for other in [
            "",
            "/",
            "/api",
            "/api/v1",
            "/api/v1/users",
            "/nope",
            "/wp-login.php",
            "/.env",
            "/api/v1/customers/1",
            "/a/b/c/d/e/f/g",
            "/favicon.ico",
            "/m",
        ] {
            assert_eq!(Path::closest(other), None, "{other}");
        }
    }

    #[test]
    fn a_path_without_a_close_match_gets_the_list_of_areas() {
        for path in ["/api/v1", "/api/v1/", "/api/v1/users", "/api", "/", "/nope"] {
            let error = explain_not_found("GET", path);
            assert_eq!(
                error.message,
                "There is no such path. Under `/api/v1` there are `/api-keys`, `/audit-events`, `/canned-replies`, \
                 `/health`, `/leaked-keys`, `/me`, `/openapi.json`, `/public/tickets`, `/secret-scanning/github`, \
                 `/tickets` and `/webhook-subscriptions`.",
                "{path}"
            );
            assert_eq!(error.allow, None, "{path}");
        }
    }

    #[test]
    fn every_path_of_the_api_except_the_sign_in_is_in_an_area() {
        let in_api = PATHS.iter().filter_map(|known| under(API, known.pattern));
        let (sign_in, others): (Vec<_>, Vec<_>) =
            in_api.partition(|path| under("/auth", path).is_some());
        assert_eq!((sign_in.len(), others.len()), (4, 29));
        let areas_of = |path| AREAS.iter().filter(move |area| under(area, path).is_some());
        for path in &others {
            assert_eq!(areas_of(path).count(), 1, "{path}");
        }
        for area in AREAS {
            assert!(others.contains(&area), "{area}");
        }
    }

    #[test]
    fn a_wrong_method_gets_the_allowed_ones() {
        let allow = |path| explain_not_found("PUT", path).allow;
        let (ticket, form) = ("/api/v1/tickets/tkt_1", "/api/v1/public/tickets");
        assert_eq!(allow(ticket).as_deref(), Some("GET, PATCH"));
        assert_eq!(allow(form).as_deref(), Some("POST, OPTIONS"));
        assert_eq!(allow("/tickets"), None);
    }

    #[test]
    fn nothing_that_was_sent_is_quoted() {
        let long = "x".repeat(10_000);
        for path in [
            "/<script>alert(1)</script>",
            "/api/v1/tickets/<script>/",
            "/tickets/<script>",
            &format!("/api/v1/tickets/{long}/"),
            &format!("/{long}"),
            &"/x".repeat(5_000),
        ] {
            for method in ["<script>", &long, "get"] {
                let message = explain_not_found(method, path).message;
                assert!(
                    !message.contains("script>") && !message.contains("xxx"),
                    "{message}"
                );
                assert!(message.len() < 300, "{message}");
            }
        }
        let message = explain_not_found("<script>", "/api/v1/tickets/<script>").message;
        assert_eq!(
            message,
            "This is not a method of `/api/v1/tickets/{id}`; it takes `GET` and `PATCH`."
        );
    }
}
