//! The paths that there are, and the methods of each: for whoever has missed one.
//!
//! API Gateway routes by `template.yaml`, which a test holds this list against. What is said of a path quotes patterns
//! of the list and nothing of what was sent.

use crate::error::ApiError;

/// What the paths of the API begin with.
const API: &str = "/api/v1";

/// Where the public form is, under [`API`]: pages of any origin may read what is answered there.
const PUBLIC: &str = "/public";

/// The areas of the API, under [`API`], but for the sign-in, which only browsers use.
const AREAS: [&str; 7] = [
    "/api-keys",
    "/canned-replies",
    "/health",
    "/me",
    "/openapi.json",
    "/public/tickets",
    "/tickets",
];

/// A path that there is.
#[derive(Debug, PartialEq, Eq)]
pub struct Path {
    /// The path, with `{…}` for a part that is anything.
    pub pattern: &'static str,
    /// What it takes, but for preflights.
    pub methods: &'static [&'static str],
}

const fn path(pattern: &'static str, methods: &'static [&'static str]) -> Path {
    Path { pattern, methods }
}

/// Every path. One that is more special stands before one that takes it in.
pub const PATHS: [Path; 24] = [
    path("/.well-known/security.txt", &["GET", "HEAD"]),
    path("/api/v1/api-keys", &["GET", "POST"]),
    path("/api/v1/api-keys/{id}", &["DELETE"]),
    path("/api/v1/auth/huudis/callback", &["GET"]),
    path("/api/v1/auth/huudis/start", &["GET"]),
    path("/api/v1/auth/logout", &["POST"]),
    path("/api/v1/auth/me", &["GET"]),
    path("/api/v1/canned-replies", &["GET", "POST"]),
    path("/api/v1/canned-replies/{id}", &["DELETE", "PATCH"]),
    path("/api/v1/health", &["GET", "HEAD"]),
    path("/api/v1/me", &["GET"]),
    path("/api/v1/openapi.json", &["GET", "HEAD"]),
    path("/api/v1/public/tickets", &["POST"]),
    path("/api/v1/public/tickets/{accessToken}", &["GET"]),
    path("/api/v1/public/tickets/{accessToken}/messages", &["POST"]),
    path("/api/v1/tickets", &["GET", "POST"]),
    path("/api/v1/tickets/tags", &["GET"]),
    path("/api/v1/tickets/{id}", &["GET", "PATCH"]),
    path("/api/v1/tickets/{id}/messages", &["POST"]),
    path("/dashboard", &["GET", "HEAD"]),
    path("/dashboard/api-keys", &["GET", "HEAD"]),
    path("/dashboard/assets/{file}", &["GET", "HEAD"]),
    path("/dashboard/signed-out", &["GET", "HEAD"]),
    path("/docs", &["GET", "HEAD"]),
];

/// Whether pages of any origin may read what is answered at a path.
pub(crate) fn is_public(path: &str) -> bool {
    under(API, path)
        .and_then(|path| under(PUBLIC, path))
        .is_some()
}

/// What follows in a path that is `start` or under it.
fn under<'a>(start: &str, path: &'a str) -> Option<&'a str> {
    let rest = path.strip_prefix(start)?;
    (rest.is_empty() || rest.starts_with('/')).then_some(rest)
}

/// The methods that HTTP has (RFC 9110 section 9, RFC 5789). No other one is quoted.
const METHODS: [&str; 9] = [
    "CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE",
];

impl Path {
    /// The path that fits exactly.
    #[must_use]
    pub fn of(path: &str) -> Option<&'static Self> {
        PATHS.iter().find(|known| known.fits(path))
    }

    fn fits(&self, path: &str) -> bool {
        let (mut pattern, mut parts) = (self.pattern.split('/'), path.split('/'));
        loop {
            match (pattern.next(), parts.next()) {
                (None, None) => return true,
                (Some(expected), Some(part)) if is_part(expected, part) => {}
                _ => return false,
            }
        }
    }

    /// The path that was probably meant by one that is written otherwise, lacks what it begins with, or has a letter or
    /// two wrong.
    fn closest(path: &str) -> Option<&'static Self> {
        let parts = normalized(path)?;
        let candidates = PATHS.iter().filter_map(|known| {
            let pattern = normalized(known.pattern)?;
            if pattern.len() != parts.len() {
                return None;
            }
            let pairs = pattern.iter().zip(&parts);
            let edits = pairs.map(|(expected, part)| edits(expected, part));
            Some((edits.sum::<Option<usize>>()?, known))
        });
        let nearest = candidates.min_by_key(|(edits, _)| *edits)?;
        Some(nearest.1)
    }

    /// What the header `Allow` says.
    fn allow(&self) -> String {
        let preflight = is_public(self.pattern).then_some("OPTIONS");
        let methods: Vec<_> = self.methods.iter().copied().chain(preflight).collect();
        methods.join(", ")
    }

    /// "`GET` and `POST`".
    fn told_methods(&self) -> String {
        let quoted: Vec<_> = self
            .methods
            .iter()
            .map(|name| format!("`{name}`"))
            .collect();
        quoted.join(" and ")
    }
}

