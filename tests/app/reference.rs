//! The API reference, `openapi.yaml`: what a client may rely on. Every response that a test receives is validated
//! against it and recorded, so that in the end a check can find documented responses that no test has seen.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, OpenOptions},
    io::Write,
    path::PathBuf,
    sync::{LazyLock, Mutex},
};

use boon::{Compiler, Draft, SchemaIndex, Schemas};
use serde_json::Value;

use super::{project, response::Response};

/// The reference; each of its schemas is compiled once.
pub static REFERENCE: LazyLock<Reference> = LazyLock::new(|| Reference::read(&document()));

/// What the document is called where schemas refer to it.
const NAME: &str = "https://reference.test/openapi.json";

/// The parsed document.
pub fn document() -> Value {
    let text = fs::read_to_string(project().join("openapi.yaml")).unwrap();
    serde_yaml_ng::from_str(&text).unwrap()
}

/// The value at a JSON pointer, or the value that it refers to (`$ref`); and the pointer of that value.
pub fn resolved(document: &Value, pointer: String) -> (&Value, String) {
    let value = document
        .pointer(&pointer)
        .unwrap_or_else(|| panic!("openapi.yaml has no {pointer}"));
    match value["$ref"].as_str() {
        Some(reference) => resolved(document, reference.trim_start_matches('#').to_owned()),
        None => (value, pointer),
    }
}

/// A method and a path of the document. For a path item without a path, its name.
pub type Operation = (String, String);

const METHODS: [&str; 8] = [
    "delete", "get", "head", "options", "patch", "post", "put", "trace",
];

/// The operations, each with its place in the document.
pub fn operations(document: &Value) -> BTreeMap<Operation, String> {
    let under = |parent: &str| {
        let items = document.pointer(parent).and_then(Value::as_object).unwrap();
        let parent = parent.to_owned();
        items.iter().flat_map(move |(name, item)| {
            let pointer = format!("{parent}/{}", escaped(name));
            let methods = METHODS.iter().filter(|method| !item[**method].is_null());
            methods
                .map(|method| {
                    let operation = (method.to_uppercase(), name.clone());
                    (operation, format!("{pointer}/{method}"))
                })
                .collect::<Vec<_>>()
        })
    };
    under("/paths")
        .chain(under("/components/pathItems"))
        .collect()
}

/// Escapes a name for a JSON pointer (RFC 6901, section 3).
pub fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// The compiled schemas of the document.
pub struct Compiled<'a> {
    document: &'a Value,
    compiler: Compiler,
    schemas: Schemas,
}

impl<'a> Compiled<'a> {
    /// Without any schema yet.
    pub fn new(document: &'a Value) -> Self {
        let mut compiler = Compiler::new();
        compiler.set_default_draft(Draft::V2020_12);
        compiler.enable_format_assertions();
        compiler.add_resource(NAME, document.clone()).unwrap();
        Self {
            document,
            compiler,
            schemas: Schemas::new(),
        }
    }

    /// Compiles the schema at this pointer, unless it is compiled already.
    pub fn schema(&mut self, pointer: &str) -> SchemaIndex {
        let (_, pointer) = resolved_schema(self.document, pointer);
        // The pointer is part of a URL fragment.
        let pointer = pointer.replace('{', "%7B").replace('}', "%7D");
        let location = format!("{NAME}#{pointer}");
        let compiled = self.compiler.compile(&location, &mut self.schemas);
        compiled.unwrap_or_else(|error| panic!("{location}: {error:#}"))
    }

    /// # Errors
    /// Says what is wrong with the value.
    pub fn validate(&self, value: &Value, schema: SchemaIndex) -> Result<(), String> {
        let valid = self.schemas.validate(value, schema);
        valid.map_err(|error| format!("{error:#}"))
    }
}

