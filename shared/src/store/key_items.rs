//! The items of an API key, as attributes. docs/architecture.md, Keys, says what each item is for.

use aws_sdk_dynamodb::types::{AttributeValue, Put, builders::PutBuilder};

use crate::{
    domain::{
        api_key::KeyHash,
        ip_block::AllowedIps,
        key_settings::KeySettings,
        rate_limit::Window,
        scope::{GrantedScope, Scopes},
    },
    ids::{ApiKeyId, WorkspaceId},
    store::{
        attributes::{self, Item, Read},
        conditional_update::Expressions,
        reads::Sort,
        store_error::StoreError,
        workspaces,
    },
    time::{HOUR, Timestamp},
};

const KEY_SORT: &str = "KEY";

const ENDED_SORT: &str = "ENDED";

/// All that a secret's partition may have: its item, or what it has left.
pub(super) const ALL_OF_SECRET: Sort<'_> = Sort::From(ENDED_SORT);

/// Whether it is what a secret has left that is over.
pub(super) fn is_ended(item: &Item) -> Result<bool, StoreError> {
    Ok(item.text("sk")? == ENDED_SORT)
}

pub(super) const LISTING_SORT: &str = "KEY#";

/// How long a secret that is over leaves its hash, so that a report of a leak can say what it was.
const ENDED_KEPT_MILLIS: i64 = 365 * 24 * HOUR;

/// Where a call finds a secret.
pub(super) fn secret_key(hash: &KeyHash) -> Item {
    attributes::key(&partition(hash), KEY_SORT)
}

pub(super) fn listing_key(workspace: &WorkspaceId, id: &ApiKeyId) -> Item {
    attributes::key(
        &workspaces::partition(workspace),
        &format!("{LISTING_SORT}{id}"),
    )
}

/// The partition of a secret: its item, or what it has left.
pub(super) fn partition(hash: &KeyHash) -> String {
    format!("KEY#{}", hash.as_str())
}

/// What a call finds by a secret's hash.
pub(super) enum SecretsItem {
    Key(KeysItem),
    Pointer(Pointer),
}

/// The item of a key's current secret. It authenticates and counts the key's calls.
#[derive(Clone)]
pub(super) struct KeysItem {
    pub(super) workspace: WorkspaceId,
    pub(super) id: ApiKeyId,
    pub(super) settings: KeySettings,
    /// The last window. It opened at [`Timestamp::EPOCH`] before the first call.
    pub(super) window: Window,
    /// The last day on which a closed window was added to the usage: see [`crate::store::key_usage`].
    pub(super) usage_day: Option<i64>,
}

/// What the item of an older secret becomes when the key is rotated. It has no window: its calls count in the
/// successor's.
pub(super) struct Pointer {
    pub(super) workspace: WorkspaceId,
    pub(super) id: ApiKeyId,
    pub(super) successor: KeyHash,
    /// From this moment on the older secret is refused.
    pub(super) valid_until: Timestamp,
    /// Whether the key's own expiry ends the overlap.
    pub(super) ends_with_key: bool,
    /// At most a minute before its last call. `None` before its first call as an older secret.
    pub(super) last_used_at: Option<Timestamp>,
}

impl SecretsItem {
    pub(super) fn read(item: &Item) -> Result<Self, StoreError> {
        let workspace = WorkspaceId::parse(item.text("accountId")?);
        let workspace = workspace.ok_or_else(|| attributes::broken("accountId"))?;
        let id = |name: &str| {
            let id = item.text_if_any(name)?.map(ApiKeyId::parse);
            id.map(|id| id.ok_or_else(|| attributes::broken(name)))
                .transpose()
        };
        if let Some(id) = id("pointerKeyId")? {
            return Ok(Self::Pointer(Pointer {
                workspace,
                id,
                successor: KeyHash::from_stored(item.text("successor")?.to_owned()),
                valid_until: item.moment("validUntil")?,
                ends_with_key: item.contains_key("endsWithKey"),
                last_used_at: item.moment_if_any("lastUsedAt")?,
            }));
        }
        let id = id("keyId")?.or(id("restrictedKeyId")?);
        let calls =
            u32::try_from(item.number("calls")?).map_err(|_| attributes::broken("calls"))?;
        Ok(Self::Key(KeysItem {
            workspace,
            id: id.ok_or_else(|| attributes::broken("keyId"))?,
            settings: read_settings(item)?,
            window: Window {
                opened: item.moment("opened")?,
                calls,
            },
            usage_day: item.number_if_any("usageDay")?,
        }))
    }
}

impl KeysItem {
    /// The item of a new key, or of a key's new secret.
    pub(super) fn put(&self, hash: &KeyHash) -> PutBuilder {
        let put = Put::builder()
            .set_item(Some(secret_key(hash)))
            .item("accountId", attributes::text(self.workspace.as_str()))
            .item("opened", attributes::moment(self.window.opened))
            .item("calls", attributes::number(self.window.calls))
            .condition_expression("attribute_not_exists(pk)");
        let usage_day = ("usageDay", self.usage_day.map(attributes::number));
        let rest = settings(&self.settings)
            .into_iter()
            .chain(id(&self.settings, &self.id));
        put_all(put, rest.chain([usage_day]))
    }
}

