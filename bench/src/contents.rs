//! The contents of the table before the rows are measured, all created through the API.

use std::sync::{Mutex, PoisonError};

use local::{Error, gateway::Request, lambda::Instance};
use serde_json::json;

use crate::{
    calls::{
        call, create_canned_reply, create_key, create_listed_key, create_ticket, rotate_key, with,
    },
    deployment::Deployment,
    sign_in::sign_in,
};

/// How often a row is called.
pub(crate) const CALLS: usize = 300;

/// Each workspace with its number of keys: one with a single key, eight with room for 99 more each, four that are full,
/// and those with other contents.
const WORKSPACES: [(&str, usize); 16] = [
    ("acc_single", 1),
    ("acc_room0", 1),
    ("acc_room1", 1),
    ("acc_room2", 1),
    ("acc_room3", 1),
    ("acc_once0", 1),
    ("acc_once1", 1),
    ("acc_once2", 1),
    ("acc_once3", 1),
    ("acc_full0", 100),
    ("acc_full1", 100),
    ("acc_full2", 100),
    ("acc_full3", 100),
    (TICKETS, 1),
    ("acc_canned_few", 1),
    ("acc_canned_many", 1),
];

/// The workspace with the tickets.
pub(crate) const TICKETS: &str = "acc_tickets";
const TAGS: usize = 10;
pub(crate) const CANNED_REPLIES: usize = 20;

/// The credentials and ids that calls need.
#[derive(Default)]
pub(crate) struct Contents {
    /// An access token for a workspace with one key…
    pub(crate) token: String,
    /// …and that key.
    pub(crate) key: String,
    /// A session in that workspace.
    pub(crate) session: String,
    /// A key of a workspace with a hundred keys.
    pub(crate) full: String,
    /// A session in that workspace.
    pub(crate) full_session: String,
    /// Keys of workspaces with room, which create keys in turn.
    pub(crate) roomy: Vec<String>,
    /// Others, which create keys in turn with an idempotency key.
    pub(crate) roomy_once: Vec<String>,
    /// Keys to revoke: for each, a key of the same workspace and the id.
    pub(crate) condemned: Vec<(String, String)>,
    /// A key that changes another one…
    pub(crate) manager: Key,
    /// …the id of that key…
    pub(crate) changed: String,
    /// …and the older secret of a key that was rotated and not called since.
    pub(crate) older_secret: String,
    /// Keys with a list of addresses, one for each call of a row, so that each call finds its key in the same state:
    /// for each, a key without a list in the same workspace.
    pub(crate) listed: Vec<(String, Key)>,
    /// Keys to call with once and to revoke then, one for each call of a row: for each, another key of its workspace.
    pub(crate) passing: Vec<(String, Key)>,
    /// Keys to call with in one minute and in the next, one for each call of a row.
    pub(crate) minutely: Vec<(String, Key)>,
    /// The tag of the answer that a poll has.
    tag: Mutex<String>,
    /// A key of the workspace with the tickets.
    pub(crate) desk: String,
    /// Open tickets, one for each call of a row, so that all calls find their tickets in the same state.
    pub(crate) tickets: Vec<Ticket>,
    /// A key of the workspace with [`CANNED_REPLIES`].
    pub(crate) few_canned: String,
    /// The ids of these canned replies.
    pub(crate) canned: Vec<String>,
    /// A key of a workspace where canned replies are created and deleted.
    pub(crate) many_canned: String,
    /// The ids of canned replies to delete there, one for each call of a row.
    pub(crate) condemned_canned: Vec<String>,
}

#[derive(Default)]
pub(crate) struct Key {
    pub(crate) id: String,
    pub(crate) secret: String,
}

pub(crate) struct Ticket {
    pub(crate) id: String,
    /// The requester's token.
    pub(crate) access_token: String,
}

/// Creates a key for each call of a row, and one for its first call. So many fit into four workspaces. Each comes with
/// another key of its workspace.
async fn spread(
    deployment: &Deployment,
    function: &Instance,
    workspaces: &str,
    create: fn(&str) -> Request,
) -> Result<Vec<(String, Key)>, Error> {
    const SPREAD_OVER: usize = 4;
    let mut keys = Vec::new();
    for workspace in 0..SPREAD_OVER {
        let token = deployment.token(&format!("{workspaces}{workspace}"));
        let manager = new_key(deployment, function, &create_key(&token)).await?;
        for _ in 0..=CALLS / SPREAD_OVER {
            let key = new_key(deployment, function, &create(&token)).await?;
            keys.push((manager.secret.clone(), key));
        }
    }
    Ok(keys)
}

async fn new_key(
    deployment: &Deployment,
    function: &Instance,
    new: &Request,
) -> Result<Key, Error> {
    let created = deployment.call(function, new, 201).await?;
    Ok(Key {
        id: created.text("id"),
        secret: created.text("key"),
    })
}

