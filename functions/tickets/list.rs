//! `GET /api/v1/tickets`: the tickets that match a filter, in the order of their latest message, newest first.

use serde::{Deserialize, Serialize};
use shared::{
    Answer, ApiError, Authenticated, ExitCode,
    domain::{ticket::Ticket, ticket_filter::Filter},
    handler, serve,
    store::workspaces::Counts,
};

fn main() -> ExitCode {
    serve("GET /api/v1/tickets", handler(list))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Listed {
    tickets: Vec<Ticket>,
    counts: Counts,
    cursor: Option<String>,
    has_more: bool,
}

/// The content of a cursor: the list that it belongs to, and the position in it.
#[derive(Serialize, Deserialize)]
struct Position {
    filter: Filter,
    after: String,
}

async fn list(call: Authenticated) -> Result<Answer, ApiError> {
    let query = call.request.query();
    let limit = query.number("limit", 1, 100)?.unwrap_or(50);
    let asked = Filter::read(&query)?;
    let (filter, after) = match query.text("cursor")? {
        None => (asked.unwrap_or_default(), None),
        Some(cursor) => {
            let position: Position = call.cursors.open("cursor", cursor).await?;
            if asked.is_some_and(|asked| asked != position.filter) {
                let rule =
                    "`cursor` belongs to a list with another filter. Send that one, or none.";
                return Err(ApiError::invalid_field("cursor", rule));
            }
            (position.filter, Some(position.after))
        }
    };

    let (tickets, me) = (call.workspace.tickets(), call.caller.sub());
    let page = tickets.list(&filter, me, limit, after).await?;
    let cursor = match page.next {
        None => None,
        Some(after) => Some(call.cursors.seal(&Position { filter, after }).await?),
    };
    Answer::ok(Listed {
        tickets: page.tickets,
        counts: page.counts,
        has_more: cursor.is_some(),
        cursor,
    })
}
