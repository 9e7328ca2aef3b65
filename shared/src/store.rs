//! Everything that the API stores, in one DynamoDB table.
//!
//! docs/architecture.md, The table, has the items with their keys and attributes, the indexes, what each access costs,
//! and the ceilings. A change of an item or an access changes those tables, too.
//!
//! Times are numbers in milliseconds, except `expiresAt`, the table's TTL attribute, which is in seconds. Reads are
//! strongly consistent: a request finds what an earlier one wrote, on every instance. Exceptions are the reads of an
//! index, the search through messages and the health check.
//!
//! A handler has no [`database::Database`]. It has a [`workspace::Workspace`], which exists only for an authenticated
//! caller, and every access starts from it; a [`public_form::PublicForm`], which leads to the one ticket whose token
//! was presented; or a [`key_exposure::ExposedKeys`], which leads to the keys that were presented, and only ends them.

pub mod address_windows;
pub(crate) mod admitted_lists;
pub mod api_keys;
mod attributes;
pub mod audit_trail;
pub mod bounded_collection;
pub(crate) mod caller_windows;
pub mod canned_replies;
pub(crate) mod capacity_meter;
mod conditional_update;
pub mod database;
pub(crate) mod delivery_attempts;
mod delivery_items;
pub mod delivery_recovery;
pub mod done_once;
pub(crate) mod due_deliveries;
mod key_calls;
pub mod key_changes;
pub(crate) mod key_counter;
pub mod key_exposure;
mod key_items;
mod key_listings;
mod key_rollover;
pub mod key_usage;
pub(crate) mod last_counts;
mod new_item;
pub(crate) mod outbox;
pub mod public_form;
pub(crate) mod rate_windows;
mod read_pace;
mod reads;
pub(crate) mod receiver_health;
mod retry;
mod sent;
pub(crate) mod session_calls;
pub(crate) mod sessions;
pub mod store_error;
pub(crate) mod submission_refund;
mod tags;
pub(crate) mod ticket_indexes;
mod ticket_items;
pub mod ticket_list;
pub mod tickets;
mod transaction;
pub mod webhook_deliveries;
pub(crate) mod webhook_items;
pub mod webhook_subscriptions;
pub mod workspace;
pub mod workspaces;
