//! The configuration, read once from the environment variables that `template.yaml` sets.
//!
//! A function reads only the variables of its endpoint ([`crate::endpoint::variables`]), and those that every function
//! reads. All others have their defaults, and nothing uses them.

use std::{env, fmt};

use crate::{
    auth::{issuer_tokens::Issuer, sign_in::provider::ClientSettings},
    domain::{
        rate_limit::{PublicLimits, RateLimit},
        session::Lifetime,
    },
    store::ticket_indexes::TicketIndexes,
    time::MINUTE,
};

#[derive(Debug, Clone)]
pub struct Config {
    /// `TABLE_NAME`, required. Empty in a function that does not use the table.
    pub(crate) table: String,
    /// `AWS_REGION`, which Lambda sets.
    pub(crate) region: String,
    /// `AWS_ENDPOINT_URL_DYNAMODB`: set where DynamoDB is not AWS's.
    pub(crate) dynamodb: Option<String>,
    /// `AWS_ENDPOINT_URL_SECRETS_MANAGER`: set where Secrets Manager is not AWS's.
    pub(crate) secrets_manager: Option<String>,
    /// `AWS_ENDPOINT_URL_SQS`: set where SQS is not AWS's.
    pub(crate) sqs: Option<String>,
    /// `DELIVERY_QUEUE_URL`, required. Empty in a function that sends nothing to the queue.
    pub(crate) delivery_queue: String,
    /// `FAN_OUT_FAILURES_URL`, required. Empty in all functions but the fan-out.
    pub(crate) fan_out_failures: String,
    /// `SIGNING_SECRET`: the name or ARN of the secret in Secrets Manager, not the secret itself. Only some functions
    /// have one.
    pub(crate) signing_secret: Option<String>,
    /// `TICKET_INDEXES`: the step in which the table's indexes of tickets are; that of a new table by default. Only the
    /// function that lists tickets has it.
    pub(crate) ticket_indexes: TicketIndexes,
    /// `HUUDIS_ISSUER`, `HUUDIS_JWKS_URL` and `HUUDIS_AUDIENCES`.
    pub(crate) issuer: Issuer,
    /// `GITHUB_KEYS_URL`: where GitHub publishes the keys with which its secret scanning signs.
    pub(crate) github_keys_url: String,
    /// `HUUDIS_CLIENT_ID`, `suppuo` by default, and `HUUDIS_CLIENT_SECRET`.
    pub(crate) client: ClientSettings,
    /// `SESSION_IDLE_HOURS`, 12 by default, and `SESSION_HOURS`, 168 by default.
    pub(crate) sessions: Lifetime,
    /// `CALLER_LIMIT`, calls per minute of one key or one user; 2000 by default.
    pub(crate) caller_limit: RateLimit,
    /// `PUBLIC_LIMIT`, `SUBMISSIONS_IN_10_MINUTES` and `SUBMISSIONS_IN_AN_HOUR`: the limits of one client address on
    /// the public form; 60, 5 and 20 by default.
    pub(crate) public_limits: PublicLimits,
    /// `SUPPORT_URL`, the link to support on error pages: `https://…` or `mailto:…`; none by default.
    pub(crate) support_url: Option<String>,
}

/// A setting that is missing or invalid. The function does not start.
#[derive(Debug)]
pub(crate) struct ConfigError {
    setting: &'static str,
    why: String,
}

impl ConfigError {
    pub(crate) fn new(setting: &'static str, why: &str) -> Self {
        Self {
            setting,
            why: why.to_owned(),
        }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.setting, self.why)
    }
}

impl std::error::Error for ConfigError {}

/// The variables that every function reads.
const ALWAYS: &[&str] = &[
    "AWS_REGION",
    "AWS_ENDPOINT_URL_DYNAMODB",
    "AWS_ENDPOINT_URL_SECRETS_MANAGER",
    "AWS_ENDPOINT_URL_SQS",
];

/// "Secret scanning partner program", GitHub Docs.
const GITHUB_KEYS_URL: &str = "https://api.github.com/meta/public_keys/secret_scanning";

const MAX_CALLS: u32 = 999_999_999;

