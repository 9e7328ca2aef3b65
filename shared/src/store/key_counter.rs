//! What counts a key's calls: its inputs, the results, and the conditions of its writes. [`crate::store::key_calls`]
//! counts, and [`crate::store::key_rollover`] opens windows.

use crate::{
    domain::{
        key_settings::KeySettings,
        rate_limit::{Decision, Policy, RateLimit},
    },
    ids::{ApiKeyId, WorkspaceId},
    store::{
        admitted_lists::AdmittedLists,
        attributes::{self, Item},
        conditional_update::Expressions,
        database::Database,
        key_items::{KeysItem, Pointer, SecretsItem},
        last_counts::LastCounts,
        rate_windows::Quota,
        store_error::StoreError,
    },
    time::Timestamp,
};

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct KnownKey {
    pub(crate) id: ApiKeyId,
    pub(crate) workspace: WorkspaceId,
    pub(crate) settings: KeySettings,
    /// Whether the secret that was sent is the older one of a rotated key.
    pub(crate) by_older_secret: bool,
    /// Whether the count also changed what lists of keys show: when the key or its older secret was last used.
    pub(crate) is_stamped: bool,
}

/// The result of counting a key's call.
#[derive(Debug)]
pub(crate) enum CountedKey {
    Known(KnownKey, Decision),
    /// There is no such secret, or it is over.
    Unknown,
    Expired,
    SwitchedOff,
}

/// Counts one call.
pub(crate) struct KeyCounter<'a> {
    pub(crate) database: &'a Database,
    pub(crate) lists: &'a AdmittedLists,
    pub(crate) last_counts: &'a LastCounts,
    pub(crate) address: &'a str,
    pub(crate) limit: RateLimit,
    pub(crate) now: Timestamp,
}

/// What one attempt to count came to.
pub(super) enum Step {
    Counted(CountedKey),
    /// The same call again, by what is known now.
    Again,
    /// Another write was in the way.
    Lost,
    /// The secret is an older one.
    Follow(Pointer),
}

impl KeyCounter<'_> {
    /// Adds the conditions without which no call is admitted.
    pub(super) fn guard(&self, write: &mut Expressions, list: Option<&str>) {
        let has_not_expired = "(attribute_not_exists(validUntil) OR validUntil > :guardedAt)";
        write.conditions.push(has_not_expired.to_owned());
        write.value(":guardedAt".to_owned(), attributes::moment(self.now));
        write
            .conditions
            .push("attribute_not_exists(switchedOff)".to_owned());
        match list {
            None => write
                .conditions
                .push("attribute_not_exists(allowedIps)".to_owned()),
            Some(list) => {
                let has_none_or_this = "(attribute_not_exists(allowedIps) OR allowedIps = :list)";
                write.conditions.push(has_none_or_this.to_owned());
                write.value(":list".to_owned(), attributes::text(list));
            }
        }
    }

    /// The deployment's limit, or the key's own if it is lower.
    pub(super) fn quota(&self, own: Option<u32>) -> Quota {
        let calls = own.map_or(self.limit.calls, |own| own.min(self.limit.calls));
        Quota::of_calls(
            Policy::ApiKey,
            RateLimit {
                calls,
                ..self.limit
            },
        )
    }
}

pub(super) fn keys_item(item: &Item) -> Result<KeysItem, StoreError> {
    match SecretsItem::read(item)? {
        SecretsItem::Key(item) => Ok(item),
        // The write's condition names attributes that no pointer has.
        SecretsItem::Pointer(_) => Err(attributes::broken("pointerKeyId")),
    }
}

pub(super) fn counted(item: KeysItem, decision: Decision) -> Step {
    Step::Counted(CountedKey::Known(known(item, false), decision))
}

/// Counted, in a window that the call opened.
pub(super) fn opened(item: KeysItem, decision: Decision) -> Step {
    Step::Counted(CountedKey::Known(known(item, true), decision))
}

fn known(item: KeysItem, is_stamped: bool) -> KnownKey {
    KnownKey {
        id: item.id,
        workspace: item.workspace,
        settings: item.settings,
        by_older_secret: false,
        is_stamped,
    }
}
