//! Lists of tickets: by their last message, filtered, and searched.
//!
//! # The way of a list
//!
//! ```text
//! index   ByActivity or ByStatus     where the tickets are, newest first, and what filters ask about
//! search  with `q` alone             the messages of those whose subject, name and address do not have it
//! table   BatchGetItem               the tickets themselves, as they are now
//! ```
//!
//! The two indexes hold the same, one by workspace, one by workspace and status. What they do not hold is the access
//! token: whoever reads an index opens no ticket with it. An index follows the table within
//! milliseconds, and may lag; the tickets are read from the table, and one that no longer passes the filter is left out.
//!
//! # What a call reads
//!
//! A page that is not filtered, or by status, reads its own entries of the index and its own tickets, and nothing
//! else. Any other filter reads on through the index, more at a time the less it finds, until the page is full or
//! [`READ_BUDGET`] is spent: that is 1 MB of index, some 3,000 tickets. A search that has to look into messages spends
//! half a unit on each short thread, which makes some 240 tickets. A page then ends where the reading did, perhaps
//! empty, and its cursor goes on from there.
//!
//! A search through the messages of 1,000 tickets is four calls, of a fifth of a second each; of 10,000, forty. From a
//! few thousand tickets on, `q` belongs to a search engine, fed from the table's stream (see [`crate::store::outbox`]); it
//! would take `index_page`'s place for `q`, and give ids.

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
        database::{Database, StoreError},
        ticket_items::{
            MESSAGE_SORT, Stored, activity, status_partition, ticket_id, ticket_key,
            ticket_partition,
        },
        tickets::Tickets,
        workspace::Workspace,
        workspaces::{self, Counts},
    },
};

/// The read units after which a call reads no further: what 1 MB costs, eventually consistent.
const READ_BUDGET: f64 = 128.0;

/// How many entries of the index a filter's first request reads, at least, and any request at most.
const FIRST_READ: u32 = 100;
const LONGEST_READ: u32 = 1000;

/// How many threads are searched at once.
const THREADS_AT_ONCE: usize = 16;

/// A page of a list.
pub struct Page {
    /// The tickets, the one with the last message first.
    pub tickets: Vec<Ticket>,
    /// Of the whole workspace.
    pub counts: Counts,
    /// Where the list goes on, if it does.
    pub next: Option<String>,
}

/// What an index holds of a ticket, as far as a list asks.
struct Entry {
    id: TicketId,
    /// Its place in the order. Unique.
    activity: String,
    /// What `q` looks into first.
    texts: Vec<String>,
}

/// Some entries of an index, and where it goes on.
struct IndexPage {
    entries: Vec<Entry>,
    next: Option<String>,
    units: f64,
}

impl Tickets<'_> {
    /// One page of the tickets that pass a filter, after the place where the last page ended. `me` is the person who
    /// calls, if it is one.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where the table does not answer, or holds what this project did not write.
    pub async fn list(
        &self,
        filter: &Filter,
        me: Option<&Subject>,
        limit: u32,
        after: Option<String>,
    ) -> Result<Page, StoreError> {
        let Workspace {
            id: workspace,
            database,
            ..
        } = self.0;
        let list = List {
            database,
            workspace,
            filter,
            assignee: filter.assignee_for(me),
            sought: filter.q.as_deref().map(folded),
        };
        let tickets = async {
            let (found, next) = list.find(limit, after).await?;
            Ok((list.read(found).await?, next))
        };
        let tally = workspaces::tally(database, workspace);
        let (tally, (tickets, next)) = try_join(tally, tickets).await?;
        Ok(Page {
            tickets,
            counts: tally.unwrap_or_default().counts,
            next,
        })
    }
}

/// A list being made.
struct List<'a> {
    database: &'a Database,
    workspace: &'a WorkspaceId,
    filter: &'a Filter,
    assignee: Assignee<'a>,
    /// What `q` asks for, folded.
    sought: Option<String>,
}

