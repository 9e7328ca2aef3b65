//! Calls that are done once, however often a client sends them (Doing a thing once in openapi.yaml).
//!
//! The transaction that makes a change also puts the call's *record*, on condition that there is none:
//!
//! ```text
//! ONCE#{hash of scope and key}   fingerprint, and what was answered   until expiresAt, which is a day later
//! ```
//!
//! So a change without its record does not exist, and of two calls at once, one is done; the other finds the record.
//! There is no lock, except where what is done cannot be in a transaction, such as a call of a receiver. Such a call is
//! *claimed* first: a record without an answer, which ends with the request's time.
//!
//! The service deletes expired items late, so a record's time is compared with the clock wherever it is read.

use std::{fmt, sync::OnceLock};

use aws_sdk_dynamodb::types::{Put, builders::PutBuilder};
use sha2::{Digest, Sha256};

use crate::{
    domain::{client_address::AddressHash, idempotency_key::IdempotencyKey},
    error::Cause,
    ids::WorkspaceId,
    log, random,
    store::{
        attributes::{self, Item, Read},
        conditional_update::{self, Expressions},
        database::Database,
        store_error::StoreError,
        workspace::Workspace,
    },
    time::{HOUR, Timestamp},
};

const KEPT_MILLIS: i64 = 24 * HOUR;

/// How long a claim outlives the time of its request, in milliseconds: clocks differ.
const CLAIM_MARGIN_MILLIS: i64 = 2000;

/// The longest answer that is kept, in bytes. An item may have 400 KB.
const MAX_ANSWER: usize = 200 * 1024;

/// Within which a key means one call.
#[derive(Clone, Copy)]
pub(crate) enum Scope<'a> {
    Workspace(&'a WorkspaceId),
    /// A client without a credential.
    Address(&'a AddressHash, &'a WorkspaceId),
    /// The same, where the call is about no workspace.
    AddressAlone(&'a AddressHash),
}

/// A call with an idempotency key.
pub(crate) struct KeyedCall {
    partition: String,
    fingerprint: String,
    /// Marks the record as claimed by this call.
    claim: OnceLock<String>,
}

/// What is kept of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kept {
    /// The status, and the data as JSON.
    Answer(u16, String),
    /// The answer showed a secret. Only the id of what was made is kept.
    Made(String),
    /// The answer is larger than [`MAX_ANSWER`].
    TooLarge,
}

impl Kept {
    pub(crate) fn answer(status: u16, data: &str) -> Self {
        if data.len() > MAX_ANSWER {
            return Self::TooLarge;
        }
        Self::Answer(status, data.to_owned())
    }
}

/// What an earlier call with the same key was.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Earlier {
    /// The same call, which was done.
    Same(Kept),
    /// The same call, which is being done.
    UnderWay,
    /// Another call.
    Another,
}

impl fmt::Debug for KeyedCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyedCall")
    }
}

impl KeyedCall {
    pub(crate) fn new(scope: Scope<'_>, key: &IdempotencyKey, fingerprint: String) -> Self {
        let (kind, address, workspace) = match scope {
            Scope::Workspace(workspace) => ("workspace", "", workspace.as_str()),
            Scope::Address(address, workspace) => ("address", address.as_str(), workspace.as_str()),
            Scope::AddressAlone(address) => ("address alone", address.as_str(), ""),
        };
        // No part but the last has a line break.
        let text = format!("{kind}\n{address}\n{workspace}\n{}", key.as_str());
        let hash = base16ct::lower::encode_string(&Sha256::digest(text));
        Self {
            partition: format!("ONCE#{hash}"),
            fingerprint,
            claim: OnceLock::new(),
        }
    }

    fn key(&self) -> Item {
        attributes::key(&self.partition, "ONCE")
    }

    /// Whether a call with this key was done before. `None` if not.
    pub(crate) async fn earlier(
        &self,
        database: &Database,
        now: Timestamp,
    ) -> Result<Option<Earlier>, StoreError> {
        let found = database.get("find an earlier call", self.key()).await?;
        match found {
            Some(item) if item.number("expiresAt")? > whole_seconds(now) => {
                self.read(&item).map(Some)
            }
            _ => Ok(None),
        }
    }

