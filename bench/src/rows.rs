//! The first table: a row for each endpoint, beside the floor.

use std::path::Path;

use local::{Error, gateway::Request};
use serde_json::json;

use crate::{
    calls::{
        BODY, call, create_canned_reply, create_key, create_ticket, open_call, rotate_key, with,
    },
    contents::{Contents, TICKETS},
    deployment::Deployment,
    figures::{self, Before, Figures, Row},
    sign_in::{begin, session_call},
};

const fn row(
    name: &'static str,
    function: &'static str,
    status: u16,
    call: fn(&Contents, usize) -> Request,
) -> Row {
    Row {
        name,
        function,
        status,
        call,
        before: Before::Nothing,
    }
}

/// The floor, which accepts any event.
const FLOOR: Row = row("*floor: one `UpdateItem`*", "floor", 200, health);

/// What the table and the SDK take for a list of tickets.
const FLOOR_OF_LISTS: Row = row(
    "*floor: the `UpdateItem`, and a `Query` of 50 tickets beside it*",
    "floor",
    200,
    list_by_floor,
);

/// The order matters:
///
/// - The windows of keys that one row opens are still open in the next, where a new instance has not seen their lists.
/// - These keys are then rotated, rotated again while the older secret works, and their overlaps are ended.
/// - What is created with an idempotency key is sent again by the next row.
/// - The windows of keys whose first call in a minute lists tags are still open in the next row, where a new instance
///   has not seen them. In the row after that, they are revoked.
/// - The requester's replies reopen the tickets that the agents' replies made pending, so that both change a status.
#[rustfmt::skip]
const ROWS: [Row; 49] = [
    row("a key alone (`DELETE`, no such id)", "api-keys-revoke", 404, no_such_key),
    row("a key alone, its older secret", "api-keys-revoke", 404, older_secret),
    row("a key alone, with a list of addresses", "api-keys-revoke", 404, same_listed_key),
    row("a key alone, its first call in a minute", "api-keys-revoke", 404, listed_key),
    row("a key alone, with a list not seen yet", "api-keys-revoke", 404, listed_key),
    row("a key alone, its next minute", "api-keys-revoke", 404, minutely_key).after(Before::Minute),
    row("create", "api-keys-create", 201, create),
    row("create, with an idempotency key", "api-keys-create", 201, create_once),
    row("create, sent again (`409`)", "api-keys-create", 409, create_once),
    row("list, 1 key", "api-keys-list", 200, list),
    row("list, 100 keys", "api-keys-list", 200, list_full),
    row("list, with an access token", "api-keys-list", 200, list_as_user),
    row("list, with a session", "api-keys-list", 200, list_with_session),
    row("change, the limit", "api-keys-change", 200, change),
    row("rotate", "api-keys-rotate", 200, rotate),
    row("rotate, superseding an older secret", "api-keys-rotate", 200, supersede),
    row("end an overlap", "api-keys-end-overlap", 200, end_overlap),
    row("usage", "api-keys-usage", 200, usage),
    row("audit events, a page of 50", "audit-events", 200, audit_events),
    row("revoke", "api-keys-revoke", 200, revoke),
    row("a session alone (`GET …/auth/me`)", "auth-me", 200, me),
    row("the page, 1 key", "dashboard-api-keys", 200, page),
    row("the page, 100 keys", "dashboard-api-keys", 200, full_page),
    row("sign-in: start", "auth-huudis-start", 302, start),
    row("sign-in: callback, in another browser", "auth-huudis-callback", 400, callback),
    FLOOR_OF_LISTS,
    row("tickets: list, a page of 50", "tickets-list", 200, list_tickets),
    row("tickets: list, nothing new (`304`)", "tickets-list", 304, poll_tickets).after(Before::Tag),
    row("tickets: tags, 10", "tickets-tags", 200, tags),
    row("tickets: tags, a key's first call in a minute", "tickets-tags", 200, tags_of_passing),
    row("tickets: tags, by a key not seen yet", "tickets-tags", 200, tags_of_passing),
    row("tickets: tags, by a key revoked since", "tickets-tags", 401, tags_of_passing).after(Before::Revocation),
    row("tickets: create", "tickets-create", 201, new_ticket),
    row("tickets: get, 1 message", "tickets-get", 200, ticket),
    row("tickets: get, nothing new (`304`)", "tickets-get", 304, poll_ticket).after(Before::Tag),
    row("tickets: reply, `open` → `pending`", "tickets-reply", 201, reply),
    row("tickets: update, the status", "tickets-update", 200, move_status),
    row("canned replies: list, 20", "canned-replies-list", 200, list_canned_replies),
    row("canned replies: create", "canned-replies-create", 201, new_canned_reply),
    row("canned replies: create, with an idempotency key", "canned-replies-create", 201, new_canned_reply_once),
    row("canned replies: create, sent again", "canned-replies-create", 201, new_canned_reply_once),
    row("canned replies: update", "canned-replies-update", 200, change_canned_reply),
    row("canned replies: delete", "canned-replies-delete", 200, delete_canned_reply),
    row("public: submit", "public-submit", 201, submit),
    row("public: view, 2 messages", "public-view", 200, view),
    row("public: reply, `pending` → `open`", "public-reply", 201, public_reply),
    row("public: preflight", "public-preflight", 200, preflight),
    row("health", "health", 200, health),
    row("no such route", "not-found", 404, no_such_route),
];

