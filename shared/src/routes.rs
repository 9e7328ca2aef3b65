//! The paths that there are, and the methods of each: for whoever has missed one.
//!
//! API Gateway routes by `template.yaml`, which a test holds this list against. What is said of a path quotes patterns
//! of the list and nothing of what was sent.

/// The path of the public form: pages of any origin may read what is answered under it.
const PUBLIC: &str = "/api/v1/public";

/// What the paths of the API begin with.
pub const API: &str = "/api/v1";

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
pub const PATHS: [Path; 21] = [
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
];

/// Whether pages of any origin may read what is answered at a path.
pub(crate) fn is_public(path: &str) -> bool {
    let under = path.strip_prefix(PUBLIC);
    under.is_some_and(|under| under.is_empty() || under.starts_with('/'))
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

    /// The path that was probably meant: written otherwise, without what it begins with, or with a letter or two wrong.
    fn meant_by(path: &str) -> Option<&'static Self> {
        let parts = normal(path)?;
        let candidates = PATHS.iter().filter_map(|known| {
            let pattern = normal(known.pattern)?;
            if pattern.len() != parts.len() {
                return None;
            }
            let pairs = pattern.iter().zip(&parts);
            let mistakes = pairs.map(|(expected, part)| mistakes(expected, part));
            Some((mistakes.sum::<Option<usize>>()?, known))
        });
        let nearest = candidates.min_by_key(|(mistakes, _)| *mistakes)?;
        Some(nearest.1)
    }

    /// What the header `Allow` says.
    #[must_use]
    pub fn allow(&self) -> String {
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

/// What is wrong with a path or method that no endpoint has, and what would be right.
#[must_use]
pub fn told(method: &str, path: &str) -> String {
    if let Some(known) = Path::of(path) {
        let (pattern, methods) = (known.pattern, known.told_methods());
        return match METHODS.iter().find(|name| **name == method) {
            Some(name) => format!("`{name}` is not a method of `{pattern}`; it takes {methods}."),
            None => format!("This is not a method of `{pattern}`; it takes {methods}."),
        };
    }
    if let Some(known) = Path::of(path.trim_end_matches('/')) {
        let (pattern, methods) = (known.pattern, known.told_methods());
        return format!(
            "There is no such path. Leave out the slash at the end: `{pattern}`, which takes {methods}."
        );
    }
    if let Some(known) = Path::meant_by(path) {
        let (pattern, methods) = (known.pattern, known.told_methods());
        return format!("There is no such path. Did you mean `{pattern}`? It takes {methods}.");
    }
    if path.starts_with("/api/v1/") {
        return "There is no such path. The API's README lists the paths that there are."
            .to_owned();
    }
    format!(
        "There is no such path. The paths of the API begin with `{API}`; its README lists them."
    )
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
fn normal(path: &str) -> Option<Vec<String>> {
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

/// How many letters are wrong in a part; `None` where it is probably another word.
fn mistakes(expected: &str, part: &str) -> Option<usize> {
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
            let found = Path::meant_by(sent).map(|known| known.pattern);
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
            assert_eq!(Path::meant_by(other), None, "{other}");
        }
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
                let told = told(method, path);
                assert!(!told.contains("script") && !told.contains("xxx"), "{told}");
                assert!(told.len() < 200, "{told}");
            }
        }
        let told = told("<script>", "/api/v1/tickets/<script>");
        assert_eq!(
            told,
            "This is not a method of `/api/v1/tickets/{id}`; it takes `GET` and `PATCH`."
        );
    }
}
