//! Who did something, and with which request: for the audit trail.

use serde::Serialize;
use strum::{EnumString, IntoStaticStr};

use crate::ids::RequestId;

/// The kind of an [`Actor`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, IntoStaticStr, Serialize)]
#[strum(serialize_all = "snake_case")]
#[serde(into = "&'static str")]
pub enum ActorType {
    /// A person. The id is their `sub`.
    User,
    /// A script. The id is its key's.
    ApiKey,
    /// Somebody who operates the deployment, with access to the table.
    Operator,
    /// GitHub's secret scanning, which found a key in public.
    Github,
    /// Somebody who reported a key that they found.
    LeakReport,
}

/// Who did something.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Actor {
    #[serde(rename = "type")]
    pub actor_type: ActorType,
    pub id: String,
}

/// Hides the id: it may be a person's.
impl std::fmt::Debug for Actor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Actor({:?}, …)", self.actor_type)
    }
}

/// An actor and their request.
#[derive(Clone)]
pub struct Act {
    pub(crate) actor: Actor,
    pub(crate) source_ip: String,
    /// At most [`Act::MAX_USER_AGENT`] characters of it.
    pub(crate) user_agent: Option<String>,
    pub(crate) request_id: RequestId,
}

impl Act {
    pub(crate) const MAX_USER_AGENT: usize = 256;

    #[must_use]
    pub fn actor(&self) -> &Actor {
        &self.actor
    }
}

/// Hides personal data.
impl std::fmt::Debug for Act {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Act({:?}, {})", self.actor, self.request_id)
    }
}