/// Prints the rows whose name has this part. Rows before one may make what it needs.
pub(crate) async fn print(binaries: &Path, part: &str) -> Result<(), Error> {
    let deployment = Deployment::start(binaries).await?;
    let contents = Contents::create(&deployment).await?;
    println!("{}", Figures::HEAD);
    let (_, floor) = figures::measure(&deployment, &contents, &FLOOR, &FLOOR).await?;
    floor.print(FLOOR.name);
    for row in ROWS.iter().filter(|row| row.name.contains(part)) {
        let (floor, mut figures) = figures::measure(&deployment, &contents, row, &FLOOR).await?;
        figures.ratio = figures.p50 / floor.p50;
        figures.cpu_ratio = figures.cpu / floor.cpu;
        figures.print(row.name);
    }
    Ok(())
}

/// A call that is only authenticated and counted: what it names can be no id, so nothing is looked up.
fn key_alone(secret: &str) -> Request {
    call("DELETE", "/api/v1/api-keys/none", secret)
}

fn no_such_key(contents: &Contents, _: usize) -> Request {
    key_alone(&contents.key)
}

/// Only the first call opens the window and notes the use, unless the row takes more than a minute.
fn older_secret(contents: &Contents, _: usize) -> Request {
    key_alone(&contents.older_secret)
}

/// The instance sees the list at the first call.
fn same_listed_key(contents: &Contents, _: usize) -> Request {
    key_alone(&contents.listed[0].1.secret)
}

/// Each call is with another key, so the instance has seen none of their lists.
fn listed_key(contents: &Contents, number: usize) -> Request {
    key_alone(&contents.listed[number].1.secret)
}

fn minutely_key(contents: &Contents, number: usize) -> Request {
    key_alone(&contents.minutely[number].1.secret)
}

fn create(contents: &Contents, number: usize) -> Request {
    create_key(&contents.roomy[number % contents.roomy.len()])
}

/// A call with an idempotency key, one for each number.
fn once(number: usize, mut call: Request) -> Request {
    let key = format!("bench-{number}");
    call.headers.push(("idempotency-key".to_owned(), key));
    call
}

fn create_once(contents: &Contents, number: usize) -> Request {
    let credential = &contents.roomy_once[number % contents.roomy_once.len()];
    once(number, create_key(credential))
}

fn list(contents: &Contents, _: usize) -> Request {
    call("GET", "/api/v1/api-keys", &contents.key)
}

fn list_full(contents: &Contents, _: usize) -> Request {
    call("GET", "/api/v1/api-keys", &contents.full)
}

fn list_as_user(contents: &Contents, _: usize) -> Request {
    call("GET", "/api/v1/api-keys", &contents.token)
}

fn list_with_session(contents: &Contents, _: usize) -> Request {
    session_call("GET", "/api/v1/api-keys", &contents.session)
}

fn me(contents: &Contents, _: usize) -> Request {
    session_call("GET", "/api/v1/auth/me", &contents.session)
}

fn page(contents: &Contents, _: usize) -> Request {
    session_call("GET", "/dashboard/api-keys", &contents.session)
}

fn full_page(contents: &Contents, _: usize) -> Request {
    session_call("GET", "/dashboard/api-keys", &contents.full_session)
}

fn start(_: &Contents, _: usize) -> Request {
    begin()
}

/// A callback that is refused before the function asks the issuer, so that the row measures only our code.
fn callback(contents: &Contents, _: usize) -> Request {
    session_call("GET", "/api/v1/auth/huudis/callback", &contents.session)
}

/// One key, back and forth, so that each call changes something. Both limits are below the deployment's.
fn change(contents: &Contents, number: usize) -> Request {
    let path = format!("/api/v1/api-keys/{}", contents.changed);
    let limit = json!({ "limit": 1000 + number % 2 });
    with(limit, call("PATCH", &path, &contents.manager.secret))
}

/// A key's first rotation.
fn rotate(contents: &Contents, number: usize) -> Request {
    let (manager, key) = &contents.listed[number];
    rotate_key(&key.id, manager)
}

/// A key's second rotation, while the overlap of the first one lasts.
fn supersede(contents: &Contents, number: usize) -> Request {
    with(json!({ "supersede": true }), rotate(contents, number))
}