impl Contents {
    /// Keeps the tag for the calls that ask whether it is still the same.
    pub(crate) fn keep_tag(&self, tag: String) {
        *self.tag.lock().unwrap_or_else(PoisonError::into_inner) = tag;
    }

    /// Asks whether there is anything newer than what has the kept tag.
    pub(crate) fn unless_same(&self, mut call: Request) -> Request {
        let tag = self.tag.lock().unwrap_or_else(PoisonError::into_inner);
        call.headers.push(("if-none-match".to_owned(), tag.clone()));
        call
    }

    pub(crate) async fn create(deployment: &Deployment) -> Result<Self, Error> {
        let mut contents = Self::default();
        contents.create_keys(deployment).await?;
        contents.create_managed_keys(deployment).await?;
        contents.create_tickets(deployment).await?;
        contents.create_canned_replies(deployment).await?;
        Ok(contents)
    }

    async fn create_keys(&mut self, deployment: &Deployment) -> Result<(), Error> {
        let function = deployment.function("api-keys-create").await?;
        let mut made = Vec::new();
        for (workspace, keys) in WORKSPACES {
            let token = deployment.token(workspace);
            for _ in 0..keys {
                let created = deployment.call(&function, &create_key(&token), 201).await?;
                made.push((workspace, created.text("id"), created.text("key")));
            }
        }
        let first = |of: &str| {
            made.iter()
                .find(|(workspace, ..)| *workspace == of)
                .map(|(.., key)| key.clone())
                .ok_or("no key")
        };
        self.token = deployment.token("acc_single");
        self.session = sign_in(deployment, "acc_single").await?;
        self.full_session = sign_in(deployment, "acc_full0").await?;
        self.key = first("acc_single")?;
        self.full = first("acc_full0")?;
        self.desk = first(TICKETS)?;
        self.few_canned = first("acc_canned_few")?;
        self.many_canned = first("acc_canned_many")?;
        let all_in = |prefix: &str| {
            let inside = made
                .iter()
                .filter(|(workspace, ..)| workspace.starts_with(prefix));
            inside.map(|(.., key)| key.clone()).collect::<Vec<_>>()
        };
        self.roomy = all_in("acc_room");
        self.roomy_once = all_in("acc_once");
        for workspace in ["acc_full1", "acc_full2", "acc_full3"] {
            let caller = first(workspace)?;
            // Not the caller's own key, which all calls use.
            let others = made.iter().filter(|(of, ..)| *of == workspace).skip(1);
            self.condemned
                .extend(others.map(|(_, id, _)| (caller.clone(), id.clone())));
        }
        Ok(())
    }

    /// The keys of the rows about a key's life.
    async fn create_managed_keys(&mut self, deployment: &Deployment) -> Result<(), Error> {
        let function = deployment.function("api-keys-create").await?;
        let create = async |new: Request| new_key(deployment, &function, &new).await;
        self.passing = spread(deployment, &function, "acc_passing", create_key).await?;
        self.minutely = spread(deployment, &function, "acc_minutely", create_key).await?;
        self.listed = spread(deployment, &function, "acc_listed", create_listed_key).await?;
        let token = deployment.token("acc_managed");
        self.manager = create(create_key(&token)).await?;
        self.changed = create(create_key(&token)).await?.id;
        let rotated = create(create_key(&token)).await?;
        let rotate = deployment.function("api-keys-rotate").await?;
        let rotation = rotate_key(&rotated.id, &token);
        deployment.call(&rotate, &rotation, 200).await?;
        self.older_secret = rotated.secret;
        Ok(())
    }

    async fn create_tickets(&mut self, deployment: &Deployment) -> Result<(), Error> {
        let function = deployment.function("tickets-create").await?;
        // One more, for the first call of a row.
        for _ in 0..=CALLS {
            let created = create_ticket(&self.desk);
            let created = deployment.call(&function, &created, 201).await?;
            self.tickets.push(Ticket {
                id: created.text("id"),
                access_token: created.text("accessToken"),
            });
        }
        let function = deployment.function("tickets-update").await?;
        let tags: Vec<_> = (0..TAGS).map(|number| format!("tag-{number}")).collect();
        let path = format!("/api/v1/tickets/{}", self.tickets[0].id);
        let tagged = with(json!({ "tags": tags }), call("PATCH", &path, &self.desk));
        deployment.call(&function, &tagged, 200).await?;
        Ok(())
    }

    async fn create_canned_replies(&mut self, deployment: &Deployment) -> Result<(), Error> {
        let function = deployment.function("canned-replies-create").await?;
        for (key, replies, ids) in [
            (&self.few_canned, CANNED_REPLIES, &mut self.canned),
            (&self.many_canned, CALLS + 1, &mut self.condemned_canned),
        ] {
            for _ in 0..replies {
                let created = create_canned_reply(key);
                let created = deployment.call(&function, &created, 201).await?;
                ids.push(created.text("id"));
            }
        }
        Ok(())
    }
}
