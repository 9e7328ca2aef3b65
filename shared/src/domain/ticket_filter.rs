//! The filter of a list of tickets.

use serde::{Deserialize, Serialize};

use crate::{
    domain::ticket::{Channel, Priority, Status},
    ids::Subject,
};

/// Cursors contain its serialised form.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Filter {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) status: Option<Status>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) assignee: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tag: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) channel: Option<Channel>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) priority: Option<Priority>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) q: Option<String>,
}

impl Filter {
    /// Whether [`Self::assignee_for`] depends on the caller.
    #[must_use]
    pub fn is_about_caller(&self) -> bool {
        self.assignee.as_deref() == Some("me")
    }

    /// What `assignee` means for this caller. `me` is `None` for an API key.
    pub(crate) fn assignee_for<'a>(&'a self, me: Option<&'a Subject>) -> Assignee<'a> {
        match (self.assignee.as_deref(), me) {
            (None, _) => Assignee::Any,
            (Some("unassigned"), _) => Assignee::Unassigned,
            (Some("me"), None) => Assignee::NoUser,
            (Some("me"), Some(me)) => Assignee::Agent(me.as_str()),
            (Some(sub), _) => Assignee::Agent(sub),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Assignee<'a> {
    Any,
    Unassigned,
    Agent(&'a str),
    /// `me` from an API key, which acts for no person. No ticket matches.
    NoUser,
}