    fn read(&self, item: &Item) -> Result<Earlier, StoreError> {
        if item.text("fingerprint")? != self.fingerprint {
            return Ok(Earlier::Another);
        }
        if item.contains_key("claim") {
            return Ok(Earlier::UnderWay);
        }
        let kept = match (item.text_if_any("answer")?, item.text_if_any("madeId")?) {
            (Some(answer), _) => {
                let status = u16::try_from(item.number("status")?);
                let status = status.map_err(|_| attributes::broken("status"))?;
                Kept::Answer(status, answer.to_owned())
            }
            (None, Some(id)) => Kept::Made(id.to_owned()),
            (None, None) => Kept::TooLarge,
        };
        Ok(Earlier::Same(kept))
    }

    /// The record of this call, as it was done.
    fn record(&self, kept: &Kept, now: Timestamp) -> PutBuilder {
        let record = self.put(now.plus_millis(KEPT_MILLIS), now);
        match kept {
            Kept::Answer(status, data) => record
                .item("status", attributes::number(*status))
                .item("answer", attributes::text(data)),
            Kept::Made(id) => record.item("madeId", attributes::text(id)),
            Kept::TooLarge => record,
        }
    }

    /// Puts a record that counts until then, on condition that none counts but this call's own claim.
    fn put(&self, until: Timestamp, now: Timestamp) -> PutBuilder {
        let put = Put::builder()
            .set_item(Some(self.key()))
            .item("fingerprint", attributes::text(&self.fingerprint))
            .item("expiresAt", attributes::number(until.as_secs_ceil()))
            .expression_attribute_values(":now", attributes::number(whole_seconds(now)));
        let free = "attribute_not_exists(pk) OR expiresAt <= :now";
        match self.claim.get() {
            None => put.condition_expression(free),
            Some(claim) => put
                .condition_expression(format!("{free} OR claim = :claim"))
                .expression_attribute_values(":claim", attributes::text(claim)),
        }
    }

    async fn claim(&self, database: &Database) -> Result<(), StoreError> {
        let claim = base16ct::lower::encode_string(&random::bytes::<16>());
        let claim = self.claim.get_or_init(|| claim);
        let now = Timestamp::now();
        let until = now.plus_millis(database.millis_left() + CLAIM_MARGIN_MILLIS);
        let put = self.put(until, now).item("claim", attributes::text(claim));
        if database.put_new("claim a call", put).await? {
            Ok(())
        } else {
            Err(StoreError::DoneBefore)
        }
    }

    /// Ends the claim of a call that failed, if it has one. A failure is only logged: the claim ends by itself.
    pub(crate) async fn release(&self, database: &Database) {
        let Some(claim) = self.claim.get() else {
            return;
        };
        let mut write = Expressions::default();
        write.set.push("expiresAt = :over".to_owned());
        // The service never deletes an item whose time was over more than five years ago.
        let over = attributes::number(whole_seconds(Timestamp::now()));
        write.value(":over".to_owned(), over);
        write.conditions.push("claim = :claim".to_owned());
        write.value(":claim".to_owned(), attributes::text(claim));
        if let Err(error) = conditional_update::send(database, &self.key(), write).await {
            log::warn(&format!("a claim was not ended: {error}"));
        }
    }
}

/// In whole seconds, as TTL counts. Rounded down: a record counts until its last second is over.
fn whole_seconds(moment: Timestamp) -> i64 {
    moment.as_millis().div_euclid(1000)
}

type Make<'a, T> = dyn Fn(&T) -> Result<Kept, Cause> + 'a;

/// What a transaction keeps of the answer to a call, made from a `T`, which the store is about to return.
pub struct Keep<'a, T> {
    call: Option<&'a KeyedCall>,
    make: Box<Make<'a, T>>,
}

impl<T> fmt::Debug for Keep<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keep")
    }
}

impl<'a, T> Keep<'a, T> {
    /// Keeps nothing if the call has no key.
    pub(crate) fn new(
        call: Option<&'a KeyedCall>,
        make: impl Fn(&T) -> Result<Kept, Cause> + 'a,
    ) -> Self {
        Self {
            call,
            make: Box::new(make),
        }
    }

