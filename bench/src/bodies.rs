//! The fourth table: the cost of the worst bodies of 1 MiB, beside a plain body of the same size.
//!
//! Each body has its own instance. Its calls alternate with those of the plain body in another instance, so that a
//! machine that slows down slows both.

use std::path::Path;

use local::{Error, gateway::Request};

use crate::{
    calls::{call, create_key},
    deployment::Deployment,
    process::{cpu, peak_memory},
    statistics::as_f64,
};

/// The largest body that the API reads, in bytes.
const SIZE: usize = 1024 * 1024;

const CALLS: usize = 25;

/// The bench fails if a body takes more than so many times the CPU or memory of the plain one. The aim for the CPU is
/// 3; half of the excess comes from the event, in which the gateway escapes each quote and backslash of a body again.
const MOST_CPU: f64 = 6.0;
const MOST_MEMORY: f64 = 2.0;

/// The endpoint for most bodies. Its ticket need not exist, because the body is read first.
const UPDATE: Endpoint = Endpoint {
    function: "tickets-update",
    method: "PATCH",
    path: "/api/v1/tickets/tkt_00000000000000000000000000",
};

/// The endpoint that accepts the longest texts.
const CREATE: Endpoint = Endpoint {
    function: "canned-replies-create",
    method: "POST",
    path: "/api/v1/canned-replies",
};

#[derive(Clone, Copy)]
struct Endpoint {
    function: &'static str,
    method: &'static str,
    path: &'static str,
}

/// A body to measure.
struct Body {
    name: &'static str,
    endpoint: Endpoint,
    /// The status of its response.
    status: u16,
    text: fn() -> String,
}