/// The longest session, 11 years. Much longer ones would end after the year 9999, which RFC 3339 cannot write.
const MAX_HOURS: u32 = 99_999;

/// A number from 1 to `max`, in the form that the template's patterns accept: no sign, no leading zero.
fn whole_number(text: &str, max: u32) -> Option<u32> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    let number = text.parse().ok().filter(|_| digits)?;
    (number <= max).then_some(number)
}

/// Whether it is an absolute URL without user info, query and fragment: HTTPS, or HTTP of this machine.
fn is_url(text: &str) -> bool {
    let Some((scheme, text)) = text.split_once("://") else {
        return false;
    };
    let (authority, path) = text.split_at(text.find('/').unwrap_or(text.len()));
    let (host, port) = authority.split_once(':').unwrap_or((authority, "1"));
    if scheme != "https" && !(scheme == "http" && ["127.0.0.1", "localhost"].contains(&host)) {
        return false;
    }
    let consists_of = |text: &str, others: &[u8]| {
        text.bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || others.contains(&byte))
    };
    let is_host = host.starts_with(|first: char| first.is_ascii_alphanumeric());
    let is_port = whole_number(port, u16::MAX.into()).is_some();
    is_host && consists_of(host, b".-") && is_port && consists_of(path, b"._~/-")
}

fn is_visible(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_graphic())
}

impl Config {
    pub(crate) fn from_env(variables: &[&[&str]]) -> Result<Self, ConfigError> {
        Self::read(variables, |name| env::var(name).ok())
    }

