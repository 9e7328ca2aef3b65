//! The history of a key: the entries of the audit trail, in words.

use serde::Deserialize;

use crate::{
    domain::scope::Scopes,
    error::ApiError,
    portal::{
        key_summary::{self, Who},
        moment::{self, TimeText},
        reader::Reader,
        texts::Texts,
        translations,
    },
    store::audit_trail::{Action, AuditEvent},
    time::Timestamp,
};

pub(super) struct Entry<'a> {
    pub(super) at: TimeText,
    pub(super) action: &'static str,
    pub(super) who: Who<'a>,
    pub(super) differences: Vec<Difference>,
    pub(super) source_ip: &'a str,
    pub(super) user_agent: Option<&'a str>,
    pub(super) request_id: &'a str,
}

/// A field of the key that changed.
pub(super) struct Difference {
    pub(super) field: &'static str,
    /// `None` where there was no key before.
    pub(super) from: Option<String>,
    pub(super) to: String,
}

/// As `changes` are stored.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Changes {
    name: Option<Change<String>>,
    key_prefix: Option<Change<String>>,
    scopes: Option<Change<Vec<String>>>,
    expires_at: Option<Change<String>>,
    enabled: Option<Change<bool>>,
    allowed_ips: Option<Change<Vec<String>>>,
    limit: Option<Change<u32>>,
    previous: Option<Change<OldKey>>,
}

#[derive(Deserialize)]
struct Change<T> {
    from: Option<T>,
    to: Option<T>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OldKey {
    key_prefix: String,
    valid_until: String,
}

impl<'a> Entry<'a> {
    /// # Errors
    ///
    /// The entry was not written by this API.
    pub(super) fn of(event: &'a AuditEvent, reader: &Reader<'_>) -> Result<Self, ApiError> {
        let texts = translations::of(reader.language);
        let action: Action = event.action.parse().map_err(ApiError::internal)?;
        let changes: Changes =
            serde_json::from_str(event.changes.get()).map_err(ApiError::internal)?;
        Ok(Self {
            at: TimeText::as_moment(event.at, reader.language),
            action: (texts.keys.action)(action),
            who: key_summary::who(&event.actor, reader),
            differences: differences(changes, action, texts, reader),
            source_ip: &event.source_ip,
            user_agent: event.user_agent.as_deref(),
            request_id: &event.request_id,
        })
    }
}

fn differences(
    changes: Changes,
    action: Action,
    texts: &Texts,
    reader: &Reader<'_>,
) -> Vec<Difference> {
    let keys = texts.keys;
    let moment = |text: &str| match Timestamp::parse(text) {
        Some(at) => moment::exact(at, reader.language),
        None => text.to_owned(),
    };
    let text = |text: Option<String>| text.unwrap_or_default();
    let may_do = |words: Option<Vec<String>>| {
        let granted = words.iter().flatten().flat_map(|word| word.parse());
        let scopes = Scopes::new(granted.collect());
        scopes.map_or_else(String::new, |scopes| key_summary::may_do(&scopes, keys))
    };
    let yes_or_no = |value: Option<bool>| match value {
        None => String::new(),
        Some(true) => keys.yes.to_owned(),
        Some(false) => keys.no.to_owned(),
    };
    let addresses = |blocks: Option<Vec<String>>| match blocks {
        Some(blocks) if !blocks.is_empty() => blocks.join(", "),
        _ => keys.any_address.to_owned(),
    };
    let limit = |limit: Option<u32>| {
        limit.map_or_else(|| keys.highest_limit.to_owned(), |limit| limit.to_string())
    };
    let expiry = |at: Option<String>| at.map_or_else(|| keys.never.to_owned(), |at| moment(&at));
    let old_key = |old: Option<OldKey>| match old {
        None => "—".to_owned(),
        Some(old) => {
            let until = moment(&old.valid_until);
            format!("{}… {} {until}", old.key_prefix, keys.works_until)
        }
    };
    [
        difference(texts.name, changes.name, action, text),
        difference(texts.key, changes.key_prefix, action, text),
        difference(keys.may_do, changes.scopes, action, may_do),
        difference(keys.expires, changes.expires_at, action, expiry),
        difference(keys.switched_on, changes.enabled, action, yes_or_no),
        difference(keys.addresses, changes.allowed_ips, action, addresses),
        difference(keys.limit, changes.limit, action, limit),
        difference(keys.old_key, changes.previous, action, old_key),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn difference<T>(
    field: &'static str,
    change: Option<Change<T>>,
    action: Action,
    write: impl Fn(Option<T>) -> String,
) -> Option<Difference> {
    let Change { from, to } = change?;
    Some(Difference {
        field,
        from: (action != Action::Created).then(|| write(from)),
        to: write(to),
    })
}
