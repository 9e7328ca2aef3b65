//! Lists of tickets: by their last message, filtered, and searched.
//!
//! A list reads an index, which holds whole tickets, and (with `q`) the messages of those tickets that do not match by
//! themselves. docs/architecture.md, Tickets, explains this, what a call reads, and when `q` should move to a search
//! engine. That engine would replace `index_page` for `q`, and return ids.
//!
//! The indexes hold the same, one by workspace, one by workspace and status. They lag behind the table by milliseconds.
//! What is shown is the entry by which the ticket was found, so it matches the filter. The old indexes hold only what
//! lists filter by; what they find is read from the table ([`crate::store::ticket_indexes`]).

use std::{cmp::Reverse, collections::BTreeSet};

use aws_sdk_dynamodb::types::ConsumedCapacity;
use futures_util::{StreamExt, TryStreamExt, future::try_join, stream};

use crate::{
    domain::{
        text::folded,
        ticket::Ticket,
        ticket_filter::{Assignee, Filter},
    },
    ids::{Subject, TicketId, WorkspaceId},
    store::{
        attributes::{self, Item, Read},
        read_pace::{FIRST_READ, ReadPace},
        reads::TableReader,
        store_error::StoreError,
        ticket_items::{
            MESSAGE_SORT, Stored, activity, status_partition, ticket_id, ticket_in, ticket_key,
            ticket_partition,
        },
        tickets::TicketReader,
        workspace::View,
        workspaces::{self, Counts, TicketsVersion},
    },
};

/// How many threads are searched at the same time.
const THREADS_AT_ONCE: usize = 16;

pub struct Page {
    /// Newest last message first.
    pub tickets: Vec<Ticket>,
    /// The counts of the whole workspace.
    pub counts: Counts,
    /// Where the next page starts. `None` on the last page.
    pub next: Option<String>,
    /// Read beside the tickets. The index that these come from may be behind it by some milliseconds.
    pub version: TicketsVersion,
}

/// An index entry.
struct Entry {
    id: TicketId,
    /// The sort key. Unique.
    activity: String,
    /// The texts that `q` searches before the messages, folded. Empty without `q`.
    texts: Vec<String>,
    /// `None` if the index does not hold whole tickets.
    ticket: Option<Ticket>,
}

struct IndexPage {
    /// Those that match the filter, except `q`.
    entries: Vec<Entry>,
    /// How many there were to match.
    seen: u32,
    next: Option<String>,
    units: f64,
}

impl TicketReader<'_> {
    /// One page of the tickets that match a filter. `after` is [`Page::next`] of the page before. `me` is the calling
    /// user, or `None` for an API key.
    pub async fn list(
        &self,
        filter: &Filter,
        me: Option<&Subject>,
        limit: u32,
        after: Option<String>,
    ) -> Result<Page, StoreError> {
        let View {
            id: workspace,
            table,
        } = self.0;
        let list = List {
            table,
            workspace,
            filter,
            assignee: filter.assignee_for(me),
            sought: filter.q.as_deref().map(folded),
        };
        let tickets = async {
            let (found, next) = list.find(limit, after).await?;
            Ok((list.tickets(found).await?, next))
        };
        let tally = workspaces::tally(table, workspace);
        let (tally, (tickets, next)) = try_join(tally, tickets).await?;
        let tally = tally.unwrap_or_default();
        Ok(Page {
            tickets,
            counts: tally.counts,
            next,
            version: tally.version,
        })
    }
}

struct List<'a> {
    table: &'a TableReader,
    workspace: &'a WorkspaceId,
    filter: &'a Filter,
    assignee: Assignee<'a>,
    /// The folded text of `q`.
    sought: Option<String>,
}

