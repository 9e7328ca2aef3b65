//! Reads a filter of the log of webhook deliveries from the query string, and keeps it in cursors.

use serde::{Deserialize, Serialize};

use crate::{
    domain::event_type::EventType,
    endpoint::cursors::Position,
    error::ApiError,
    http::query::Query,
    ids::{DeliveryId, WebhookSubscriptionId},
    store::webhook_deliveries::DeliveryFilter,
};

impl DeliveryFilter {
    /// `None` if the query has none of the filter's parameters.
    ///
    /// # Errors
    ///
    /// `400` with `param` for an invalid value. A subscription that does not exist is valid: it may have been deleted.
    pub fn read(query: &Query) -> Result<Option<Self>, ApiError> {
        let subscription = query.text("subscriptionId")?.map(|id| {
            WebhookSubscriptionId::parse(id).ok_or_else(|| {
                let rule =
                    "`subscriptionId` must be a subscription's id: `whs_` and 26 characters.";
                ApiError::invalid_field("subscriptionId", rule)
            })
        });
        let event_type = query.text("type")?.map(|text| {
            let known = text.parse::<EventType>().ok();
            known.map(|known| known.as_str().to_owned()).ok_or_else(|| {
                let rule = "`type` must be a type that `GET /api/v1/webhook-subscriptions/event-types` lists.";
                ApiError::invalid_field("type", rule)
            })
        });
        let filter = Self {
            subscription: subscription.transpose()?,
            status: query.word("status")?,
            event_type: event_type.transpose()?,
        };
        Ok((filter != Self::default()).then_some(filter))
    }
}

/// The content of a cursor: the list that it belongs to, and the position in it. No other list's cursor has its form.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeliveryPosition {
    subscription_id: Option<String>,
    status: Option<String>,
    event_type: Option<String>,
    delivery_id: String,
}

impl DeliveryPosition {
    #[must_use]
    pub fn new(filter: &DeliveryFilter, after: &DeliveryId) -> Self {
        let subscription = filter.subscription.as_ref();
        Self {
            subscription_id: subscription.map(ToString::to_string),
            status: filter.status.map(|status| <&str>::from(status).to_owned()),
            event_type: filter.event_type.clone(),
            delivery_id: after.to_string(),
        }
    }
}

impl Position for DeliveryPosition {
    type Filter = DeliveryFilter;
    type After = DeliveryId;

    fn parse(self) -> Option<(DeliveryFilter, DeliveryId)> {
        let subscription = self
            .subscription_id
            .map(|id| WebhookSubscriptionId::parse(&id));
        let filter = DeliveryFilter {
            subscription: match subscription {
                None => None,
                Some(id) => Some(id?),
            },
            status: self.status.map(|word| word.parse()).transpose().ok()?,
            event_type: self.event_type,
        };
        Some((filter, DeliveryId::parse(&self.delivery_id)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Timestamp;

    fn read(text: &str) -> Result<Option<DeliveryFilter>, ApiError> {
        DeliveryFilter::read(&Query::read(text))
    }

    #[test]
    fn a_filter_survives_a_cursor() {
        let subscription = WebhookSubscriptionId::new(Timestamp::now());
        let whole = format!("subscriptionId={subscription}&status=failed&type=suppuo.test.v1");
        let after = DeliveryId::first_of(Timestamp::now());
        for text in [&whole, "status=pending", ""] {
            let filter = read(text).unwrap().unwrap_or_default();
            let cursor = serde_json::to_string(&DeliveryPosition::new(&filter, &after)).unwrap();
            let position: DeliveryPosition = serde_json::from_str(&cursor).unwrap();
            assert_eq!(position.parse(), Some((filter, after.clone())), "{text}");
        }
    }

    #[test]
    fn a_cursor_of_another_list_is_not_one_of_the_log() {
        let other = r#"{"filter":{},"after":"whd_01jxe0000000000000000000rt"}"#;
        assert!(serde_json::from_str::<DeliveryPosition>(other).is_err());
        let other = r#"{"deliveryId":"2026-06-11T03:00:00.000Z#tkt_1"}"#;
        let position: DeliveryPosition = serde_json::from_str(other).unwrap();
        assert_eq!(position.parse(), None);
    }

    #[test]
    fn a_value_that_no_delivery_can_have_is_refused() {
        assert_eq!(read("limit=3&cursor=x&status=").unwrap(), None);
        for (text, param) in [
            ("subscriptionId=whs_1", "subscriptionId"),
            ("status=sent", "status"),
            ("type=suppuo.ticket.*", "type"),
        ] {
            assert_eq!(read(text).unwrap_err().param, Some(param));
        }
    }
}