/// `404` for a path or method that no endpoint has: what is wrong with it, and what would be right.
#[must_use]
pub fn explain_not_found(method: &str, path: &str) -> ApiError {
    let Some(known) = Path::of(path) else {
        return ApiError::not_found(explain_no_such_path(path));
    };
    let (pattern, methods) = (known.pattern, known.told_methods());
    let message = match METHODS.iter().find(|name| **name == method) {
        Some(name) => format!("`{name}` is not a method of `{pattern}`; it takes {methods}."),
        None => format!("This is not a method of `{pattern}`; it takes {methods}."),
    };
    ApiError::no_such_method(message, known.allow())
}

fn explain_no_such_path(path: &str) -> String {
    if let Some(known) = Path::of(path.trim_end_matches('/')) {
        let (pattern, methods) = (known.pattern, known.told_methods());
        return format!(
            "There is no such path. Leave out the slash at the end: `{pattern}`, which takes {methods}."
        );
    }
    if let Some(known) = Path::closest(path) {
        let (pattern, methods) = (known.pattern, known.told_methods());
        return format!("There is no such path. Did you mean `{pattern}`? It takes {methods}.");
    }
    let [areas @ .., last] = AREAS.map(|area| format!("`{area}`"));
    let areas = areas.join(", ");
    format!("There is no such path. Under `{API}` there are {areas} and {last}.")
}

fn is_part(expected: &str, part: &str) -> bool {
    if expected.starts_with('{') {
        !part.is_empty()
    } else {
        expected == part
    }
}

/// How many parts a path has at most, `api` and its version aside; and how long one is that is compared.
const MOST_PARTS: usize = 4;
const LONGEST_PART: usize = 24;

/// A path's parts, for comparing: without empty ones, without `api` and a version at their start, in lower case, with
/// hyphens. `None` where there are too many, or none.
fn normalized(path: &str) -> Option<Vec<String>> {
    let mut parts = path.split('/').filter(|part| !part.is_empty()).peekable();
    parts.next_if(|part| part.eq_ignore_ascii_case("api"));
    parts
        .next_if(|part| matches!(part.as_bytes(), [b'v' | b'V', digits @ ..] if is_number(digits)));
    let parts: Vec<_> = parts
        .take(MOST_PARTS + 1)
        .map(|part| {
            if part.len() > LONGEST_PART {
                // It can be one that is anything, and no other.
                return String::new();
            }
            part.to_ascii_lowercase().replace('_', "-")
        })
        .collect();
    (1..=MOST_PARTS).contains(&parts.len()).then_some(parts)
}

fn is_number(digits: &[u8]) -> bool {
    !digits.is_empty() && digits.iter().all(u8::is_ascii_digit)
}

/// How many edits make a part the expected one; `None` where it is probably another word.
fn edits(expected: &str, part: &str) -> Option<usize> {
    if expected.starts_with('{') {
        return Some(0);
    }
    let distance = distance(expected.as_bytes(), part.as_bytes());
    (distance <= expected.len() / 3).then_some(distance)
}

/// How many bytes have to be put in, taken out or replaced to make the one the other (Levenshtein).
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
    fn each_path_is_found_by_itself_and_a_special_one_before_a_general_one() {
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
    fn what_is_under_the_public_path_is_public_and_its_neighbours_are_not() {
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
    fn what_was_probably_meant_is_found() {
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
    fn a_path_like_no_other_is_told_the_areas_inside_the_api_and_outside() {
        for path in ["/api/v1", "/api/v1/", "/api/v1/users", "/api", "/", "/nope"] {
            let error = explain_not_found("GET", path);
            assert_eq!(
                error.message,
                "There is no such path. Under `/api/v1` there are `/api-keys`, `/canned-replies`, `/health`, `/me`, \
                 `/openapi.json`, `/public/tickets` and `/tickets`.",
                "{path}"
            );
            assert_eq!(error.allow, None, "{path}");
        }
    }

    #[test]
    fn every_path_of_the_api_but_the_sign_ins_is_in_an_area() {
        let in_api = PATHS.iter().filter_map(|known| under(API, known.pattern));
        let (sign_in, others): (Vec<_>, Vec<_>) =
            in_api.partition(|path| under("/auth", path).is_some());
        assert_eq!((sign_in.len(), others.len()), (4, 14));
        let areas_of = |path| AREAS.iter().filter(move |area| under(area, path).is_some());
        for path in &others {
            assert_eq!(areas_of(path).count(), 1, "{path}");
        }
        for area in AREAS {
            assert!(others.contains(&area), "{area}");
        }
    }

    #[test]
    fn a_method_that_a_path_does_not_take_is_told_with_those_that_it_takes() {
        let allow = |path| explain_not_found("PUT", path).allow;
        let (ticket, form) = ("/api/v1/tickets/tkt_1", "/api/v1/public/tickets");
        assert_eq!(allow(ticket).as_deref(), Some("GET, PATCH"));
        assert_eq!(allow(form).as_deref(), Some("POST, OPTIONS"));
        assert_eq!(allow("/tickets"), None);
    }

    #[test]
    fn nothing_of_what_was_sent_is_quoted() {
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
                let told = explain_not_found(method, path).message;
                assert!(!told.contains("script") && !told.contains("xxx"), "{told}");
                assert!(told.len() < 200, "{told}");
            }
        }
        let told = explain_not_found("<script>", "/api/v1/tickets/<script>").message;
        assert_eq!(
            told,
            "This is not a method of `/api/v1/tickets/{id}`; it takes `GET` and `PATCH`."
        );
    }
}
