//! Reads a ticket filter from the query string, and keeps it in cursors.

use serde::{Deserialize, Serialize};
use strum::{EnumString, VariantNames};

use crate::{
    domain::{
        ticket::{MAX_SUB, MAX_TAG, Status},
        ticket_filter::Filter,
    },
    endpoint::cursors::Position,
    error::ApiError,
    http::query::Query,
};

/// The longest search text, in characters.
const MAX_Q: usize = 200;

/// The parameter `status`.
#[derive(Clone, Copy, EnumString, VariantNames)]
#[strum(serialize_all = "lowercase")]
enum StatusFilter {
    All,
    Open,
    Pending,
    Resolved,
    Closed,
}

impl StatusFilter {
    fn status(self) -> Option<Status> {
        match self {
            Self::All => None,
            Self::Open => Some(Status::Open),
            Self::Pending => Some(Status::Pending),
            Self::Resolved => Some(Status::Resolved),
            Self::Closed => Some(Status::Closed),
        }
    }
}

impl Filter {
    /// `None` if the query has none of the filter's parameters.
    ///
    /// # Errors
    ///
    /// `400` with `param` for an invalid value.
    pub fn read(query: &Query) -> Result<Option<Self>, ApiError> {
        let status = query.word::<StatusFilter>("status")?;
        let assignee = query.text_up_to("assignee", MAX_SUB)?;
        let filter = Self {
            status: status.and_then(StatusFilter::status),
            assignee: assignee.map(str::to_owned),
            tag: query.label("tag", MAX_TAG)?,
            channel: query.word("channel")?,
            priority: query.word("priority")?,
            q: query.clean("q", MAX_Q)?,
        };
        let is_given = status.is_some() || filter != Self::default();
        Ok(is_given.then_some(filter))
    }
}

/// The content of a cursor: the list that it belongs to, and the position in it.
#[derive(Serialize, Deserialize)]
pub struct TicketPosition {
    filter: Filter,
    after: String,
}

impl TicketPosition {
    #[must_use]
    pub fn new(filter: Filter, after: String) -> Self {
        Self { filter, after }
    }
}

impl Position for TicketPosition {
    type Filter = Filter;
    type After = String;

    fn parse(self) -> Option<(Filter, String)> {
        Some((self.filter, self.after))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{domain::ticket_filter::Assignee, ids::Subject};

    #[test]
    fn a_filter_survives_serialisation() {
        let text = "status=open&assignee=me&tag=%20VIP&channel=web&priority=high&q=Where";
        let filter = Filter::read(&Query::read(text)).unwrap().unwrap();
        assert_eq!(
            (filter.tag.as_deref(), filter.q.as_deref()),
            (Some("vip"), Some("Where"))
        );
        let written = serde_json::to_string(&filter).unwrap();
        assert_eq!(serde_json::from_str::<Filter>(&written).unwrap(), filter);
        assert_eq!(serde_json::to_string(&Filter::default()).unwrap(), "{}");
    }

    #[test]
    fn all_counts_as_a_filter() {
        let read = |text| Filter::read(&Query::read(text)).unwrap();
        assert_eq!(read("limit=3&cursor=x&q="), None);
        assert_eq!(read("status=all"), Some(Filter::default()));
    }

    #[test]
    fn me_is_the_caller() {
        let filter = Filter::read(&Query::read("assignee=me")).unwrap().unwrap();
        let me = Subject::parse("usr_1".to_owned()).unwrap();
        assert_eq!(filter.assignee_for(Some(&me)), Assignee::Agent("usr_1"));
        assert_eq!(filter.assignee_for(None), Assignee::NoUser);
    }
}
