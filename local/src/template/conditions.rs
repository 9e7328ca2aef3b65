//! Chooses what a condition decides that compares a parameter with several values: an `!Or` of `!Equals`. Only such
//! conditions are evaluated, with the parameters' defaults. `!If` on any other one keeps its three arguments.

use std::collections::BTreeMap;

use serde_json::Value;
use serde_yaml_ng::Value as Yaml;

/// Stands for nothing in an `!If`.
const NO_VALUE: &str = "AWS::NoValue";

/// The conditions that are evaluated.
pub(super) struct Conditions(BTreeMap<String, bool>);

impl Conditions {
    pub(super) fn of(template: &Yaml) -> Self {
        let conditions = template["Conditions"].as_mapping().into_iter().flatten();
        let conditions = conditions.filter_map(|(name, condition)| {
            let name = name.as_str()?.to_owned();
            Some((name, holds(condition, &template["Parameters"])?))
        });
        Self(conditions.collect())
    }

    /// Replaces each entry of a list that is an `!If` on one of these by what it chooses.
    pub(super) fn choose_in(&self, value: &mut Value) {
        match value {
            Value::Object(members) => {
                for member in members.values_mut() {
                    self.choose_in(member);
                }
            }
            Value::Array(entries) => {
                entries.retain_mut(|entry| {
                    if let Some(chosen) = self.chosen(entry) {
                        *entry = chosen;
                        return entry != NO_VALUE;
                    }
                    true
                });
                for entry in entries {
                    self.choose_in(entry);
                }
            }
            _ => {}
        }
    }

    fn chosen(&self, entry: &Value) -> Option<Value> {
        let [condition, yes, no] = entry.as_array()?.as_slice() else {
            return None;
        };
        let holds = self.0.get(condition.as_str()?)?;
        Some(if *holds { yes.clone() } else { no.clone() })
    }
}

/// Whether a condition holds; `None` if it is not evaluated.
fn holds(condition: &Yaml, parameters: &Yaml) -> Option<bool> {
    let mut any = false;
    for comparison in arguments(condition, "Or")? {
        let [parameter, value] = arguments(comparison, "Equals")?.as_slice() else {
            return None;
        };
        let Yaml::Tagged(reference) = parameter else {
            return None;
        };
        any |= parameters[&reference.value]["Default"] == *value;
    }
    Some(any)
}

/// The arguments of a function of CloudFormation in its short form.
fn arguments<'a>(value: &'a Yaml, function: &str) -> Option<&'a Vec<Yaml>> {
    match value {
        Yaml::Tagged(tagged) if tagged.tag == function => tagged.value.as_sequence(),
        _ => None,
    }
}
