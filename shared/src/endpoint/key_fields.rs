//! Reads the fields of an API key from a body.

use std::cell::Cell;

use crate::{
    domain::{
        ip_block::{AllowedIps, IpBlock},
        key_settings::{KeyChanges, MAX_LIFE_YEARS, MIN_LIFE},
        scope::{GrantedScope, Scopes},
    },
    error::ApiError,
    http::fields::Fields,
    time::Timestamp,
};

/// In milliseconds: a client reckons by its own clock, and its call takes time.
const CLOCKS_DIFFER: i64 = 30_000;

/// In characters.
pub(super) const MAX_NAME: usize = 120;

/// The fields that are there. `deployment_limit`: calls a minute.
pub(super) fn changes(fields: &Fields<'_>, deployment_limit: u32) -> Result<KeyChanges, ApiError> {
    let expires_at = fields.optional("expiresAt", expiry)?;
    let most = deployment_limit.saturating_sub(1);
    let limit = fields.number("limit", 1, most)?;
    Ok(KeyChanges {
        name: fields.optional("name", |fields| fields.line("name", MAX_NAME))?,
        scopes: fields.optional("scopes", scopes)?,
        // Here `null` does not count as missing: it means never, and the deployment's.
        expires_at: fields.has("expiresAt").then_some(expires_at),
        enabled: fields.optional("enabled", |fields| fields.flag("enabled"))?,
        allowed_ips: fields.optional("allowedIps", allowed_ips)?,
        limit: fields.has("limit").then_some(limit),
    })
}

/// As [`Fields::list`], but doubles count, too.
fn every<T: PartialEq>(
    fields: &Fields<'_>,
    name: &'static str,
    most: usize,
    read: impl Fn(&str) -> Result<T, ApiError>,
) -> Result<Vec<T>, ApiError> {
    let entries = Cell::new(0);
    fields.list(name, most, |word| {
        entries.set(entries.get() + 1);
        if entries.get() > most {
            let rule = format!("`{name}` must have at most {most} entries.");
            return Err(ApiError::invalid_field(name, rule));
        }
        read(word)
    })
}

fn scopes(fields: &Fields<'_>) -> Result<Scopes, ApiError> {
    let wrong = |rule: &str| ApiError::invalid_field("scopes", rule.to_owned());
    let granted = every(fields, "scopes", Scopes::MAX, |word| {
        word.parse::<GrantedScope>().map_err(|()| {
            wrong(
                "Each of `scopes` must be `*`, `*:read`, or an area and `:read` or `:write`, such as `tickets:read`. \
                 Areas are `tickets`, `canned_replies`, `api_keys`, `webhooks`, `channels` and `billing`.",
            )
        })
    })?;
    let none = "`scopes` must not be empty: a key without a scope could do nothing.";
    Scopes::new(granted).ok_or_else(|| wrong(none))
}

fn expiry(fields: &Fields<'_>) -> Result<Timestamp, ApiError> {
    let (at, now) = (fields.time("expiresAt")?, Timestamp::now());
    let (earliest, latest) = (now.plus_millis(MIN_LIFE), now.plus_years(MAX_LIFE_YEARS));
    if at < earliest.plus_millis(-CLOCKS_DIFFER) || at > latest.plus_millis(CLOCKS_DIFFER) {
        let rule = "`expiresAt` must be at least an hour and at most five years from now.";
        return Err(ApiError::invalid_field("expiresAt", rule));
    }
    Ok(at)
}

fn allowed_ips(fields: &Fields<'_>) -> Result<AllowedIps, ApiError> {
    let blocks = every(fields, "allowedIps", AllowedIps::MAX, |word| {
        word.parse::<IpBlock>().map_err(|()| {
            let rule = "Each of `allowedIps` must be a CIDR block without host bits, such as `203.0.113.0/24`; for one \
                        address, `203.0.113.7/32`.";
            ApiError::invalid_field("allowedIps", rule)
        })
    })?;
    Ok(AllowedIps::new(blocks))
}
