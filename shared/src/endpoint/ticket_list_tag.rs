//! The entity tags of lists of tickets: a poll that finds nothing new reads one item.
//!
//! Every change of a ticket changes the version of its workspace's tickets ([`TicketsVersion`]), so a list is as it was
//! if the version is. But a list comes from an index, which may be some milliseconds behind. So a version is trusted
//! only if it was [`SETTLED`] when the client got its list. Else the list is read, and its content compared.
//!
//! A tag is trusted for [`TRUSTED`]. That bounds how long a client is told that nothing is new if an index was behind
//! by longer, or if a function of a release that knew no versions changed a ticket.

use serde::Serialize;

use crate::{
    error::ApiError,
    http::{
        entity_tag::{EntityTag, TICKETS_AS_SHOWN, digest},
        request::Request,
    },
    ids::WorkspaceId,
    store::{ticket_list::Page, tickets::TicketReader, workspaces::TicketsVersion},
    time::{MINUTE, Timestamp},
};

/// Milliseconds after a change. An index is seldom behind by one second.
const SETTLED: i64 = 10_000;

/// In milliseconds.
const TRUSTED: i64 = 10 * MINUTE;

/// The tags of one list: of a workspace's tickets, with a filter, from a position on.
#[derive(Debug)]
pub struct TicketListTags {
    list: String,
    /// Before anything is read.
    now: Timestamp,
}

impl TicketListTags {
    /// `asked` is all that decides which tickets of the workspace are listed.
    pub fn new(workspace: &WorkspaceId, asked: &impl Serialize) -> Result<Self, ApiError> {
        let asked = json(asked)?;
        Ok(Self {
            list: digest(&[workspace.as_str(), &asked]),
            now: Timestamp::now(),
        })
    }

    /// The tag of the list that the client has, if its version tells that nothing has changed. Reads the version only
    /// if the client has a tag that may be trusted.
    pub async fn unchanged(
        &self,
        request: &Request,
        tickets: &TicketReader<'_>,
    ) -> Result<Option<EntityTag>, ApiError> {
        let Some(known) = self.known(request) else {
            return Ok(None);
        };
        let version = tickets.version().await?;
        Ok((known.changes == version.changes).then_some(known.tag))
    }

    fn known(&self, request: &Request) -> Option<KnownList> {
        let mut known = request
            .known_tags()
            .filter_map(|tag| KnownList::read(&self.list, tag));
        known.find(|known| known.is_trusted(self.now))
    }

    /// The tag of a page of this list that is read now.
    pub fn of(&self, page: &Page) -> Result<EntityTag, ApiError> {
        // All else that is shown of a ticket follows from these.
        let tickets = page.tickets.iter();
        let tickets = tickets.map(|ticket| (&ticket.id, ticket.revision, ticket.updated_at));
        let tickets: Vec<_> = tickets.collect();
        let (shown, next) = (TICKETS_AS_SHOWN, page.next.as_deref());
        let content = json(&(shown, tickets, page.counts, next))?;
        let content = digest(&[&self.list, &content]);
        let TicketsVersion {
            changes,
            changed_at,
        } = page.version;
        let now = self.now.as_millis();
        let since_change = changed_at.map_or(SETTLED, |at| now - at.as_millis());
        let read_at = if since_change >= SETTLED {
            self.now
        } else {
            Timestamp::EPOCH
        };
        let (read_at, list) = (read_at.as_millis(), &self.list);
        Ok(EntityTag::new(format!(
            "{changes}.{read_at}.{list}.{content}"
        )))
    }
}

/// A list that a client has.
struct KnownList {
    changes: i64,
    /// When it was read, if the version was settled then; else [`Timestamp::EPOCH`].
    read_at: Timestamp,
    tag: EntityTag,
}

impl KnownList {
    fn read(list: &str, tag: EntityTag) -> Option<Self> {
        let mut parts = tag.text().split('.');
        let mut part = || parts.next();
        let (changes, read_at) = (part()?.parse().ok()?, part()?.parse().ok()?);
        (part()? == list && part().is_some() && part().is_none()).then_some(())?;
        Some(Self {
            changes,
            read_at: Timestamp::from_millis(read_at),
            tag,
        })
    }

    fn is_trusted(&self, now: Timestamp) -> bool {
        let age = now.as_millis().checked_sub(self.read_at.as_millis());
        age.is_some_and(|age| (0..TRUSTED).contains(&age))
    }
}

fn json(value: &impl Serialize) -> Result<String, ApiError> {
    serde_json::to_string(value).map_err(ApiError::internal)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::workspaces::Counts;

    fn page(changed_before: Option<i64>) -> Page {
        let now = Timestamp::now();
        Page {
            tickets: Vec::new(),
            counts: Counts::default(),
            next: None,
            version: TicketsVersion {
                changes: 7,
                changed_at: changed_before.map(|millis| now.plus_millis(-millis)),
            },
        }
    }

    fn tags() -> TicketListTags {
        TicketListTags::new(&WorkspaceId::parse("acc_a").unwrap(), &"all").unwrap()
    }

    fn known(tag: &str) -> Option<KnownList> {
        let event = serde_json::json!({ "headers": { "if-none-match": tag } });
        tags().known(&Request::from_text(&event.to_string()).unwrap())
    }

    fn sent(tag: &EntityTag) -> String {
        format!("W/\"{}\"", tag.text())
    }

    #[test]
    fn a_version_is_trusted_if_it_was_settled() {
        for (changed_before, is_trusted) in [
            (None, true),
            (Some(SETTLED + 1_000), true),
            (Some(SETTLED - 1_000), false),
            (Some(0), false),
            // By the clock of an instance that is ahead.
            (Some(-1_000), false),
        ] {
            let tag = tags().of(&page(changed_before)).unwrap();
            assert_eq!(
                known(&sent(&tag)).is_some(),
                is_trusted,
                "{changed_before:?}"
            );
        }
    }

    #[test]
    fn a_trusted_tag_is_of_one_version_and_one_list() {
        let tag = tags().of(&page(None)).unwrap();
        let same = known(&sent(&tag)).unwrap();
        assert_eq!((same.changes, same.tag), (page(None).version.changes, tag));
        let other = TicketListTags::new(&WorkspaceId::parse("acc_a").unwrap(), &"open").unwrap();
        assert!(known(&sent(&other.of(&page(None)).unwrap())).is_none());
    }

    #[test]
    fn nobody_makes_a_tag_that_is_trusted_for_long() {
        let tag = tags().of(&page(None)).unwrap();
        let [changes, read_at, list, content] = tag.text().split('.').collect::<Vec<_>>()[..]
        else {
            panic!("four parts")
        };
        let read_at: i64 = read_at.parse().unwrap();
        let with = |read_at: &str| format!("W/\"{changes}.{read_at}.{list}.{content}\"");
        assert!(known(&with(&read_at.to_string())).is_some());
        for wrong in [
            (read_at - TRUSTED).to_string(),
            (read_at + 60_000).to_string(),
            i64::MIN.to_string(),
            i64::MAX.to_string(),
            "x".to_owned(),
            String::new(),
        ] {
            assert!(known(&with(&wrong)).is_none(), "{wrong}");
        }
        for malformed in [
            format!("W/\"{changes}.{read_at}.{list}\""),
            format!("W/\"{changes}.{read_at}.{list}.{content}.{content}\""),
            "W/\"\"".to_owned(),
        ] {
            assert!(known(&malformed).is_none(), "{malformed}");
        }
    }
}
