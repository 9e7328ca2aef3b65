//! The code that the page of webhooks offers for receivers accepts what the API signs, and nothing else. A language
//! that is not installed is left out, but not Python.

use std::{
    io::{ErrorKind, Write},
    process::{Command, Stdio},
};

use shared::{
    ExposeSecret, Timestamp,
    domain::webhook_secret::{Signatures, WebhookSecret},
    ids::EventId,
};

use crate::app::project;

const ACCEPTED: i32 = 0;
/// Another code is that of a crash.
const REFUSED: i32 = 3;

/// A command that reads a body, and says by its code whether the signature, its last argument, is that body's.
const COMMANDS: [(&str, &[&str]); 3] = [
    (
        "python3",
        &[
            "-Bc",
            "import sys, receiver; sys.exit(0 if receiver.is_from_suppuo(sys.argv[1], sys.stdin.buffer.read()) else 3)",
        ],
    ),
    (
        "node",
        &[
            "--input-type=module",
            "--eval",
            "import { readFileSync } from 'node:fs'; import { isFromSuppuo } from './receiver.mjs';
             process.exit(isFromSuppuo(process.argv[1], readFileSync(0)) ? 0 : 3)",
            "--",
        ],
    ),
    (
        "php",
        &[
            "-r",
            "require 'receiver.php'; exit(is_from_suppuo($argv[1], file_get_contents('php://stdin')) ? 0 : 3);",
            "--",
        ],
    ),
];

/// `None` if the program is not installed.
fn run(command: (&str, &[&str]), secret: &str, signature: &str, body: &str) -> Option<i32> {
    let (program, arguments) = command;
    let started = Command::new(program)
        .args(arguments)
        .arg(signature)
        .current_dir(project().join("shared/assets/verification"))
        .env("SUPPUO_WEBHOOK_SECRET", secret)
        .stdin(Stdio::piped())
        .spawn();
    let mut started = match started {
        Err(error) if error.kind() == ErrorKind::NotFound && program != "python3" => return None,
        started => started.unwrap(),
    };
    let mut input = started.stdin.take().unwrap();
    input.write_all(body.as_bytes()).unwrap();
    drop(input);
    started.wait().unwrap().code()
}

#[test]
fn receivers_accept_what_the_api_signs_and_nothing_else() {
    let body = r#"{"id":"evt_1","data":{"subject":"Di mana pesanan saya? 👀"}}"#;
    let now = Timestamp::now();
    let seconds = now.as_millis() / 1000;
    let sign = |secrets: &[WebhookSecret], seconds| {
        let event = EventId::new(now);
        Signatures::of(secrets, &event, seconds, body)
            .unwrap()
            .suppuo
    };
    let secrets = [WebhookSecret::generate(), WebhookSecret::generate()];
    let [newer, older] = secrets.each_ref().map(ExposeSecret::expose_secret);
    let signature = sign(&secrets, seconds);
    let other = WebhookSecret::generate();
    let changed = body.replace("saya", "Saya");
    for command in COMMANDS {
        let Some(accepted) = run(command, newer, &signature, body) else {
            eprintln!("{} is not installed", command.0);
            continue;
        };
        assert_eq!(accepted, ACCEPTED, "{}", command.0);
        // While an overlap lasts, the receiver may still have the older secret.
        assert_eq!(run(command, older, &signature, body), Some(ACCEPTED));
        let time = format!("t={seconds}");
        for (what, secret, signature, body) in [
            ("a changed body", newer, &*signature, &*changed),
            ("another secret", other.expose_secret(), &signature, body),
            ("an old one", newer, &sign(&secrets, seconds - 310), body),
            (
                "one of the future",
                newer,
                &sign(&secrets, seconds + 310),
                body,
            ),
            (
                "another time",
                newer,
                &signature.replace(&time, &format!("t={}", seconds - 1)),
                body,
            ),
            ("no time", newer, &signature.replace(&time, "t="), body),
            (
                "a long time",
                newer,
                &signature.replace(&time, &format!("t={}", "9".repeat(5000))),
                body,
            ),
            ("only a time", newer, &time, body),
            (
                "other characters",
                newer,
                &format!("{time},v1={}", "é".repeat(64)),
                body,
            ),
            ("nothing", newer, "", body),
        ] {
            let result = run(command, secret, signature, body);
            assert_eq!(result, Some(REFUSED), "{}: {what}", command.0);
        }
    }
}