/// Follows a schema that is only a reference to the schema it refers to.
fn resolved_schema<'a>(document: &'a Value, pointer: &str) -> (&'a Value, String) {
    let schema = document
        .pointer(pointer)
        .unwrap_or_else(|| panic!("openapi.yaml has no {pointer}"));
    match schema.as_object() {
        Some(members) if members.len() == 1 && members.contains_key("$ref") => {
            resolved(document, pointer.to_owned())
        }
        _ => (schema, pointer.to_owned()),
    }
}

/// The reference with compiled schemas.
pub struct Reference {
    operations: BTreeMap<Operation, BTreeMap<u16, Documented>>,
    schemas: Schemas,
    seen: Mutex<BTreeSet<String>>,
}

/// A documented response.
struct Documented {
    headers: BTreeMap<String, Header>,
    content: BTreeMap<String, SchemaIndex>,
}

struct Header {
    required: bool,
    is_number: bool,
    schema: SchemaIndex,
}

impl Reference {
    fn read(document: &Value) -> Self {
        let mut compiled = Compiled::new(document);
        let operations = operations(document).into_iter().map(|(operation, place)| {
            let responses = document.pointer(&format!("{place}/responses")).unwrap();
            let statuses = responses.as_object().unwrap().keys();
            let documented = statuses.map(|status| {
                let place = format!("{place}/responses/{status}");
                let number = status.parse().expect("each status is documented by itself");
                (number, Documented::read(document, &mut compiled, place))
            });
            let documented = documented.collect();
            (operation, documented)
        });
        let operations = operations.collect();
        Self {
            operations,
            schemas: compiled.schemas,
            seen: Mutex::default(),
        }
    }

    /// Validates a function's response to an event and records that it was seen.
    ///
    /// Events without a route are skipped: no gateway sends them.
    pub fn check(&self, event: &Value, response: &Response) {
        let Some(route) = event["routeKey"].as_str() else {
            return;
        };
        let text = |pointer: &str| event.pointer(pointer).and_then(Value::as_str);
        let method = text("/requestContext/http/method").unwrap_or_default();
        let path = text("/rawPath").unwrap_or_default();
        let operation = self.operation(route, method, path);
        if let Err(wrong) = self.validate(&operation, response) {
            let (method, path) = operation;
            panic!("not as openapi.yaml has it: {method} {path}: {wrong}\n{response:?}");
        }
        self.note(&operation, response.status);
    }

    /// The operation that documents a route's response to this method and path.
    fn operation(&self, route: &str, method: &str, path: &str) -> Operation {
        let documented = match route.split_once(' ') {
            // One route answers all preflights; the reference has an operation for each path.
            Some((method, greedy)) if greedy.ends_with("+}") => self.fitting(method, path),
            Some((method, path)) => Some((method.to_owned(), path.to_owned())),
            None => None,
        };
        documented.unwrap_or_else(|| {
            let is_public = path == "/api/v1/public" || path.starts_with("/api/v1/public/");
            let item = if is_public {
                "UnroutedPublic"
            } else {
                "Unrouted"
            };
            let method = match method {
                "GET" | "HEAD" => "GET",
                "OPTIONS" => "OPTIONS",
                _ => "POST",
            };
            (method.to_owned(), item.to_owned())
        })
    }

    fn fitting(&self, method: &str, path: &str) -> Option<Operation> {
        let fits = |pattern: &str| {
            let (pattern, parts) = (pattern.split('/'), path.split('/'));
            pattern.clone().count() == parts.clone().count()
                && pattern
                    .zip(parts)
                    .all(|(expected, part)| expected.starts_with('{') || expected == part)
        };
        let mut all = self.operations.keys();
        all.find(|(of, pattern)| of == method && fits(pattern))
            .cloned()
    }

    /// # Errors
    /// Says where the response differs from its documentation.
    pub fn validate(&self, operation: &Operation, response: &Response) -> Result<(), String> {
        let statuses = self.operations.get(operation).ok_or("no such operation")?;
        let documented = statuses
            .get(&response.status)
            .ok_or_else(|| format!("{} is not documented", response.status))?;
        documented.validate(&self.schemas, response)
    }

