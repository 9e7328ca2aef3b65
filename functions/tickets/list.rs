//! `GET /api/v1/tickets`: the tickets that match a filter, in the order of their latest message, newest first.

use serde::Serialize;
use shared::{
    Answer, ApiError, Area, ExitCode, ReadCall,
    domain::{ticket::Ticket, ticket_filter::Filter},
    endpoint::{ticket_filter::TicketPosition, ticket_list_tag::TicketListTags},
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

async fn list(call: ReadCall) -> Result<Answer, ApiError> {
    let query = call.request.query();
    let limit = query.number("limit", 1, 100)?.unwrap_or(50);
    let asked = Filter::read(&query)?;
    let (filter, after) = call.cursors.resume::<TicketPosition>(&query, asked).await?;

    let me = if filter.is_about_caller() {
        call.caller().await.sub()
    } else {
        None
    };
    let tickets = call.workspace.tickets();
    let tags = TicketListTags::new(call.workspace.id(), &(&filter, me, limit, &after))?;
    if let Some(tag) = tags.unchanged(&call.request, &tickets).await? {
        return Ok(Answer::not_modified(tag).may_be_kept());
    }
    let page = tickets.list(&filter, me, limit, after).await?;
    let tag = tags.of(&page)?;
    let cursor = match page.next {
        None => None,
        Some(after) => Some(
            call.cursors
                .seal(&TicketPosition::new(filter, after))
                .await?,
        ),
    };
    let listed = Answer::ok(Listed {
        tickets: page.tickets,
        counts: page.counts,
        has_more: cursor.is_some(),
        cursor,
    })?;
    Ok(listed.tagged(tag).may_be_kept())
}
