//! Which tickets a list shows.

use serde::{Deserialize, Serialize};

use crate::{
    domain::ticket::{Channel, Priority, Status},
    ids::Subject,
};

/// What a list is asked for. Its serialised form stands in cursors.
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
    /// What `assignee` asks for when this caller asks.
    pub(crate) fn assignee_for<'a>(&'a self, me: Option<&'a Subject>) -> Assignee<'a> {
        match (self.assignee.as_deref(), me) {
            (None, _) => Assignee::Any,
            (Some("unassigned"), _) => Assignee::Nobody,
            (Some("me"), None) => Assignee::WhoIsNotThere,
            (Some("me"), Some(me)) => Assignee::Agent(me.as_str()),
            (Some(sub), _) => Assignee::Agent(sub),
        }
    }
}

/// Whose tickets are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Assignee<'a> {
    Any,
    Nobody,
    Agent(&'a str),
    /// `me`, of a caller who is no person.
    WhoIsNotThere,
}
