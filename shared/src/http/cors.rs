//! Which pages may read a response ("CORS protocol" in WHATWG's fetch standard).

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cors {
    SameOrigin,
    /// Pages of any origin, without cookies: shops embed the public form in their own sites.
    AnyOrigin,
}

/// The headers of [`Cors::AnyOrigin`], on every response and not only on preflights.
///
/// - Every method is allowed, so that a page that sends a wrong one can read the error. The methods are listed because
///   old browsers take `*` as a name.
/// - `*` covers every header except `Authorization`.
/// - Browsers cache a preflight for at most two hours.
pub(super) const CORS_HEADERS: [(&str, &str); 5] = [
    ("access-control-allow-origin", "*"),
    (
        "access-control-allow-methods",
        "GET, POST, PUT, PATCH, DELETE, *",
    ),
    ("access-control-allow-headers", "*, Authorization"),
    ("access-control-expose-headers", "*"),
    ("access-control-max-age", "7200"),
];