    /// For an answer that is not kept.
    #[must_use]
    pub fn nothing() -> Self {
        Self {
            call: None,
            make: Box::new(|_| Ok(Kept::TooLarge)),
        }
    }

    /// Whether the call has a key. Without one, a change needs no transaction that it does not need anyway.
    pub(super) fn is_wanted(&self) -> bool {
        self.call.is_some()
    }

    /// The record for the transaction that does what `done` says.
    pub(super) fn record(&self, done: &T) -> Result<Option<PutBuilder>, StoreError> {
        let Some(call) = self.call else {
            return Ok(None);
        };
        let kept = (self.make)(done).map_err(StoreError::Failed)?;
        Ok(Some(call.record(&kept, Timestamp::now())))
    }

    /// Keeps the answer to what was done without a transaction, because to do it again changes nothing.
    ///
    /// # Errors
    ///
    /// [`StoreError::DoneBefore`] if an answer was kept meanwhile.
    pub(super) async fn after(&self, done: &T, database: &Database) -> Result<(), StoreError> {
        let Some(record) = self.record(done)? else {
            return Ok(());
        };
        if database.put_new("keep an answer", record).await? {
            Ok(())
        } else {
            Err(StoreError::DoneBefore)
        }
    }

    /// Claims the call before something is done that no transaction can contain.
    ///
    /// # Errors
    ///
    /// [`StoreError::DoneBefore`] if another call has claimed it, or was done.
    pub(crate) async fn claim(&self, workspace: &Workspace) -> Result<(), StoreError> {
        match self.call {
            Some(call) => call.claim(&workspace.database).await,
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(scope: Scope<'_>, key: &str, fingerprint: &str) -> KeyedCall {
        let key = IdempotencyKey::parse(key).unwrap();
        KeyedCall::new(scope, &key, fingerprint.to_owned())
    }

    #[test]
    fn a_key_is_of_its_scope() {
        let [one, other] = ["acc_a", "acc_b"].map(|id| WorkspaceId::parse(id).unwrap());
        let partition = |scope, key| call(scope, key, "f").partition;
        let all = [
            partition(Scope::Workspace(&one), "k"),
            partition(Scope::Workspace(&other), "k"),
            partition(Scope::Workspace(&one), "K"),
        ];
        let mut different = all.to_vec();
        different.sort();
        different.dedup();
        assert_eq!(different.len(), all.len());
        assert_eq!(all[0], partition(Scope::Workspace(&one), "\"k\""));
    }

    fn item(put: PutBuilder) -> Item {
        put.table_name("t").build().unwrap().item
    }

    #[test]
    fn a_record_says_what_was_answered() {
        let workspace = WorkspaceId::parse("acc_a").unwrap();
        let scope = Scope::Workspace(&workspace);
        let (first, now) = (call(scope, "k", "f"), Timestamp::now());
        let largest = format!("\"{}\"", "x".repeat(MAX_ANSWER - 2));
        for kept in [
            Kept::answer(201, "{\"a\":1}"),
            Kept::answer(200, &largest),
            Kept::Made("whs_1".to_owned()),
            Kept::TooLarge,
        ] {
            let record = item(first.record(&kept, now));
            let earlier = call(scope, "k", "f").read(&record).unwrap();
            assert_eq!(earlier, Earlier::Same(kept));
            let another = call(scope, "k", "g").read(&record).unwrap();
            assert_eq!(another, Earlier::Another);
        }
        assert_eq!(Kept::answer(200, &format!("{largest} ")), Kept::TooLarge);
    }

    #[test]
    fn a_record_counts_for_a_day() {
        let workspace = WorkspaceId::parse("acc_a").unwrap();
        let first = call(Scope::Workspace(&workspace), "k", "f");
        let now = Timestamp::from_millis(1_781_146_800_001);
        let record = item(first.record(&Kept::TooLarge, now));
        let until = record.number("expiresAt").unwrap();
        let end = now.plus_millis(KEPT_MILLIS);
        assert!(until > whole_seconds(end.plus_millis(-1)));
        assert!(until <= whole_seconds(end.plus_millis(1000)));
    }
}
