//! What a function may do, and its variables.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use serde_json::Value;

use super::sources::Source;
use crate::{Error, secrets};

/// A route that the template declares.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Route {
    /// The HTTP method and the path with its `{parameters}`; `None` for the `$default` route.
    pub endpoint: Option<(String, String)>,
    /// The name of the function's binary.
    pub function: String,
    /// The actions that the function's policies allow: `dynamodb:Query` on the table, `dynamodb:Query on an index`,
    /// `secretsmanager:GetSecretValue of signing`, `sqs:SendMessage on DeliveryQueue`.
    pub actions: BTreeSet<String>,
    /// The function's environment variables, each with the parameter or the resource whose value it has.
    pub variables: BTreeMap<String, String>,
    /// The function's timeout.
    pub timeout: Duration,
}

/// A function without a route: the table's stream, a queue or the schedule calls it.
#[derive(Clone, Debug)]
pub struct Worker {
    /// The name of the function's binary.
    pub function: String,
    /// What it does itself, in the form of [`Route::actions`].
    pub actions: BTreeSet<String>,
    /// What Lambda does for it, as the function, to fetch its events and to give up on them.
    pub source_actions: BTreeSet<String>,
    pub variables: BTreeMap<String, String>,
    pub timeout: Duration,
    pub source: Source,
}

/// Follows an action that is allowed on the table's indexes.
pub const ON_AN_INDEX: &str = "on an index";

/// Follows an action that is allowed on the table's stream.
pub const ON_THE_STREAM: &str = "on the stream";

impl Route {
    /// API Gateway's name of the route: `GET /api/v1/health`, or `$default`.
    #[must_use]
    pub fn key(&self) -> String {
        match &self.endpoint {
            Some((method, path)) => format!("{method} {path}"),
            None => "$default".to_owned(),
        }
    }
}

/// The table's ARN in a policy.
const TABLE: &str =
    "arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/${TableName}";

/// What a queue's event source mapping does, as the function.
const FETCHING: [&str; 4] = [
    "sqs:ChangeMessageVisibility",
    "sqs:DeleteMessage",
    "sqs:GetQueueAttributes",
    "sqs:ReceiveMessage",
];

pub(super) struct Function<'a> {
    properties: &'a Value,
    binary: String,
    actions: BTreeSet<String>,
    variables: BTreeMap<String, String>,
    timeout: Duration,
}

impl<'a> Function<'a> {
    pub(super) fn read(resource: &'a Value, default_timeout: &Value) -> Result<Self, Error> {
        let properties = &resource["Properties"];
        let binary = resource["Metadata"]["BuildProperties"]["Binary"].as_str();
        let variables = properties["Environment"]["Variables"].as_object();
        let variables = variables.into_iter().flatten();
        let timeout = properties["Timeout"].as_u64();
        let timeout = timeout.or_else(|| default_timeout.as_u64());
        Ok(Self {
            properties,
            binary: binary.ok_or("names no binary")?.to_owned(),
            actions: actions(&properties["Policies"])?,
            variables: variables
                .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
                .collect(),
            timeout: Duration::from_secs(timeout.ok_or("has no timeout")?),
        })
    }