    fn note(&self, operation: &Operation, status: u16) {
        let (method, path) = operation;
        let line = format!("{method} {path} {status}\n");
        if self.seen.lock().unwrap().insert(line.clone()) {
            let mut file = OpenOptions::new();
            let mut file = file.create(true).append(true).open(seen_file()).unwrap();
            // One write, because other processes append to the file, too.
            file.write_all(line.as_bytes()).unwrap();
        }
    }

    /// All documented responses, in the form in which seen responses are recorded.
    pub fn documented(&self) -> BTreeSet<String> {
        let all = self
            .operations
            .iter()
            .flat_map(|((method, path), statuses)| {
                let statuses = statuses.keys();
                statuses.map(move |status| format!("{method} {path} {status}"))
            });
        all.collect()
    }
}

/// The file that records the responses seen since `make test` last began.
pub fn seen_file() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_TARGET_TMPDIR"), "/responses-seen"))
}

impl Documented {
    fn read(document: &Value, compiled: &mut Compiled<'_>, place: String) -> Self {
        let (response, place) = resolved(document, place);
        let headers = response["headers"].as_object().into_iter().flatten();
        let headers = headers.map(|(name, _)| {
            let (header, place) = resolved(document, format!("{place}/headers/{name}"));
            let schema = format!("{place}/schema");
            let (resolved, _) = resolved_schema(document, &schema);
            let header = Header {
                required: header["required"] == true,
                is_number: resolved["type"] == "integer",
                schema: compiled.schema(&schema),
            };
            (name.to_lowercase(), header)
        });
        let headers = headers.collect();
        let content = response["content"].as_object().into_iter().flatten();
        let content = content.map(|(media_type, _)| {
            let place = format!("{place}/content/{}/schema", escaped(media_type));
            (media_type.clone(), compiled.schema(&place))
        });
        Self {
            headers,
            content: content.collect(),
        }
    }

    fn validate(&self, schemas: &Schemas, response: &Response) -> Result<(), String> {
        let valid = |value: &Value, schema| {
            let valid = schemas.validate(value, schema);
            valid.map_err(|error| format!("{error:#}"))
        };
        for (name, header) in &self.headers {
            let values: Vec<_> = match name.as_str() {
                "set-cookie" => response.cookies().iter().map(String::as_str).collect(),
                name => response.header(name).into_iter().collect(),
            };
            if header.required && values.is_empty() {
                return Err(format!("the header {name} is missing"));
            }
            for text in values {
                let number = header.is_number.then(|| text.parse::<i64>().ok()).flatten();
                let value = number.map_or_else(|| text.into(), Value::from);
                valid(&value, header.schema).map_err(|wrong| format!("{name}: {wrong}"))?;
            }
        }
        for name in response.headers().keys() {
            if name != "content-type" && !self.headers.contains_key(name) {
                return Err(format!("the header {name} is not documented"));
            }
        }
        if !response.cookies().is_empty() && !self.headers.contains_key("set-cookie") {
            return Err("a cookie is not documented".to_owned());
        }
        if self.content.is_empty() && response.status == 304 {
            return Ok(());
        }
        let full = response.header("content-type").unwrap_or_default();
        let media_type = full.split(';').next().unwrap_or_default();
        let schema = self
            .content
            .get(media_type)
            .ok_or_else(|| format!("{media_type} is not documented"))?;
        match media_type {
            "application/json" => valid(response.envelope(), *schema),
            // Headers that only pages have are documented as optional where the response may also be JSON.
            "text/html" if response.header("content-security-policy").is_none() => {
                Err("a page has no policy".to_owned())
            }
            _ => valid(&response.text.as_str().into(), *schema),
        }
    }
}
