//! Calls that create, change, rotate or revoke API keys.

use futures_util::{FutureExt, future::LocalBoxFuture};

use crate::{
    domain::{
        act::{Act, Actor, ActorType},
        caller::Caller,
        key_settings::{Excess, KeyChanges, KeySettings},
    },
    endpoint::{
        authenticated::once_authenticated_call,
        handler::{Created, FromRequest, Incoming, Required},
        key_fields,
        once::{self, Once},
        platform::{Connect, connect},
        request_context::RequestContext,
        variables,
    },
    error::ApiError,
    http::{fields::Fields, reply::Reply, request::Request},
    ids::{ApiKeyId, RequestId},
    store::{
        api_keys::NewKey,
        key_changes::{Grantor, RotationTerms},
        workspace::Workspace,
    },
};

/// An [`Authenticated`](crate::Authenticated) call that manages keys. No calling key makes more of itself.
#[derive(Debug)]
#[non_exhaustive]
pub struct KeyCall {
    pub request: Request,
    pub caller: Caller,
    pub workspace: Workspace,
    pub once: Once,
    /// For the audit trail.
    pub act: Act,
    /// The deployment's limit: calls a minute.
    deployment_limit: u32,
}

impl KeyCall {
    /// The key that the body describes.
    ///
    /// # Errors
    ///
    /// `400` for a field that breaks its rule; `403` if the key would have more than the calling key.
    pub fn new_key(&self, fields: &Fields<'_>) -> Result<NewKey, ApiError> {
        let name = fields.line("name", key_fields::MAX_NAME)?;
        let settings = self.changes(fields)?.applied_to(&KeySettings::default());
        match self.grantor().excess(&settings) {
            None => Ok(NewKey { name, settings }),
            Some(excess) => Err(Self::exceeds(excess)),
        }
    }

    /// The changes that the body describes.
    ///
    /// # Errors
    ///
    /// `400` for a field that breaks its rule.
    pub fn changes(&self, fields: &Fields<'_>) -> Result<KeyChanges, ApiError> {
        key_fields::changes(fields, self.deployment_limit)
    }

    /// How to rotate this key, as the body describes it. A calling key that loses the answer can still call.
    ///
    /// # Errors
    ///
    /// `400` for a field that breaks its rule.
    pub fn rotation_terms(
        &self,
        id: &ApiKeyId,
        fields: &Fields<'_>,
    ) -> Result<RotationTerms, ApiError> {
        const HOUR: u32 = 60 * 60;
        const DAY: u32 = 24 * HOUR;
        let wrong = |field, rule: &'static str| Err(ApiError::invalid_field(field, rule));
        let overlap = fields.number("overlapSeconds", 0, 7 * DAY)?.unwrap_or(DAY);
        let supersede = fields.flag("supersede")?;
        if let Some(key) = self.caller.key() {
            if overlap < HOUR {
                let rule = "`overlapSeconds` must be at least 3600 where an API key rotates.";
                return wrong("overlapSeconds", rule);
            }
            if supersede && key.by_older_secret && key.id == *id {
                let rule =
                    "`supersede` would end the secret that you call with. Call with the newer one.";
                return wrong("supersede", rule);
            }
        }
        Ok(RotationTerms {
            overlap: i64::from(overlap) * 1000,
            supersede,
        })
    }

    /// Who makes the change, and how far they may go.
    #[must_use]
    pub fn grantor(&self) -> Grantor<'_> {
        Grantor {
            act: &self.act,
            bound: self.caller.key().map(|key| &key.settings),
        }
    }

    /// `403`: a key would have more than the calling key.
    #[must_use]
    pub fn exceeds(excess: Excess) -> ApiError {
        let what = excess.of_the_caller();
        let message = format!(
            "The key would have {what}. A key can give no more than it has itself; sign in, or use one that has it."
        );
        ApiError::forbidden(message, "exceeds_caller")
    }
}

impl FromRequest for KeyCall {
    type Scope = Required;

    const CONNECT: Option<Connect> = Some(connect);

    const VARIABLES: &[&[&str]] = &[variables::CALLERS];

    fn from_request(call: Incoming<'_>) -> Created<'_, Self> {
        async move {
            let (platform, context) = (call.platform, call.context);
            let call = once_authenticated_call(call).await?;
            Ok(Self {
                act: act(actor(&call.caller), &call.request, context.request_id()),
                request: call.request,
                caller: call.caller,
                workspace: call.workspace,
                once: call.once,
                deployment_limit: platform.caller_limit.calls,
            })
        }
        .boxed_local()
    }

    fn after_handler(
        context: &RequestContext,
        outcome: Result<Reply, ApiError>,
    ) -> LocalBoxFuture<'_, Result<Reply, ApiError>> {
        once::settle(context, outcome)
    }
}

fn actor(caller: &Caller) -> Actor {
    match caller {
        Caller::ApiKey(key) => Actor {
            actor_type: ActorType::ApiKey,
            id: key.id.to_string(),
        },
        Caller::User(user) => Actor {
            actor_type: ActorType::User,
            id: user.sub.as_str().to_owned(),
        },
    }
}

/// What the audit trail keeps of a request.
pub(super) fn act(actor: Actor, request: &Request, request_id: &RequestId) -> Act {
    let user_agent = request.header("user-agent").map(|text| {
        let visible = text.chars().filter(|character| !character.is_control());
        visible.take(Act::MAX_USER_AGENT).collect()
    });
    Act {
        actor,
        source_ip: request.source_ip().to_owned(),
        user_agent,
        request_id: request_id.clone(),
    }
}
