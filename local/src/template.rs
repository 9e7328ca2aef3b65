//! Reads `template.yaml`, which declares the table and the routes.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use serde_json::{Map, Value};

use crate::{Error, secrets};

/// The template as JSON. CloudFormation's short forms, such as `!Ref`, are not resolved: only their argument is kept.
#[derive(Debug)]
pub struct Template(Value);

/// CloudFormation's properties that are parameters of `CreateTable`; other calls set the rest. The stream is left out:
/// nothing reads it here, and the embedded DynamoDB keeps its records for ever and searches them at every write.
const CREATE_TABLE_PARAMETERS: [&str; 5] = [
    "AttributeDefinitions",
    "BillingMode",
    "GlobalSecondaryIndexes",
    "KeySchema",
    "LocalSecondaryIndexes",
];

/// A route that the template declares.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Route {
    /// The HTTP method and the path with its `{parameters}`; `None` for the `$default` route.
    pub endpoint: Option<(String, String)>,
    /// The name of the function's binary.
    pub function: String,
    /// The actions that the function's policies allow: `dynamodb:Query` on the table, `dynamodb:Query on an index`,
    /// `secretsmanager:GetSecretValue of signing`.
    pub actions: BTreeSet<String>,
    /// The function's environment variables, each with the parameter or the resource whose value it has.
    pub variables: BTreeMap<String, String>,
}

/// The table's ARN in a policy.
const TABLE: &str =
    "arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/${TableName}";

/// Follows an action that is allowed on the table's indexes.
pub const ON_AN_INDEX: &str = "on an index";

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

impl Template {
    /// Reads the project's template.
    pub fn read(project: &Path) -> Result<Self, Error> {
        let file = project.join("template.yaml");
        let text = fs::read_to_string(&file).map_err(|e| format!("{}: {e}", file.display()))?;
        Ok(Self(untagged(serde_yaml_ng::from_str(&text)?)))
    }

    #[must_use]
    pub fn value(&self) -> &Value {
        &self.0
    }

    fn resources(&self, kind: &str) -> impl Iterator<Item = (&str, &Value)> {
        let resources = self.0["Resources"].as_object().into_iter().flatten();
        let of_kind = resources.filter(move |(_, resource)| resource["Type"] == kind);
        of_kind.map(|(name, resource)| (name.as_str(), resource))
    }

    /// The `CreateTable` request for the table under the name `name`, and its TTL attribute.
    ///
    /// # Errors
    ///
    /// If the template does not declare exactly one table.
    pub fn table(&self, name: &str) -> Result<(Value, Option<String>), Error> {
        let mut tables = self.resources("AWS::DynamoDB::Table");
        let (Some((_, table)), None) = (tables.next(), tables.next()) else {
            return Err("template.yaml must declare one table".into());
        };
        let declared = table["Properties"].as_object().into_iter().flatten();
        let mut request: Map<_, _> = declared
            .filter(|(property, _)| CREATE_TABLE_PARAMETERS.contains(&property.as_str()))
            .map(|(property, value)| (property.clone(), value.clone()))
            .collect();
        request.insert("TableName".to_owned(), name.into());
        let ttl = &table["Properties"]["TimeToLiveSpecification"]["AttributeName"];
        Ok((request.into(), ttl.as_str().map(str::to_owned)))
    }

    /// The routes, each with its function. A function may have several.
    ///
    /// # Errors
    ///
    /// If a function names no binary, has no route, or may do anything but use the table and read the two secrets.
    pub fn routes(&self) -> Result<Vec<Route>, Error> {
        let mut all = Vec::new();
        for (name, function) in self.resources("AWS::Serverless::Function") {
            all.extend(routes_of(function).map_err(|e| format!("{name}: {e}"))?);
        }
        Ok(all)
    }
}

fn routes_of(function: &Value) -> Result<Vec<Route>, Error> {
    let binary = function["Metadata"]["BuildProperties"]["Binary"].as_str();
    let properties = &function["Properties"];
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let mut actions = BTreeSet::new();
    for policy in properties["Policies"].as_array().into_iter().flatten() {
        for statement in policy["Statement"]
            .as_array()
            .ok_or("has a policy without statements")?
        {
            let allowed = statement["Action"].as_array().into_iter().flatten();
            for action in allowed.filter_map(text) {
                let resource = match &statement["Resource"] {
                    // The client's secret, whose ARN may lack its end.
                    Value::Array(both) => both[0].as_str(),
                    one => one.as_str(),
                };
                let resource = resource.unwrap_or_default();
                actions.insert(match (action.split(':').next(), resource) {
                    _ if statement["Effect"] != "Allow" => return Err("does not only allow".into()),
                    (Some("dynamodb"), TABLE) => action,
                    (Some("secretsmanager"), "SigningSecret") => {
                        format!("{action} of {}", secrets::SIGNING_SECRET)
                    }
                    (Some("secretsmanager"), "HuudisClientSecretArn") => {
                        format!("{action} of {}", secrets::CLIENT_SECRET)
                    }
                    (Some("dynamodb"), index) if index == format!("{TABLE}/index/*") => {
                        format!("{action} {ON_AN_INDEX}")
                    }
                    _ => return Err(format!("allows {action} on {resource}").into()),
                });
            }
        }
    }
    let variables = properties["Environment"]["Variables"].as_object();
    let variables: BTreeMap<_, _> = variables
        .into_iter()
        .flatten()
        .filter_map(|(name, value)| Some((name.clone(), text(value)?)))
        .collect();
    let function = binary.ok_or("names no binary")?;
    let events = properties["Events"].as_object().into_iter().flatten();
    let routes: Vec<_> = events
        .map(|(_, event)| {
            Ok(Route {
                endpoint: endpoint(event)?,
                function: function.to_owned(),
                actions: actions.clone(),
                variables: variables.clone(),
            })
        })
        .collect::<Result<_, Error>>()?;
    if routes.is_empty() {
        return Err("has no event".into());
    }
    Ok(routes)
}

fn endpoint(event: &Value) -> Result<Option<(String, String)>, Error> {
    if event["Type"] != "HttpApi" {
        return Err("has an event that is not HttpApi".into());
    }
    let text = |name: &str| event["Properties"][name].as_str().map(str::to_owned);
    match (text("Method"), text("Path")) {
        (Some(method), Some(path)) => Ok(Some((method, path))),
        (None, None) => Ok(None),
        _ => Err("has a method without a path, or the reverse".into()),
    }
}

/// YAML as JSON, without tags: `!GetAtt Logs.Arn` becomes `"Logs.Arn"`.
fn untagged(yaml: serde_yaml_ng::Value) -> Value {
    use serde_yaml_ng::Value as Yaml;
    match yaml {
        Yaml::Null => Value::Null,
        Yaml::Bool(value) => value.into(),
        Yaml::Number(value) => match (value.as_i64(), value.as_f64()) {
            (Some(whole), _) => whole.into(),
            (None, float) => float.into(),
        },
        Yaml::String(value) => value.into(),
        Yaml::Sequence(values) => values.into_iter().map(untagged).collect(),
        Yaml::Mapping(entries) => Value::Object(
            entries
                .into_iter()
                .filter_map(|(key, value)| Some((key.as_str()?.to_owned(), untagged(value))))
                .collect(),
        ),
        Yaml::Tagged(tagged) => untagged(tagged.value),
    }
}