    /// A blank setting counts as missing, because a template cannot leave one out. All other values are accepted
    /// exactly where the patterns of the template's parameters accept them.
    fn read(
        variables: &[&[&str]],
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, ConfigError> {
        let is_read = |name| {
            let mut lists = variables.iter().chain([&ALWAYS]);
            lists.any(|read| read.contains(&name))
        };
        let setting = |name| {
            let value = variable(name).filter(|_| is_read(name))?;
            (!value.trim().is_empty()).then_some(value)
        };
        let required = |name| match setting(name) {
            None if is_read(name) => Err(ConfigError::new(name, "is not set")),
            value => Ok(value.unwrap_or_default()),
        };
        let number = |name, default, max| match setting(name) {
            None => Ok(default),
            Some(text) => whole_number(&text, max).ok_or_else(|| {
                let why = format!("must be a whole number from 1 to {max}, in digits only");
                ConfigError::new(name, &why)
            }),
        };
        let support_url = setting("SUPPORT_URL");
        if support_url
            .as_deref()
            .is_some_and(|url| !is_support_url(url))
        {
            return Err(ConfigError::new(
                "SUPPORT_URL",
                "must be an https:// or mailto: URL, without blanks",
            ));
        }
        let limit = |name, default, window| {
            let calls = number(name, default, MAX_CALLS)?;
            Ok(RateLimit::new(calls, window))
        };
        let url = |name| match setting(name) {
            Some(url) if !is_url(&url) => {
                let why = "must be a URL that begins with https://, without a query";
                Err(ConfigError::new(name, why))
            }
            url => Ok(url),
        };
        let name = url("HUUDIS_ISSUER")?.unwrap_or_else(|| "https://huudis.com".to_owned());
        let audiences =
            setting("HUUDIS_AUDIENCES").unwrap_or_else(|| "suppuo,suppuo-cli".to_owned());
        let audiences: Vec<_> = audiences
            .split(',')
            .map(|one| one.trim_matches(' ').to_owned())
            .collect();
        if audiences.contains(&String::new()) {
            return Err(ConfigError::new(
                "HUUDIS_AUDIENCES",
                "names an empty audience",
            ));
        }
        if !audiences.iter().all(|one| is_visible(one)) {
            let why = "must be names of visible ASCII characters, separated by commas";
            return Err(ConfigError::new("HUUDIS_AUDIENCES", why));
        }
        let client_id = setting("HUUDIS_CLIENT_ID").unwrap_or_else(|| "suppuo".to_owned());
        if !is_visible(&client_id) {
            let why = "must be visible ASCII characters";
            return Err(ConfigError::new("HUUDIS_CLIENT_ID", why));
        }
        Ok(Self {
            table: required("TABLE_NAME")?,
            region: required("AWS_REGION")?,
            dynamodb: setting("AWS_ENDPOINT_URL_DYNAMODB"),
            secrets_manager: setting("AWS_ENDPOINT_URL_SECRETS_MANAGER"),
            sqs: setting("AWS_ENDPOINT_URL_SQS"),
            delivery_queue: required("DELIVERY_QUEUE_URL")?,
            fan_out_failures: required("FAN_OUT_FAILURES_URL")?,
            signing_secret: setting("SIGNING_SECRET"),
            ticket_indexes: TicketIndexes::of_step(&setting("TICKET_INDEXES").unwrap_or_default()),
            issuer: Issuer {
                jwks_url: url("HUUDIS_JWKS_URL")?.unwrap_or_else(|| {
                    format!("{}/.well-known/jwks.json", name.trim_end_matches('/'))
                }),
                name,
                audiences,
            },
            github_keys_url: url("GITHUB_KEYS_URL")?.unwrap_or_else(|| GITHUB_KEYS_URL.to_owned()),
            client: ClientSettings {
                id: client_id,
                secret: setting("HUUDIS_CLIENT_SECRET"),
            },
            sessions: Lifetime::of_hours(
                number("SESSION_IDLE_HOURS", 12, MAX_HOURS)?,
                number("SESSION_HOURS", 7 * 24, MAX_HOURS)?,
            ),
            caller_limit: limit("CALLER_LIMIT", 2000, MINUTE)?,
            public_limits: PublicLimits {
                calls: limit("PUBLIC_LIMIT", 60, MINUTE)?,
                submissions_in_10_minutes: limit("SUBMISSIONS_IN_10_MINUTES", 5, 10 * MINUTE)?,
                submissions_in_an_hour: limit("SUBMISSIONS_IN_AN_HOUR", 20, 60 * MINUTE)?,
            },
            support_url,
        })
    }

    /// Its table and its secret do not exist.
    #[cfg(test)]
    pub(crate) fn for_tests() -> Self {
        Self::read(&[], |name| {
            (name == "AWS_REGION").then(|| "us-east-1".to_owned())
        })
        .unwrap()
    }
}

/// Whether a link may point to it: only `https:` and `mailto:`, so that no script can run. The same rule as the pattern
/// of the parameter `SupportUrl` in `template.yaml`.
fn is_support_url(url: &str) -> bool {
    let readable = |text: &str| {
        let is_of_url = |b: u8| b.is_ascii_graphic() && !b"\"<>".contains(&b);
        !text.is_empty() && text.bytes().all(is_of_url)
    };
    if let Some(page) = url.strip_prefix("https://") {
        return readable(page) && !page.starts_with('/');
    }
    let address = url
        .strip_prefix("mailto:")
        .and_then(|to| to.split_once('@'));
    address.is_some_and(|(local, domain)| readable(local) && readable(domain))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoint::variables;

    /// Reads the settings as a function does that reads every variable.
    fn read(settings: &[(&str, &str)]) -> Result<Config, String> {
        let all = [
            variables::CALLERS,
            variables::TICKET_LISTS,
            variables::PUBLIC_CALLS,
            variables::SECRET_SCANNING,
            variables::SUBMISSIONS,
            variables::SIGN_IN_START,
            variables::SIGN_IN_CALLBACK,
            variables::ERROR_PAGES,
        ];
        read_some(&all, settings)
    }

    fn read_some(variables: &[&[&str]], settings: &[(&str, &str)]) -> Result<Config, String> {
        let settings = [settings, &[("AWS_REGION", "us-east-1")]].concat();
        let find = |name: &str| settings.iter().find(|(key, _)| *key == name);
        let find = |name: &str| find(name).map(|(_, value)| (*value).to_owned());
        Config::read(variables, find).map_err(|e| e.to_string())
    }

    #[test]
    fn a_function_ignores_what_its_endpoint_does_not_read() {
        let settings = [("CALLER_LIMIT", "none"), ("PUBLIC_LIMIT", "none")];
        let config = read_some(&[variables::ERROR_PAGES], &settings).unwrap();
        assert_eq!(config.table, "");
        assert_eq!(config.caller_limit, RateLimit::new(2000, MINUTE));
        let settings = [&settings[..], &[("TABLE_NAME", "t")]].concat();
        let error = read_some(&[variables::CALLERS], &settings).unwrap_err();
        assert!(error.starts_with("CALLER_LIMIT: must be"), "{error}");
    }

    #[test]
    fn only_the_table_is_required() {
        let config = read(&[
            ("TABLE_NAME", "t"),
            ("HUUDIS_JWKS_URL", ""),
            ("CALLER_LIMIT", " "),
        ])
        .unwrap();
        assert_eq!(
            config.issuer.jwks_url,
            "https://huudis.com/.well-known/jwks.json"
        );
        assert_eq!(config.issuer.audiences, ["suppuo", "suppuo-cli"]);
        assert_eq!(config.caller_limit, RateLimit::new(2000, MINUTE));
        assert_eq!(config.sessions, Lifetime::of_hours(12, 168));
        assert_eq!(config.client.id, "suppuo");
        assert_eq!(config.github_keys_url, GITHUB_KEYS_URL);
        assert_eq!(config.ticket_indexes, TicketIndexes::of_step("4"));
        assert_eq!(config.support_url, None);
        let public = config.public_limits;
        assert_eq!(public.calls, RateLimit::new(60, MINUTE));
        assert_eq!(
            (
                public.submissions_in_10_minutes,
                public.submissions_in_an_hour
            ),
            (
                RateLimit::new(5, 10 * MINUTE),
                RateLimit::new(20, 60 * MINUTE)
            )
        );
    }

    #[test]
    fn every_setting_can_be_set() {
        let config = read(&[
            ("TABLE_NAME", "t"),
            ("HUUDIS_ISSUER", "http://127.0.0.1:9400"),
            ("HUUDIS_JWKS_URL", "http://127.0.0.1:9401/keys"),
            ("HUUDIS_AUDIENCES", "a, b"),
            ("CALLER_LIMIT", "7"),
            ("GITHUB_KEYS_URL", "http://127.0.0.1:9402/keys"),
            ("TICKET_INDEXES", "2"),
            ("SUPPORT_URL", "mailto:help@example.com?subject=API%20keys"),
        ])
        .unwrap();
        assert_eq!(config.issuer.name, "http://127.0.0.1:9400");
        assert_eq!(config.issuer.jwks_url, "http://127.0.0.1:9401/keys");
        assert_eq!(config.issuer.audiences, ["a", "b"]);
        assert_eq!(config.caller_limit, RateLimit::new(7, MINUTE));
        assert_eq!(config.github_keys_url, "http://127.0.0.1:9402/keys");
        assert_eq!(config.ticket_indexes, TicketIndexes::of_step("2"));
        let support = "mailto:help@example.com?subject=API%20keys";
        assert_eq!(config.support_url.as_deref(), Some(support));
    }

    #[test]
    fn an_invalid_setting_is_named() {
        assert_eq!(read(&[]).unwrap_err(), "TABLE_NAME: is not set");
        for audiences in [",", "suppuo,", "a,,b"] {
            let error = read(&[("TABLE_NAME", "t"), ("HUUDIS_AUDIENCES", audiences)]).unwrap_err();
            assert_eq!(error, "HUUDIS_AUDIENCES: names an empty audience");
        }
        for url in [
            "help@example.com",
            "mailto:help",
            "mailto:@example.com",
            "http://example.com",
            "https://",
            "https:///x",
            "https://example.com/a b",
            "https://example.com/\"><script>",
            "javascript:alert(1)",
        ] {
            let error = read(&[("TABLE_NAME", "t"), ("SUPPORT_URL", url)]).unwrap_err();
            assert!(error.starts_with("SUPPORT_URL: must be"), "{error}");
        }
        for number in [
            "0",
            "-1",
            "many",
            "1.5",
            "2000.5",
            "+1",
            "01",
            " 1",
            "1000000000",
        ] {
            let error = read(&[("TABLE_NAME", "t"), ("CALLER_LIMIT", number)]).unwrap_err();
            let why = "must be a whole number from 1 to 999999999, in digits only";
            assert_eq!(error, format!("CALLER_LIMIT: {why}"));
        }
    }
}
