//! `GET /api/v1/tickets`: the tickets that match a filter, in the order of their latest message, newest first.

use serde::{Deserialize, Serialize};
use shared::{
    Answer, ApiError, Area, ExitCode, ReadCall,
    domain::{ticket::Ticket, ticket_filter::Filter},
    endpoint::{cursors::Position, ticket_list_tag::TicketListTags},
    reading, serve,
    store::workspaces::Counts,
};

fn main() -> ExitCode {
    serve("GET /api/v1/tickets", reading(Area::Tickets.read(), list))
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
struct TicketPosition {
    filter: Filter,
    after: String,
}

impl Position for TicketPosition {
    type Filter = Filter;
    type After = String;

    fn parse(self) -> Option<(Filter, String)> {
        Some((self.filter, self.after))
    }
}

async fn list(call: ReadCall) -> Result<Answer, ApiError> {
    let query = call.request.query();
    let limit = query.number("limit", 1, 100)?.unwrap_or(50);
    let asked = Filter::read(&query)?;
    let (filter, after) = call.cursors.resume::<TicketPosition>(&query, asked).await?;

    let me = match filter.is_about_caller() {
        true => call.caller().await.sub(),
        false => None,
    };
    let tickets = call.workspace.tickets();
    let tags = TicketListTags::new(call.workspace.id(), &(&filter, me, limit, &after))?;
    if let Some(known) = tags.known(&call.request)
        && known.is_of(&tickets.version().await?)
    {
        return Ok(Answer::not_modified(known.into_tag()).may_be_kept());
    }
    let page = tickets.list(&filter, me, limit, after).await?;
    let tag = tags.of(&page)?;
    let cursor = match page.next {
        None => None,
        Some(after) => Some(call.cursors.seal(&TicketPosition { filter, after }).await?),
    };
    let listed = Answer::ok(Listed {
        tickets: page.tickets,
        counts: page.counts,
        has_more: cursor.is_some(),
        cursor,
    })?;
    Ok(listed.tagged(tag).may_be_kept())
}