impl List<'_> {
    /// Finds up to `limit` tickets, and where the next page starts.
    async fn find(
        &self,
        limit: u32,
        mut after: Option<String>,
    ) -> Result<(Vec<Entry>, Option<String>), StoreError> {
        let mut found = Vec::new();
        if self.assignee == Assignee::NoUser {
            return Ok((found, None));
        }
        let page = limit as usize;
        // One more than the page shows whether there is a next page.
        let mut read = limit + 1;
        if !self.reads_only_what_it_shows() {
            read = read.max(FIRST_READ);
        }
        let mut pace = ReadPace::default();
        loop {
            let index_page = self.index_page(after.as_deref(), read).await?;
            pace.seen += index_page.seen;
            pace.spent += index_page.units;
            let mut next = index_page.next;
            match &self.sought {
                None => found.extend(index_page.entries),
                Some(sought) => {
                    let entries = index_page.entries;
                    let stopped = self.search(entries, sought, page, &mut found, &mut pace);
                    next = stopped.await?.or(next);
                }
            }
            if found.len() > page {
                found.truncate(page);
                next = found.last().map(|last| last.activity.clone());
                return Ok((found, next));
            }
            if next.is_none() || self.has_read_enough(&pace) {
                return Ok((found, next));
            }
            after = next;
            read = pace.next(read, found.len(), page + 1 - found.len());
        }
    }

    /// Adds the entries that contain the text to `found`. Returns the place where it stopped, if it did not search all
    /// of them.
    async fn search(
        &self,
        entries: Vec<Entry>,
        sought: &str,
        page: usize,
        found: &mut Vec<Entry>,
        pace: &mut ReadPace,
    ) -> Result<Option<String>, StoreError> {
        let searched = stream::iter(entries).map(|entry| async {
            let (has_it, units) = self.has(&entry, sought).await?;
            Ok::<_, StoreError>((entry, has_it, units))
        });
        let mut searched = searched.buffered(THREADS_AT_ONCE);
        while let Some((entry, has_it, units)) = searched.try_next().await? {
            pace.spent += units;
            let place = entry.activity.clone();
            if has_it {
                found.push(entry);
            }
            if found.len() > page || self.has_read_enough(pace) {
                return Ok(Some(place));
            }
        }
        Ok(None)
    }

    /// Whether the call has spent its read units or nearly all its time.
    fn has_read_enough(&self, pace: &ReadPace) -> bool {
        pace.is_over_budget() || !self.table.may_try_again()
    }

    /// Whether the page shows every entry that it reads.
    fn reads_only_what_it_shows(&self) -> bool {
        let Filter {
            tag,
            channel,
            priority,
            ..
        } = self.filter;
        let filters = (tag, channel, priority, &self.sought);
        self.assignee == Assignee::Any && matches!(filters, (None, None, None, None))
    }

    /// Reads `read` entries of the index and keeps those that match the filter.
    async fn index_page(&self, after: Option<&str>, read: u32) -> Result<IndexPage, StoreError> {
        let workspace = self.workspace;
        let indexes = self.table.ticket_indexes;
        let (index, attribute, partition) = match self.filter.status {
            None => (indexes.all, "accountId", workspace.as_str().to_owned()),
            Some(status) => (
                indexes.by_status,
                "accountStatus",
                status_partition(workspace, status),
            ),
        };
        let mut condition = format!("{attribute} = :partition");
        let mut query = self.table.new_query();
        if let Some(after) = after {
            condition += " AND activity < :after";
            query = query.expression_attribute_values(":after", attributes::text(after));
        }
        let mut filters = Vec::new();
        let equal = [
            (
                "assigneeSub",
                match self.assignee {
                    Assignee::Agent(sub) => Some(sub),
                    _ => None,
                },
            ),
            ("channel", self.filter.channel.map(Into::into)),
            ("priority", self.filter.priority.map(Into::into)),
        ];
        for (name, value) in equal {
            if let Some(value) = value {
                filters.push(format!("{name} = :{name}"));
                query =
                    query.expression_attribute_values(format!(":{name}"), attributes::text(value));
            }
        }
        if let Some(tag) = &self.filter.tag {
            filters.push("contains(tags, :tag)".to_owned());
            query = query.expression_attribute_values(":tag", attributes::text(tag));
        }
        if self.assignee == Assignee::Unassigned {
            filters.push("attribute_not_exists(assigneeSub)".to_owned());
        }
        let filters = (!filters.is_empty()).then(|| filters.join(" AND "));
        let query = query
            .index_name(index)
            .key_condition_expression(condition)
            .expression_attribute_values(":partition", attributes::text(&partition))
            .set_filter_expression(filters)
            .scan_index_forward(false)
            .limit(i32::try_from(read).unwrap_or(i32::MAX));
        let page = self.table.query("list tickets", query).await?;
        let next = page.last_evaluated_key();
        let next = next.map(|key| key.text("activity").map(str::to_owned));
        let entries = page.items().iter().map(|item| self.entry(item));
        Ok(IndexPage {
            next: next.transpose()?,
            entries: entries.collect::<Result<_, _>>()?,
            seen: u32::try_from(page.scanned_count()).unwrap_or_default(),
            units: units(page.consumed_capacity()),
        })
    }

    fn entry(&self, item: &Item) -> Result<Entry, StoreError> {
        let mut texts = Vec::new();
        if self.sought.is_some() {
            for name in ["subject", "requesterEmail", "requesterName"] {
                texts.extend(item.text_if_any(name)?.map(folded));
            }
        }
        Ok(Entry {
            id: ticket_id(item)?,
            activity: item.text("activity")?.to_owned(),
            texts,
            ticket: ticket_in(item)?,
        })
    }

    /// Whether a ticket contains the text, and the read units that the search took.
    async fn has(&self, entry: &Entry, sought: &str) -> Result<(bool, f64), StoreError> {
        let (mut has_it, mut spent) = (entry.texts.iter().any(|text| text.contains(sought)), 0.0);
        let mut after = None;
        while !has_it {
            let query = self
                .table
                .new_query()
                .key_condition_expression("pk = :ticket AND begins_with(sk, :message)")
                .expression_attribute_values(
                    ":ticket",
                    attributes::text(&ticket_partition(self.workspace, &entry.id)),
                )
                .expression_attribute_values(":message", attributes::text(MESSAGE_SORT))
                .projection_expression("body")
                .set_exclusive_start_key(after);
            let page = self.table.query("search messages", query).await?;
            spent += units(page.consumed_capacity());
            for message in page.items() {
                has_it |= folded(message.text("body")?).contains(sought);
            }
            after = page.last_evaluated_key;
            if after.is_none() {
                break;
            }
        }
        Ok((has_it, spent))
    }

    /// The tickets to show.
    async fn tickets(&self, mut found: Vec<Entry>) -> Result<Vec<Ticket>, StoreError> {
        let shown = keep_each_once(&mut found);
        if found.iter().any(|entry| entry.ticket.is_none()) {
            return self.read(shown).await;
        }
        Ok(found.into_iter().filter_map(|entry| entry.ticket).collect())
    }

    /// Reads tickets that an old index has found from the table, and leaves out those that no longer match the filter.
    ///
    /// A ticket may have a later message than its entry, so the result is sorted again.
    async fn read(&self, found: BTreeSet<TicketId>) -> Result<Vec<Ticket>, StoreError> {
        let keys = found.iter().map(|id| ticket_key(self.workspace, id));
        let mut read = Vec::with_capacity(found.len());
        for item in self.table.get_all("read tickets", keys.collect()).await? {
            let ticket = Stored::read(&item)?.ticket;
            if self.matches(&ticket) {
                read.push(ticket);
            }
        }
        read.sort_by_cached_key(|ticket| Reverse(activity(ticket)));
        Ok(read)
    }

    fn matches(&self, ticket: &Ticket) -> bool {
        let filter = self.filter;
        let assignee = ticket.assignee_sub.as_ref().map(Subject::as_str);
        filter.status.is_none_or(|status| status == ticket.status)
            && filter
                .channel
                .is_none_or(|channel| channel == ticket.channel)
            && filter
                .priority
                .is_none_or(|priority| priority == ticket.priority)
            && filter
                .tag
                .as_ref()
                .is_none_or(|tag| ticket.tags.contains(tag))
            && match self.assignee {
                Assignee::Any => true,
                Assignee::Unassigned => assignee.is_none(),
                Assignee::Agent(sub) => assignee == Some(sub),
                Assignee::NoUser => false,
            }
    }
}