fn end_overlap(contents: &Contents, number: usize) -> Request {
    let (manager, key) = &contents.listed[number];
    let path = format!("/api/v1/api-keys/{}/previous", key.id);
    call("DELETE", &path, manager)
}

/// That of the calling key.
fn usage(contents: &Contents, _: usize) -> Request {
    let manager = &contents.manager;
    let path = format!("/api/v1/api-keys/{}/usage", manager.id);
    call("GET", &path, &manager.secret)
}

/// In a workspace where 100 keys were created.
fn audit_events(contents: &Contents, _: usize) -> Request {
    call("GET", "/api/v1/audit-events", &contents.full)
}

fn revoke(contents: &Contents, number: usize) -> Request {
    let (caller, id) = &contents.condemned[number];
    call("DELETE", &format!("/api/v1/api-keys/{id}"), caller)
}

fn list_tickets(contents: &Contents, _: usize) -> Request {
    call("GET", "/api/v1/tickets", &contents.desk)
}

fn list_by_floor(_: &Contents, _: usize) -> Request {
    let mut call = open_call("GET", "/api/v1/tickets");
    let workspace = ("floor-lists".to_owned(), TICKETS.to_owned());
    call.headers.push(workspace);
    call
}

fn tags(contents: &Contents, _: usize) -> Request {
    call("GET", "/api/v1/tickets/tags", &contents.desk)
}

fn tags_of_passing(contents: &Contents, number: usize) -> Request {
    let secret = &contents.passing[number].1.secret;
    call("GET", "/api/v1/tickets/tags", secret)
}

fn poll_tickets(contents: &Contents, number: usize) -> Request {
    contents.unless_same(list_tickets(contents, number))
}

fn poll_ticket(contents: &Contents, _: usize) -> Request {
    contents.unless_same(ticket(contents, 0))
}

fn new_ticket(contents: &Contents, _: usize) -> Request {
    create_ticket(&contents.desk)
}

fn ticket(contents: &Contents, number: usize) -> Request {
    let path = format!("/api/v1/tickets/{}", contents.tickets[number].id);
    call("GET", &path, &contents.desk)
}

fn reply(contents: &Contents, number: usize) -> Request {
    let path = format!("/api/v1/tickets/{}/messages", contents.tickets[number].id);
    let body = json!({ "body": BODY, "authorName": "Robin" });
    with(body, call("POST", &path, &contents.desk))
}

/// One ticket, back and forth: it has no tags, which would be read and written as well.
fn move_status(contents: &Contents, number: usize) -> Request {
    let ticket = contents.tickets.last().map_or("", |ticket| &ticket.id);
    let status = ["resolved", "closed"][number % 2];
    let path = format!("/api/v1/tickets/{ticket}");
    with(
        json!({ "status": status }),
        call("PATCH", &path, &contents.desk),
    )
}

fn list_canned_replies(contents: &Contents, _: usize) -> Request {
    call("GET", "/api/v1/canned-replies", &contents.few_canned)
}

fn new_canned_reply(contents: &Contents, _: usize) -> Request {
    create_canned_reply(&contents.many_canned)
}

fn new_canned_reply_once(contents: &Contents, number: usize) -> Request {
    once(number, new_canned_reply(contents, number))
}

fn change_canned_reply(contents: &Contents, number: usize) -> Request {
    let id = &contents.canned[number % contents.canned.len()];
    let path = format!("/api/v1/canned-replies/{id}");
    let title = json!({ "title": format!("Change {number}") });
    with(title, call("PATCH", &path, &contents.few_canned))
}

fn delete_canned_reply(contents: &Contents, number: usize) -> Request {
    let id = &contents.condemned_canned[number];
    let path = format!("/api/v1/canned-replies/{id}");
    call("DELETE", &path, &contents.many_canned)
}

fn submit(_: &Contents, _: usize) -> Request {
    let form = json!({
        "accountId": TICKETS,
        "subject": "Two blue mugs that have not come yet",
        "body": BODY,
        "email": "alex.example@example.com",
        "name": "Alex Example",
    });
    with(form, open_call("POST", "/api/v1/public/tickets"))
}

/// The path of a ticket in the public form.
fn held(contents: &Contents, number: usize) -> String {
    let token = &contents.tickets[number].access_token;
    format!("/api/v1/public/tickets/{token}")
}

fn view(contents: &Contents, number: usize) -> Request {
    open_call("GET", &held(contents, number))
}

fn public_reply(contents: &Contents, number: usize) -> Request {
    let path = format!("{}/messages", held(contents, number));
    with(json!({ "body": BODY }), open_call("POST", &path))
}

fn preflight(_: &Contents, _: usize) -> Request {
    open_call("OPTIONS", "/api/v1/public/tickets")
}

fn health(_: &Contents, _: usize) -> Request {
    open_call("GET", "/api/v1/health")
}

fn no_such_route(_: &Contents, _: usize) -> Request {
    open_call("GET", "/nowhere")
}