impl List<'_> {
    /// Finds up to `limit` tickets, and where to go on.
    async fn find(
        &self,
        limit: u32,
        mut after: Option<String>,
    ) -> Result<(Vec<Entry>, Option<String>), StoreError> {
        let mut found = Vec::new();
        if self.assignee == Assignee::WhoIsNotThere {
            return Ok((found, None));
        }
        let page = limit as usize;
        // One more than is shown tells whether there is more.
        let mut read = limit + 1;
        if !self.reads_only_what_it_shows() {
            read = read.max(FIRST_READ);
        }
        let mut spent = 0.0;
        loop {
            let IndexPage {
                entries,
                next,
                units,
            } = self.index_page(after.as_deref(), read).await?;
            spent += units;
            let mut next = next;
            match &self.sought {
                None => found.extend(entries),
                Some(sought) => {
                    let searched = stream::iter(entries).map(|entry| async {
                        let (has_it, units) = self.has(&entry, sought).await?;
                        Ok::<_, StoreError>((entry, has_it, units))
                    });
                    let mut searched = searched.buffered(THREADS_AT_ONCE);
                    while let Some((entry, has_it, units)) = searched.try_next().await? {
                        spent += units;
                        let place = entry.activity.clone();
                        if has_it {
                            found.push(entry);
                        }
                        if found.len() > page || self.has_read_enough(spent) {
                            next = Some(place);
                            break;
                        }
                    }
                }
            }
            if found.len() > page {
                found.truncate(page);
                next = found.last().map(|last| last.activity.clone());
                return Ok((found, next));
            }
            if next.is_none() || self.has_read_enough(spent) {
                return Ok((found, next));
            }
            after = next;
            read = (read * 2).min(LONGEST_READ);
        }
    }

    /// Whether the call has spent its units, or nearly all its time.
    fn has_read_enough(&self, spent: f64) -> bool {
        spent >= READ_BUDGET || !self.database.may_try_again()
    }

    /// Whether every entry that is read is one that is shown.
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

    /// Reads so many entries of the index, and keeps those that pass.
    async fn index_page(&self, after: Option<&str>, read: u32) -> Result<IndexPage, StoreError> {
        let workspace = self.workspace;
        let (index, attribute, partition) = match self.filter.status {
            None => ("ByActivity", "accountId", workspace.as_str().to_owned()),
            Some(status) => (
                "ByStatus",
                "accountStatus",
                status_partition(workspace, status),
            ),
        };
        let mut condition = format!("{attribute} = :partition");
        let mut query = self.database.client.query();
        if let Some(after) = after {
            condition += " AND activity < :after";
            query = query.expression_attribute_values(":after", attributes::text(after));
        }
        let mut passes = Vec::new();
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
                passes.push(format!("{name} = :{name}"));
                query =
                    query.expression_attribute_values(format!(":{name}"), attributes::text(value));
            }
        }
        if let Some(tag) = &self.filter.tag {
            passes.push("contains(tags, :tag)".to_owned());
            query = query.expression_attribute_values(":tag", attributes::text(tag));
        }
        if self.assignee == Assignee::Nobody {
            passes.push("attribute_not_exists(assigneeSub)".to_owned());
        }
        let passes = (!passes.is_empty()).then(|| passes.join(" AND "));
        let query = query
            .index_name(index)
            .key_condition_expression(condition)
            .expression_attribute_values(":partition", attributes::text(&partition))
            .set_filter_expression(passes)
            .scan_index_forward(false)
            .limit(i32::try_from(read).unwrap_or(i32::MAX));
        let page = self.database.query("list tickets", query).await?;
        let next = page.last_evaluated_key();
        let next = next.map(|key| key.text("activity").map(str::to_owned));
        let entries = page.items().iter().map(|item| self.entry(item));
        Ok(IndexPage {
            next: next.transpose()?,
            entries: entries.collect::<Result<_, _>>()?,
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
        })
    }

    /// Whether a ticket has the sought text anywhere, and the units that it took to find out.
    async fn has(&self, entry: &Entry, sought: &str) -> Result<(bool, f64), StoreError> {
        let (mut has_it, mut spent) = (entry.texts.iter().any(|text| text.contains(sought)), 0.0);
        let mut after = None;
        while !has_it {
            let query = self
                .database
                .client
                .query()
                .key_condition_expression("pk = :ticket AND begins_with(sk, :message)")
                .expression_attribute_values(
                    ":ticket",
                    attributes::text(&ticket_partition(self.workspace, &entry.id)),
                )
                .expression_attribute_values(":message", attributes::text(MESSAGE_SORT))
                .projection_expression("body")
                .set_exclusive_start_key(after);
            let page = self.database.query("search messages", query).await?;
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

    /// The tickets themselves, but for those that have changed and no longer pass.
    ///
    /// An index that lags may tell of a ticket twice, where it is and where it was; and a ticket that is read may have a
    /// later message than its entry.
    async fn read(&self, found: Vec<Entry>) -> Result<Vec<Ticket>, StoreError> {
        let found: BTreeSet<_> = found.into_iter().map(|entry| entry.id).collect();
        let keys = found.iter().map(|id| ticket_key(self.workspace, id));
        let mut read = Vec::with_capacity(found.len());
        for item in self
            .database
            .get_all("read tickets", keys.collect())
            .await?
        {
            let ticket = Stored::read(&item)?.ticket;
            if self.passes(&ticket) {
                read.push(ticket);
            }
        }
        read.sort_by_cached_key(|ticket| Reverse(activity(ticket)));
        Ok(read)
    }

    fn passes(&self, ticket: &Ticket) -> bool {
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
                Assignee::Nobody => assignee.is_none(),
                Assignee::Agent(sub) => assignee == Some(sub),
                Assignee::WhoIsNotThere => false,
            }
    }
}

fn units(consumed: Option<&ConsumedCapacity>) -> f64 {
    consumed
        .and_then(ConsumedCapacity::capacity_units)
        .unwrap_or_default()
}