/// An index that lags may have a ticket twice, at its new and at its old place. Then its new place counts, which comes
/// first. Returns the ids.
fn keep_each_once(found: &mut Vec<Entry>) -> BTreeSet<TicketId> {
    let mut ids = BTreeSet::new();
    found.retain(|entry| ids.insert(entry.id.clone()));
    ids
}

fn units(consumed: Option<&ConsumedCapacity>) -> f64 {
    consumed
        .and_then(ConsumedCapacity::capacity_units)
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Timestamp;

    #[test]
    fn a_ticket_that_is_moved_in_an_index_is_shown_once_at_its_new_place() {
        let [one, other] = [1, 2].map(|millis| TicketId::new(Timestamp::from_millis(millis)));
        let entry = |id: &TicketId, activity: &str| Entry {
            id: id.clone(),
            activity: activity.to_owned(),
            texts: Vec::new(),
            ticket: None,
        };
        let mut found = vec![entry(&one, "3"), entry(&other, "2"), entry(&one, "1")];
        let ids = keep_each_once(&mut found);
        let shown = found
            .iter()
            .map(|entry| (&entry.id, entry.activity.as_str()));
        assert_eq!(shown.collect::<Vec<_>>(), [(&one, "3"), (&other, "2")]);
        assert_eq!(ids.len(), 2);
    }
}
