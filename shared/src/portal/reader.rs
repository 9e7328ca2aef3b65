//! The reader of a page for signed-in users, and the pages that they can choose between.

use crate::{http::language::Language, portal::texts::Texts, time::Timestamp};

/// Has no `Debug`: it holds personal data.
pub struct Reader<'a> {
    pub language: Language,
    /// The user's id. `None` for a key, which reads no page as a person does.
    pub sub: Option<&'a str>,
    /// The user's e-mail address, if the issuer provided it.
    pub email: Option<&'a str>,
    /// The user's name, if the issuer provided it.
    pub name: Option<&'a str>,
    /// The workspace's id.
    pub workspace: &'a str,
    /// When the page is read.
    pub now: Timestamp,
    /// The API's origin for the commands, `https://api.example.com`.
    pub origin: String,
    /// The URL of support, if there is one.
    pub support: Option<&'a str>,
}

impl Reader<'_> {
    pub(super) fn who(&self) -> Option<&str> {
        self.name.or(self.email)
    }

    /// `None` without a name: then [`Self::who`] is the address.
    pub(super) fn email_beside_name(&self) -> Option<&str> {
        self.name.and(self.email)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum SignedInPage<'a> {
    ApiKeys,
    /// The page of the key with this id. The list of keys leads there.
    ApiKey(&'a str),
    Webhooks,
}

impl SignedInPage<'_> {
    /// In the order of the navigation.
    pub(super) const ALL: [SignedInPage<'static>; 2] =
        [SignedInPage::ApiKeys, SignedInPage::Webhooks];

    pub(super) fn path(self) -> String {
        match self {
            Self::ApiKeys => KEYS.to_owned(),
            Self::ApiKey(id) => format!("{KEYS}/{id}"),
            Self::Webhooks => "/dashboard/webhooks".to_owned(),
        }
    }

    /// Whether the link to this page stands for `current`, which the navigation does not have.
    pub(super) const fn leads_to(self, current: &SignedInPage<'_>) -> bool {
        matches!((self, current), (Self::ApiKeys, SignedInPage::ApiKey(_)))
    }

    /// For the navigation.
    pub(super) const fn name(self, texts: &Texts) -> &'static str {
        match self {
            Self::ApiKeys | Self::ApiKey(_) => texts.api_keys,
            Self::Webhooks => texts.webhooks.title,
        }
    }

    /// The path of a sign-in that returns to the page.
    pub(super) fn sign_in(self) -> String {
        format!("{SIGN_IN_AND_RETURN_TO}{}", self.path())
    }
}

const KEYS: &str = "/dashboard/api-keys";

/// The path to return to follows.
const SIGN_IN_AND_RETURN_TO: &str = "/api/v1/auth/huudis/start?returnTo=";
