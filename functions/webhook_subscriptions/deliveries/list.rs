//! `GET /api/v1/webhook-subscriptions/deliveries`: deliveries of the last 30 days that match a filter, newest first.

use shared::{
    Answer, ApiError, Area, EntityTag, ExitCode, ReadCall,
    endpoint::delivery_filter::DeliveryPosition, reading, serve,
    store::webhook_deliveries::DeliveryFilter,
};

fn main() -> ExitCode {
    serve(
        "GET /api/v1/webhook-subscriptions/deliveries",
        reading(Area::Webhooks.read(), list),
    )
}

async fn list(call: ReadCall) -> Result<Answer, ApiError> {
    let query = call.request.query();
    let limit = query.number("limit", 1, 100)?.unwrap_or(20);
    let asked = DeliveryFilter::read(&query)?;
    let (filter, after) = call
        .cursors
        .resume::<DeliveryPosition>(&query, asked)
        .await?;

    let deliveries = call.workspace.webhook_deliveries();
    let page = deliveries.list(&filter, limit as usize, after).await?;
    // A cursor is another text each time.
    let tag = EntityTag::of_data(&(&page.deliveries, page.next.is_some()))?;
    let cursor = match page.next {
        None => None,
        Some(after) => {
            let position = DeliveryPosition::new(&filter, &after);
            Some(call.cursors.seal(&position).await?)
        }
    };
    Ok(Answer::delivery_log(&page.deliveries, cursor)?.tagged(tag))
}