    fn events(&self) -> impl Iterator<Item = &'a Value> {
        let events = self.properties["Events"].as_object().into_iter().flatten();
        events.map(|(_, event)| event)
    }

    pub(super) fn has_events(&self) -> bool {
        self.events().next().is_some()
    }

    /// If its only event is a schedule: the properties of that, and its configuration for such events.
    pub(super) fn schedule(&self) -> Result<Option<(&'a Value, &'a Value)>, Error> {
        let mut scheduled = self.events().filter(|event| event["Type"] == "Schedule");
        match (scheduled.next(), self.events().count()) {
            (None, _) => Ok(None),
            (Some(event), 1) => {
                let invocation = &self.properties["EventInvokeConfig"];
                Ok(Some((&event["Properties"], invocation)))
            }
            (Some(_), _) => Err("has a schedule and another event".into()),
        }
    }

    pub(super) fn routes(&self) -> Result<Vec<Route>, Error> {
        let events = self.events().filter(|event| event["Type"] != "Schedule");
        events
            .map(|event| {
                Ok(Route {
                    endpoint: endpoint(event)?,
                    function: self.binary.clone(),
                    actions: self.actions.clone(),
                    variables: self.variables.clone(),
                    timeout: self.timeout,
                })
            })
            .collect()
    }

    pub(super) fn worker(self, source: Source) -> Worker {
        let is_for_the_source = |action: &String| match (action.split_once(" on "), &source) {
            (Some((_, "the stream")), _) => true,
            (Some((_, on)), Source::Stream(mapping)) => mapping.failures.as_deref() == Some(on),
            (Some((action, on)), Source::Queue(mapping)) => {
                mapping.queue == on && FETCHING.contains(&action)
            }
            _ => false,
        };
        let (source_actions, mut actions): (BTreeSet<_>, BTreeSet<_>) =
            self.actions.into_iter().partition(is_for_the_source);
        // Both may give up: the function, where it has the queue's name, and Lambda for it.
        let is_its_own = |action: &&String| {
            let on = action.split_once(" on ").map(|(_, on)| on);
            self.variables.values().any(|of| Some(of.as_str()) == on)
        };
        if matches!(source, Source::Stream(_)) {
            actions.extend(source_actions.iter().filter(is_its_own).cloned());
        }
        Worker {
            function: self.binary,
            actions,
            source_actions,
            variables: self.variables,
            timeout: self.timeout,
            source,
        }
    }
}

/// What the statements allow.
fn actions(policies: &Value) -> Result<BTreeSet<String>, Error> {
    let mut actions = BTreeSet::new();
    for policy in policies.as_array().into_iter().flatten() {
        let statements = policy["Statement"].as_array();
        for statement in statements.ok_or("has a policy without statements")? {
            if statement["Effect"] != "Allow" {
                return Err("does not only allow".into());
            }
            let resource = match &statement["Resource"] {
                // The client's secret, whose ARN may lack its end.
                Value::Array(both) => both[0].as_str(),
                one => one.as_str(),
            };
            let resource = resource.unwrap_or_default();
            let allowed = statement["Action"].as_array().into_iter().flatten();
            for action in allowed.filter_map(Value::as_str) {
                actions.insert(
                    action_on(action, resource)
                        .ok_or_else(|| format!("allows {action} on {resource}"))?,
                );
            }
        }
    }
    Ok(actions)
}

/// An action in the form of [`Route::actions`]; `None` if the resource is none of ours.
fn action_on(action: &str, resource: &str) -> Option<String> {
    let (service, _) = action.split_once(':')?;
    Some(match (service, resource.strip_prefix(TABLE)) {
        ("dynamodb", Some("")) => action.to_owned(),
        ("dynamodb", Some("/index/*")) => format!("{action} {ON_AN_INDEX}"),
        ("dynamodb", Some("/stream/*")) => format!("{action} {ON_THE_STREAM}"),
        ("secretsmanager", None) => match resource {
            "SigningSecret" => format!("{action} of {}", secrets::SIGNING_SECRET),
            "HuudisClientSecretArn" => format!("{action} of {}", secrets::CLIENT_SECRET),
            _ => return None,
        },
        ("sqs", None) => format!("{action} on {}", resource.strip_suffix(".Arn")?),
        _ => return None,
    })
}

fn endpoint(event: &Value) -> Result<Option<(String, String)>, Error> {
    if event["Type"] != "HttpApi" {
        return Err("has an event that is neither HttpApi nor Schedule".into());
    }
    let text = |name: &str| event["Properties"][name].as_str().map(str::to_owned);
    match (text("Method"), text("Path")) {
        (Some(method), Some(path)) => Ok(Some((method, path))),
        (None, None) => Ok(None),
        _ => Err("has a method without a path, or the reverse".into()),
    }
}