impl Pointer {
    /// Replaces the older secret's item, on condition that its window is still the one that the successor got.
    pub(super) fn put(&self, hash: &KeyHash, window: Window) -> PutBuilder {
        let kept_until = self.valid_until.plus_millis(ENDED_KEPT_MILLIS);
        let ends_with_key = self.ends_with_key.then(|| attributes::flag(true));
        let put = Put::builder()
            .set_item(Some(secret_key(hash)))
            .item("accountId", attributes::text(self.workspace.as_str()))
            .item("pointerKeyId", attributes::text(self.id.as_str()))
            .item("successor", attributes::text(self.successor.as_str()))
            .item("validUntil", attributes::moment(self.valid_until))
            .item("expiresAt", attributes::number(kept_until.as_secs_ceil()))
            .condition_expression(WINDOW_IS)
            .expression_attribute_values(":opened", attributes::moment(window.opened))
            .expression_attribute_values(":calls", attributes::number(window.calls));
        put_all(put, [("endsWithKey", ends_with_key)])
    }
}

/// The condition that nobody has counted a call since the item was read.
pub(super) const WINDOW_IS: &str = "opened = :opened AND calls = :calls";

/// Why a secret is over.
#[derive(Clone, Copy, PartialEq, Eq, Debug, strum::IntoStaticStr, strum::EnumString)]
#[strum(serialize_all = "snake_case")]
pub(crate) enum EndReason {
    Revoked,
    /// The key has a newer secret.
    Superseded,
    /// It was found in public.
    Exposed,
}

/// What a secret leaves when it is over.
pub(super) fn put_ended(
    hash: &KeyHash,
    workspace: &WorkspaceId,
    id: &ApiKeyId,
    reason: EndReason,
    now: Timestamp,
) -> PutBuilder {
    let kept_until = now.plus_millis(ENDED_KEPT_MILLIS);
    Put::builder()
        .set_item(Some(attributes::key(&partition(hash), ENDED_SORT)))
        .item("accountId", attributes::text(workspace.as_str()))
        .item("endedKeyId", attributes::text(id.as_str()))
        .item("endedAt", attributes::moment(now))
        .item("reason", attributes::text(reason.into()))
        .item("expiresAt", attributes::number(kept_until.as_secs_ceil()))
}

type Named = (&'static str, Option<AttributeValue>);

/// The settings, which the key's item and its listing both have. A default has no attribute.
pub(super) fn settings(settings: &KeySettings) -> [Named; 5] {
    let words = |words: Vec<String>| attributes::text(&words.join(" "));
    let KeySettings {
        scopes,
        expires_at,
        enabled,
        allowed_ips,
        limit,
    } = settings;
    let is_everything = *scopes == Scopes::everything();
    [
        (
            "scopes",
            (!is_everything).then(|| words(scopes.words().collect())),
        ),
        ("validUntil", expires_at.map(attributes::moment)),
        ("switchedOff", (!enabled).then(|| attributes::flag(true))),
        (
            "allowedIps",
            list_text(allowed_ips).map(|list| attributes::text(&list)),
        ),
        ("callLimit", limit.map(attributes::number)),
    ]
}

/// A list of addresses as one text, which a condition can compare. `None` for the empty list.
pub(super) fn list_text(list: &AllowedIps) -> Option<String> {
    let words: Vec<_> = list.words().collect();
    (!list.is_any()).then(|| words.join(" "))
}

pub(super) fn read_list(text: &str) -> Result<AllowedIps, StoreError> {
    let blocks = text.split(' ').map(str::parse);
    let blocks: Result<_, _> = blocks.collect();
    blocks
        .map(AllowedIps::new)
        .map_err(|()| attributes::broken("allowedIps"))
}

pub(super) fn read_settings(item: &Item) -> Result<KeySettings, StoreError> {
    let scopes = item.text_if_any("scopes")?.map(|text| {
        let granted = text.split(' ').map(str::parse::<GrantedScope>);
        let granted = granted.collect::<Result<_, _>>().ok().and_then(Scopes::new);
        granted.ok_or_else(|| attributes::broken("scopes"))
    });
    let limit = item.number_if_any("callLimit")?.map(u32::try_from);
    let list = item.text_if_any("allowedIps")?.map(read_list);
    Ok(KeySettings {
        scopes: scopes.transpose()?.unwrap_or_else(Scopes::everything),
        expires_at: item.moment_if_any("validUntil")?,
        enabled: !item.contains_key("switchedOff"),
        allowed_ips: list.transpose()?.unwrap_or_default(),
        limit: limit
            .transpose()
            .map_err(|_| attributes::broken("callLimit"))?,
    })
}

/// The id of a key with restrictions has another name. A function of the release that did not know restrictions finds
/// no id, and admits nothing: see "While a deployment runs" in docs/operations.md.
pub(super) fn id(settings: &KeySettings, id: &ApiKeyId) -> [Named; 2] {
    let is_restricted = settings.is_restricted();
    let id = || attributes::text(id.as_str());
    [
        ("keyId", (!is_restricted).then(id)),
        ("restrictedKeyId", is_restricted.then(id)),
    ]
}

pub(super) fn put_all(put: PutBuilder, all: impl IntoIterator<Item = Named>) -> PutBuilder {
    all.into_iter().fold(put, |put, (name, value)| match value {
        Some(value) => put.item(name, value),
        None => put,
    })
}

/// Sets each attribute that has a value, and removes the others.
pub(super) fn write_all(write: &mut Expressions, all: impl IntoIterator<Item = Named>) {
    for (name, value) in all {
        match value {
            Some(value) => {
                write.set.push(format!("{name} = :{name}"));
                write.value(format!(":{name}"), value);
            }
            None => write.remove.push(name.to_owned()),
        }
    }
}
