//! What a deployment decides, read once from the environment. `template.yaml` sets it all.

use std::{env, fmt};

use crate::limits::RateLimit;

/// The configuration of a function.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    /// `TABLE_NAME`, required.
    pub(crate) table: String,
    /// `AWS_REGION`, which Lambda sets.
    pub(crate) region: String,
    /// `AWS_ENDPOINT_URL_DYNAMODB`, where the table is not AWS's.
    pub(crate) endpoint: Option<String>,
    /// `HUUDIS_ISSUER`, `HUUDIS_JWKS_URL` and `HUUDIS_AUDIENCES`.
    pub(crate) issuer: Issuer,
    /// `CALLER_LIMIT`, calls a minute of one key or one user; 2000 by default.
    pub(crate) caller_limit: RateLimit,
}

/// Who signs access tokens, and for whom.
#[derive(Debug, Clone)]
pub(crate) struct Issuer {
    /// What `iss` has to say.
    pub(crate) name: String,
    /// Where the issuer's public keys are.
    pub(crate) jwks_url: String,
    /// What `aud` has to name one of.
    pub(crate) audiences: Vec<String>,
}

/// A setting that cannot be used. The function does not start.
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

impl Config {
    pub(crate) fn from_env() -> Result<Self, ConfigError> {
        Self::read(|name| env::var(name).ok())
    }

    /// A setting that is empty is as good as not there: that is how a template leaves one out.
    fn read(setting: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let setting = |name| {
            let value = setting(name)?.trim().to_owned();
            (!value.is_empty()).then_some(value)
        };
        let required = |name| setting(name).ok_or_else(|| ConfigError::new(name, "is not set"));
        let limit = match setting("CALLER_LIMIT") {
            None => 2000,
            Some(number) => match number.parse() {
                Ok(limit) if limit > 0 => limit,
                _ => {
                    return Err(ConfigError::new(
                        "CALLER_LIMIT",
                        "must be a whole number from 1",
                    ));
                }
            },
        };
        let name = setting("HUUDIS_ISSUER").unwrap_or_else(|| "https://huudis.com".to_owned());
        let audiences =
            setting("HUUDIS_AUDIENCES").unwrap_or_else(|| "suppuo,suppuo-cli".to_owned());
        let audiences: Vec<_> = audiences
            .split(',')
            .map(|one| one.trim().to_owned())
            .collect();
        if audiences.contains(&String::new()) {
            return Err(ConfigError::new(
                "HUUDIS_AUDIENCES",
                "names an empty audience",
            ));
        }
        Ok(Self {
            table: required("TABLE_NAME")?,
            region: required("AWS_REGION")?,
            endpoint: setting("AWS_ENDPOINT_URL_DYNAMODB"),
            issuer: Issuer {
                jwks_url: setting("HUUDIS_JWKS_URL").unwrap_or_else(|| {
                    format!("{}/.well-known/jwks.json", name.trim_end_matches('/'))
                }),
                name,
                audiences,
            },
            caller_limit: RateLimit(limit),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(settings: &[(&str, &str)]) -> Result<Config, String> {
        let settings = [settings, &[("AWS_REGION", "us-east-1")]].concat();
        let find = |name: &str| settings.iter().find(|(key, _)| *key == name);
        Config::read(|name| find(name).map(|(_, value)| (*value).to_owned()))
            .map_err(|e| e.to_string())
    }

    #[test]
    fn a_table_and_what_lambda_sets_is_enough() {
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
        assert_eq!(config.caller_limit, RateLimit(2000));
    }

    #[test]
    fn everything_can_be_said() {
        let config = read(&[
            ("TABLE_NAME", "t"),
            ("HUUDIS_ISSUER", "http://127.0.0.1:9400"),
            ("HUUDIS_JWKS_URL", "http://127.0.0.1:9401/keys"),
            ("HUUDIS_AUDIENCES", "a, b"),
            ("CALLER_LIMIT", "7"),
        ])
        .unwrap();
        assert_eq!(config.issuer.name, "http://127.0.0.1:9400");
        assert_eq!(config.issuer.jwks_url, "http://127.0.0.1:9401/keys");
        assert_eq!(config.issuer.audiences, ["a", "b"]);
        assert_eq!(config.caller_limit, RateLimit(7));
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        assert_eq!(read(&[]).unwrap_err(), "TABLE_NAME: is not set");
        for audiences in [",", "suppuo,", "a,,b"] {
            let error = read(&[("TABLE_NAME", "t"), ("HUUDIS_AUDIENCES", audiences)]).unwrap_err();
            assert_eq!(error, "HUUDIS_AUDIENCES: names an empty audience");
        }
        for number in ["0", "-1", "many", "1.5"] {
            let error = read(&[("TABLE_NAME", "t"), ("CALLER_LIMIT", number)]).unwrap_err();
            assert_eq!(error, "CALLER_LIMIT: must be a whole number from 1");
        }
    }
}
