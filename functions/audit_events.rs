//! `GET /api/v1/audit-events`: who changed which key, when and how, newest first.

use serde::Serialize;
use shared::{
    Answer, ApiError, Area, EntityTag, ExitCode, ReadCall,
    endpoint::audit_filter::AuditPosition,
    reading, serve,
    store::audit_trail::{AuditEvent, AuditFilter},
};

fn main() -> ExitCode {
    let endpoint = reading(Area::ApiKeys.read(), audit_events);
    serve("GET /api/v1/audit-events", endpoint)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Listed {
    events: Vec<AuditEvent>,
    cursor: Option<String>,
    has_more: bool,
}

async fn audit_events(call: ReadCall) -> Result<Answer, ApiError> {
    let query = call.request.query();
    let limit = query.number("limit", 1, 100)?.unwrap_or(50);
    let asked = AuditFilter::read(&query)?;
    let (filter, after) = call.cursors.resume::<AuditPosition>(&query, asked).await?;

    let trail = call.workspace.audit_trail();
    let page = trail.list(&filter, limit as usize, after).await?;
    // A cursor is another text each time.
    let tag = EntityTag::of_data(&(&page.events, page.next.is_some()))?;
    let cursor = match page.next {
        None => None,
        Some(after) => {
            let position = AuditPosition::new(&filter, &after);
            Some(call.cursors.seal(&position).await?)
        }
    };
    let listed = Answer::ok(Listed {
        events: page.events,
        has_more: cursor.is_some(),
        cursor,
    })?;
    Ok(listed.tagged(tag))
}
