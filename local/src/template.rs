//! Reads `template.yaml`, which declares the table, the functions, and what calls them.
//!
//! | module | what is in it |
//! |---|---|
//! | `conditions` | chooses what a parameter decides |
//! | `functions` | what a function may do, and its variables |
//! | `settings` | settings of a resource; refuses those that nothing here implements |
//! | `sources` | what calls the functions without a route: the stream, a queue, the schedule |

mod conditions;
mod functions;
mod settings;
mod sources;

use std::{collections::BTreeMap, fs, path::Path};

use serde_json::{Map, Value, json};

use self::{conditions::Conditions, functions::Function, settings::Settings};
pub use self::{
    functions::{ON_AN_INDEX, ON_THE_STREAM, Route, Worker},
    sources::{FilterPattern, QueueMapping, QueueSettings, Schedule, Source, StreamMapping},
};
use crate::Error;

/// The template as JSON. CloudFormation's short forms, such as `!Ref`, are not resolved: only their argument is kept.
/// Except `!If` on some conditions: see `conditions`.
#[derive(Debug)]
pub struct Template(Value);

/// CloudFormation's properties that are parameters of `CreateTable`; other calls set the rest.
const CREATE_TABLE_PARAMETERS: [&str; 5] = [
    "AttributeDefinitions",
    "BillingMode",
    "GlobalSecondaryIndexes",
    "KeySchema",
    "LocalSecondaryIndexes",
];

impl Template {
    /// Reads the project's template.
    pub fn read(project: &Path) -> Result<Self, Error> {
        Self::read_with(project, &[])
    }

    /// Reads the project's template, with values of parameters instead of their defaults.
    ///
    /// # Errors
    ///
    /// If the template cannot be read, or has no such parameter.
    pub fn read_with(project: &Path, values: &[(&str, &str)]) -> Result<Self, Error> {
        let file = project.join("template.yaml");
        let text = fs::read_to_string(&file).map_err(|e| format!("{}: {e}", file.display()))?;
        let mut template: serde_yaml_ng::Value = serde_yaml_ng::from_str(&text)?;
        for (name, value) in values {
            let parameter = template["Parameters"].get_mut(*name);
            let parameter = parameter.ok_or_else(|| format!("no parameter {name}"))?;
            parameter["Default"] = (*value).into();
        }
        Ok(Self::of(template))
    }

    /// Reads a template's text.
    pub fn parse(text: &str) -> Result<Self, Error> {
        Ok(Self::of(serde_yaml_ng::from_str(text)?))
    }

    fn of(template: serde_yaml_ng::Value) -> Self {
        let conditions = Conditions::of(&template);
        let mut template = untagged(template);
        conditions.choose_in(&mut template["Resources"]);
        Self(template)
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

    fn functions(&self) -> impl Iterator<Item = (&str, Result<Function<'_>, Error>)> {
        let timeout = &self.0["Globals"]["Function"]["Timeout"];
        let all = self.resources("AWS::Serverless::Function");
        all.map(move |(name, resource)| (name, Function::read(resource, timeout)))
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
        // CloudFormation has no `StreamEnabled`.
        if let Some(view) = table["Properties"]["StreamSpecification"]["StreamViewType"].as_str() {
            let stream = json!({ "StreamEnabled": true, "StreamViewType": view });
            request.insert("StreamSpecification".to_owned(), stream);
        }
        let ttl = &table["Properties"]["TimeToLiveSpecification"]["AttributeName"];
        Ok((request.into(), ttl.as_str().map(str::to_owned)))
    }

    /// The routes, each with its function. A function may have several.
    ///
    /// # Errors
    ///
    /// If a function names no binary, has no event, or may do anything but use the table, the queues and the two
    /// secrets.
    pub fn routes(&self) -> Result<Vec<Route>, Error> {
        let mut all = Vec::new();
        for (name, function) in self.functions() {
            let routes = function.and_then(|function| function.routes());
            all.extend(routes.map_err(|error| format!("{name}: {error}"))?);
        }
        Ok(all)
    }

    /// The functions without a route.
    ///
    /// # Errors
    ///
    /// As [`Template::routes`]; and if such a function, or what calls it, has a setting that nothing here implements.
    pub fn workers(&self) -> Result<Vec<Worker>, Error> {
        let mut all = Vec::new();
        for (name, function) in self.functions() {
            let function = function.map_err(|error| format!("{name}: {error}"))?;
            let of_function = |error| format!("{name}: {error}");
            let scheduled = function.schedule().map_err(of_function)?;
            let source = match scheduled {
                Some((event, invocation)) => sources::schedule(name, event, invocation)?,
                None => match self.mapping_of(name)? {
                    Some(mapping) => mapping,
                    None if function.has_events() => continue,
                    None => return Err(format!("{name}: nothing calls it").into()),
                },
            };
            all.push(function.worker(source));
        }
        Ok(all)
    }

    /// The queues, by their names in the template.
    ///
    /// # Errors
    ///
    /// If one has a setting that nothing here implements.
    pub fn queues(&self) -> Result<BTreeMap<String, QueueSettings>, Error> {
        let all = self.resources("AWS::SQS::Queue");
        all.map(|(name, queue)| {
            let settings = Settings::of(name, &queue["Properties"]);
            Ok((name.to_owned(), QueueSettings::read(settings)?))
        })
        .collect()
    }

    /// The event source mapping of a function.
    fn mapping_of(&self, function: &str) -> Result<Option<Source>, Error> {
        let alias = format!("{function}.Alias");
        let mut mappings = self
            .resources("AWS::Lambda::EventSourceMapping")
            .filter(|(_, mapping)| mapping["Properties"]["FunctionName"] == *alias);
        let Some((name, mapping)) = mappings.next() else {
            return Ok(None);
        };
        if let Some((second, _)) = mappings.next() {
            return Err(format!("{function}: has another source, {second}").into());
        }
        let parameters = &self.0["Parameters"];
        sources::mapping(Settings::of(name, &mapping["Properties"]), parameters).map(Some)
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