const PLAIN: Body = Body {
    name: "*plain: one long text*",
    endpoint: UPDATE,
    status: 400,
    text: || filled(r#"{"assigneeSub":""#, |_| "x".to_owned(), r#""}"#),
};

/// The rest of an otherwise valid object, for a ticket that does not exist.
const FINE: &str = r#","status":"open"}"#;

const BODIES: [Body; 16] = [
    Body {
        name: "arrays in arrays",
        endpoint: UPDATE,
        status: 404,
        text: || nested("[", "]"),
    },
    Body {
        name: "objects in objects",
        endpoint: UPDATE,
        status: 404,
        text: || nested(r#"{"":"#, "}"),
    },
    Body {
        name: "one long array",
        endpoint: UPDATE,
        status: 404,
        text: || filled(r#"{"x":[0"#, |_| ",0".to_owned(), &format!("]{FINE}")),
    },
    Body {
        name: "many members that nobody knows",
        endpoint: UPDATE,
        status: 400,
        text: || filled(r#"{"x":0"#, |n| format!(r#","{n:x}":0"#), FINE),
    },
    Body {
        name: "one that nobody knows, many times",
        endpoint: UPDATE,
        status: 400,
        text: || filled(r#"{"x":0"#, |_| r#","x":0"#.to_owned(), FINE),
    },
    Body {
        name: "one that is known, many times",
        endpoint: UPDATE,
        status: 400,
        text: || filled(r#"{"x":0"#, |_| r#","tags":[]"#.to_owned(), FINE),
    },
    Body {
        name: "a text, every character escaped",
        endpoint: UPDATE,
        status: 400,
        text: || filled(r#"{"assigneeSub":""#, |_| "\\u0078".to_owned(), r#""}"#),
    },
    Body {
        name: "a name, every character escaped",
        endpoint: UPDATE,
        status: 404,
        text: || filled(r#"{""#, |_| "\\u0078".to_owned(), &format!(r#"":0{FINE}"#)),
    },
    Body {
        name: "backslashes",
        endpoint: UPDATE,
        status: 404,
        text: || filled(r#"{"x":""#, |_| r"\\".to_owned(), &format!("\"{FINE}")),
    },
    Body {
        name: "tags, all the same",
        endpoint: UPDATE,
        status: 400,
        text: || filled(r#"{"tags":["x""#, |_| r#","x""#.to_owned(), "]}"),
    },
    Body {
        name: "tags, the last one no text",
        endpoint: UPDATE,
        status: 400,
        text: || filled(r#"{"tags":["x""#, |_| r#","x""#.to_owned(), ",0]}"),
    },
    Body {
        name: "a tag of control characters",
        endpoint: UPDATE,
        status: 400,
        text: || filled(r#"{"tags":[""#, |_| "\u{85}".to_owned(), r#""]}"#),
    },
    Body {
        name: "a tag of accents",
        endpoint: UPDATE,
        status: 400,
        text: || {
            filled(
                r#"{"tags":[""#,
                |n| ["\u{301}", "\u{323}"][n % 2].to_owned(),
                r#""]}"#,
            )
        },
    },
    Body {
        name: "a body of accents, as long as may be before it is composed",
        endpoint: CREATE,
        status: 400,
        text: || around(&"\u{301}\u{323}".repeat(40_000)),
    },
    Body {
        name: "a body of letters, each to be composed",
        endpoint: CREATE,
        status: 400,
        text: || around(&"e\u{301}".repeat(40_000)),
    },
    Body {
        name: "serde_json's marker, in layers",
        endpoint: UPDATE,
        status: 404,
        text: || format!(r#"{{"x":{}{FINE}"#, layers()),
    },
];

/// A text of at most [`SIZE`] bytes: a beginning, as many numbered parts as fit, and an end.
fn filled(begin: &str, part: impl Fn(usize) -> String, end: &str) -> String {
    let mut text = begin.to_owned();
    for number in 0.. {
        let part = part(number);
        if text.len() + part.len() + end.len() > SIZE {
            break;
        }
        text += &part;
    }
    text + end
}

/// A canned reply with this body, filled up with an unknown member.
fn around(body: &str) -> String {
    let begin = format!(r#"{{"title":"x","body":"{body}","x":""#);
    filled(&begin, |_| "x".to_owned(), r#""}"#)
}

fn nested(open: &str, close: &str) -> String {
    let begin = r#"{"x":"#;
    let depth = (SIZE - begin.len() - FINE.len() - 1) / (open.len() + close.len());
    format!(
        "{begin}{}0{}{FINE}",
        open.repeat(depth),
        close.repeat(depth)
    )
}

/// Nested objects that `serde_json::Value` would parse again and again, each inside many arrays.
fn layers() -> String {
    let mut text = "0".to_owned();
    loop {
        let escaped = text.replace('\\', "\\u005c").replace('"', "\\u0022");
        let (open, close) = ("[".repeat(100), "]".repeat(100));
        let layer = format!(r#"{open}{{"$serde_json::private::RawValue":"{escaped}"}}{close}"#);
        if layer.len() + FINE.len() + 8 > SIZE {
            return text;
        }
        text = layer;
    }
}

pub(crate) async fn print(binaries: &Path) -> Result<(), Error> {
    let deployment = Deployment::start(binaries).await?;
    let token = deployment.token("acc_bodies");
    let create = deployment.function("api-keys-create").await?;
    let key = deployment.call(&create, &create_key(&token), 201).await?;
    let key = key.text("key");
    println!("| a body of 1 MiB | CPU, ms | peak MB | × plain, CPU | × plain, peak |");
    println!("|---|--:|--:|--:|--:|");
    let (mut worst_cpu, mut worst_memory) = (0.0_f64, 0.0_f64);
    for body in &BODIES {
        let [(cpu, memory), (plain_cpu, plain_memory)] = measure(&deployment, &key, body).await?;
        let (cpu_ratio, memory_ratio) = (cpu / plain_cpu, memory / plain_memory);
        println!(
            "| {} | {cpu:.1} | {memory:.1} | {cpu_ratio:.2} | {memory_ratio:.2} |",
            body.name
        );
        worst_cpu = worst_cpu.max(cpu_ratio);
        worst_memory = worst_memory.max(memory_ratio);
    }
    println!("| **the worst** | | | {worst_cpu:.2} | {worst_memory:.2} |");
    if worst_cpu > MOST_CPU || worst_memory > MOST_MEMORY {
        let aim = format!("{MOST_CPU} × the CPU and {MOST_MEMORY} × the memory of the plain one");
        return Err(format!("the worst body takes more than {aim}").into());
    }
    Ok(())
}

/// The CPU time of a call in ms and the peak memory in MB, for a body and for the plain one.
async fn measure(
    deployment: &Deployment,
    key: &str,
    body: &Body,
) -> Result<[(f64, f64); 2], Error> {
    let bodies = [body, &PLAIN];
    let mut instances = Vec::new();
    for body in bodies {
        let Endpoint {
            function,
            method,
            path,
        } = body.endpoint;
        let instance = deployment.function(function).await?;
        let request = Request {
            body: Some((body.text)()),
            ..call(method, path, key)
        };
        // The first call opens connections.
        deployment
            .call(&instance, &call(method, path, key), 400)
            .await?;
        let before = cpu(&instance)?;
        instances.push((instance, request, body.status, before));
    }
    for _ in 0..CALLS {
        for (instance, request, status, _) in &instances {
            deployment.call(instance, request, *status).await?;
        }
    }
    let mut figures = [(0.0, 0.0); 2];
    for ((instance, _, _, before), figures) in instances.iter().zip(&mut figures) {
        *figures = (
            (cpu(instance)? - before) / as_f64(CALLS),
            peak_memory(instance)?,
        );
    }
    Ok(figures)
}
