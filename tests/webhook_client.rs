//! Only one module calls URLs that callers wrote, and no deployed function may call an address that is not public.

use std::{
    fs,
    path::{Path, PathBuf},
};

use syn::{Item, Meta};

const LOOPBACK_VARIABLE: &str = "SUPPUO_LOOPBACK_WEBHOOKS";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

/// The files with code in `folder`, by their paths from the root, with what is in them outside comments.
fn sources(folder: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(root().join(folder)).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let path = format!("{folder}/{name}");
        if root().join(&path).is_dir() {
            found.extend(sources(&path));
        } else if Path::new(&name)
            .extension()
            .is_some_and(|extension| extension == "rs")
        {
            let code = read(&path);
            let code: Vec<_> = code
                .lines()
                .filter(|line| !line.trim_start().starts_with("//"))
                .collect();
            found.push((path, code.join("\n")));
        }
    }
    found.sort();
    found
}

#[test]
fn nothing_else_makes_a_client_that_calls_out() {
    // What connections are made with.
    let means = [
        "aws_smithy_http_client::",
        "hyper::client",
        "hyper_rustls::",
        "hyper_util::",
        "lookup_host",
        "reqwest::",
        "TcpSocket",
        "TcpStream",
        "to_socket_addrs",
        "tokio_rustls::",
        "UdpSocket",
        "ureq::",
    ];
    let sources = [sources("shared/src"), sources("functions")].concat();
    assert!(sources.len() > 100, "{} files", sources.len());
    // hyper's client is imported within braces.
    let calls_out = |code: &str| {
        means.iter().any(|name| code.contains(name))
            || (code.contains("use hyper::{") && code.contains("client::"))
    };
    let found: Vec<_> = sources
        .iter()
        .filter(|(path, code)| calls_out(code) && !path.contains("/tests"))
        .map(|(path, _)| path.as_str())
        .collect();
    let known = [
        "shared/src/auth/http_client.rs",
        "shared/src/aws/clients.rs",
        "shared/src/webhooks/receiver_http.rs",
        "shared/src/webhooks/receiver_http/network.rs",
    ];
    assert_eq!(found, known);
}

#[test]
fn no_deployed_function_can_be_told_to_call_loopback() {
    let mut files = vec![root().join("template.yaml"), root().join("samconfig.toml")];
    files.extend(
        fs::read_dir(root().join("operations"))
            .unwrap()
            .map(|entry| entry.unwrap().path()),
    );
    assert!(files.len() > 5, "{files:?}");
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        assert!(!text.contains(LOOPBACK_VARIABLE), "{}", file.display());
    }
    // What the variable would choose is not in a release build.
    let source = syn::parse_file(&read("shared/src/domain/webhook_url.rs")).unwrap();
    let targets = source.items.iter().find_map(|item| match item {
        Item::Enum(item) if item.ident == "Targets" => Some(item),
        _ => None,
    });
    let variants = targets.unwrap().variants.iter();
    let in_debug_builds_only = |variant: &syn::Variant| {
        variant.attrs.iter().any(|attribute| match &attribute.meta {
            Meta::List(list) if list.path.is_ident("cfg") => {
                list.tokens.to_string() == "debug_assertions"
            }
            _ => false,
        })
    };
    let variants: Vec<_> = variants
        .map(|variant| (variant.ident.to_string(), in_debug_builds_only(variant)))
        .collect();
    let expected = [("Public", false), ("PublicAndLoopback", true)];
    assert_eq!(
        variants,
        expected.map(|(name, debug)| (name.to_owned(), debug))
    );
    let profile = read("Cargo.toml");
    let release = profile.split_once("[profile.release]").unwrap().1;
    assert!(
        release
            .split('[')
            .next()
            .unwrap()
            .contains("debug-assertions = false")
    );
}
