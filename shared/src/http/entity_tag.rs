//! Entity tags and `If-None-Match`: a client that asks again states what it has, and gets a `304` if that is still so
//! (RFC 9110 sections 8.8.3, 13.1.2 and 15.4.5).
//!
//! All tags are weak: they tell apart the data, and not each response's `meta`.

use lambda_http::http::HeaderValue;
use serde::Serialize;

use crate::{
    domain::ticket::Ticket,
    error::ApiError,
    http::{digest::digest_of_parts, request::Request},
};

/// Raise it when tickets or messages get other fields: then no browser shows what it has kept.
pub(crate) const TICKETS_AS_SHOWN: u32 = 1;

/// Without `W/` and the quotes. What follows its last dot tells the content; the rest, if there is any, is for us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntityTag(String);

impl EntityTag {
    /// `text` has lower-case letters, digits and dots only.
    pub(crate) fn new(text: String) -> Self {
        Self(text)
    }

    /// The tag of data that has no revision. It need not be all that is answered, if the rest follows from it.
    pub fn of_data(data: &impl Serialize) -> Result<Self, ApiError> {
        let data = serde_json::to_string(data).map_err(ApiError::internal)?;
        Ok(Self::of_json(&data))
    }

    pub(crate) fn of_json(data: &str) -> Self {
        Self(digest(&[data]))
    }

    /// The tag of a ticket and its messages: whatever changes them changes the ticket's revision. After the table was
    /// restored, a revision may come again, but not at the same moment.
    #[must_use]
    pub fn of_ticket(ticket: &Ticket) -> Self {
        let (revision, changed) = (ticket.revision, ticket.updated_at.as_millis());
        Self(format!("{TICKETS_AS_SHOWN}r{revision}t{changed}"))
    }

    pub(crate) fn text(&self) -> &str {
        &self.0
    }

    fn content(&self) -> &str {
        self.0.rsplit('.').next().unwrap_or_default()
    }

    pub(crate) fn header(&self) -> Option<HeaderValue> {
        HeaderValue::try_from(format!("W/\"{}\"", self.0)).ok()
    }
}

/// 80 bits in hex: nobody gains by making two contents look the same to their own client.
pub(crate) fn digest(parts: &[&str]) -> String {
    let mut digest = digest_of_parts(parts);
    digest.truncate(20);
    digest
}

impl Request {
    /// Whether the client states what it has.
    #[must_use]
    pub fn is_conditional(&self) -> bool {
        self.header("if-none-match").is_some()
    }

    /// The tags of what the client has. Empty without `If-None-Match`.
    pub(crate) fn known_tags(&self) -> impl Iterator<Item = EntityTag> {
        let tags = self.header("if-none-match").unwrap_or_default().split(',');
        tags.filter_map(|tag| {
            let tag = tag.trim();
            let tag = tag.strip_prefix("W/").unwrap_or(tag);
            let text = tag.strip_prefix('"')?.strip_suffix('"')?;
            Some(EntityTag(text.to_owned()))
        })
    }

    /// Whether the client has the content with this tag. `*` stands for any content.
    #[must_use]
    pub fn knows(&self, tag: &EntityTag) -> bool {
        self.header("if-none-match").map(str::trim) == Some("*")
            || self
                .known_tags()
                .any(|known| known.content() == tag.content())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(if_none_match: Option<&str>) -> Request {
        let mut event = serde_json::json!({ "headers": {} });
        if let Some(tags) = if_none_match {
            event["headers"]["if-none-match"] = tags.into();
        }
        Request::from_text(&event.to_string()).unwrap()
    }

    #[test]
    fn a_client_knows_what_it_states() {
        let tag = EntityTag::new("1.2.abc".to_owned());
        for known in [
            "W/\"1.2.abc\"",
            "\"abc\"",
            "\"x\", W/\"9.abc\"",
            " * ",
            "W/\"x\",W/\"abc\"",
        ] {
            assert!(request(Some(known)).knows(&tag), "{known}");
        }
        for other in [
            "",
            "abc",
            "W/\"abd\"",
            "\"abc",
            "w/\"abc\"",
            "\"1.2\"",
            "\"\"",
            ",",
        ] {
            assert!(!request(Some(other)).knows(&tag), "{other}");
        }
        assert!(!request(None).knows(&tag));
    }

    #[test]
    fn parts_that_are_divided_otherwise_have_another_digest() {
        assert_ne!(digest(&["ab", "c"]), digest(&["a", "bc"]));
        assert_eq!(digest(&["ab", "c"]).len(), 20);
    }
}
