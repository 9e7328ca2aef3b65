//! The environment variables that endpoints read. `template.yaml` gives each function these and no others, so that a
//! change of a setting replaces only the functions that read it.

/// Every function that uses the table.
pub(crate) const TABLE: &[&str] = &["TABLE_NAME"];

/// To authenticate callers and to count their calls.
pub(crate) const CALLERS: &[&str] = &[
    "TABLE_NAME",
    "HUUDIS_ISSUER",
    "HUUDIS_JWKS_URL",
    "HUUDIS_AUDIENCES",
    "SESSION_IDLE_HOURS",
    "SESSION_HOURS",
    "CALLER_LIMIT",
];

/// To count the calls of the public form.
pub(crate) const PUBLIC_CALLS: &[&str] = &["TABLE_NAME", "SIGNING_SECRET", "PUBLIC_LIMIT"];

/// To count submissions, in addition to [`PUBLIC_CALLS`].
pub(crate) const SUBMISSIONS: &[&str] = &["SUBMISSIONS_IN_10_MINUTES", "SUBMISSIONS_IN_AN_HOUR"];

/// To verify and to do what GitHub's secret scanning reports.
pub(crate) const SECRET_SCANNING: &[&str] = &["TABLE_NAME", "GITHUB_KEYS_URL"];

/// To send the browser to the issuer.
pub(crate) const SIGN_IN_START: &[&str] = &["HUUDIS_ISSUER", "HUUDIS_CLIENT_ID", "SIGNING_SECRET"];

/// To turn the issuer's answer into a session, in addition to [`SIGN_IN_START`].
pub(crate) const SIGN_IN_CALLBACK: &[&str] = &[
    "TABLE_NAME",
    "HUUDIS_JWKS_URL",
    "HUUDIS_AUDIENCES",
    "HUUDIS_CLIENT_SECRET",
    "SESSION_IDLE_HOURS",
    "SESSION_HOURS",
];

/// To seal and open the secrets of webhooks.
pub(crate) const SIGNING: &[&str] = &["SIGNING_SECRET"];

/// To seal and open cursors. Only some of the endpoints that can do so have a list with cursors.
pub(crate) const CURSORS: &[&str] = &["SIGNING_SECRET"];

/// To read the indexes of tickets that the table has. Of the endpoints that could list tickets, one does.
pub(crate) const TICKET_LISTS: &[&str] = &["TICKET_INDEXES"];

/// To send attempts to the queue.
pub(crate) const QUEUE: &[&str] = &["TABLE_NAME", "DELIVERY_QUEUE_URL"];

/// To keep what cannot be fanned out.
pub(crate) const FAN_OUT_FAILURES: &[&str] = &["FAN_OUT_FAILURES_URL"];

/// The link on error pages.
pub(crate) const ERROR_PAGES: &[&str] = &["SUPPORT_URL"];
