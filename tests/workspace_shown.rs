//! With a write, a page sends the workspace that it shows. If the credential belongs to another workspace, the write is
//! refused (Credentials in openapi.yaml).

use local::template::Route;
use serde_json::{Value, json};

use crate::{
    app::{App, Call, ROUTES},
    events::event,
};

const HEADER: &str = "Suppuo-Workspace";

/// Adds a credential to a call.
type Credential<'a> = Box<dyn Fn(Call<'a>) -> Call<'a>>;

/// An API key, an access token and a session of a workspace.
async fn credentials<'a>(app: &'a App, workspace: &str) -> [Credential<'a>; 3] {
    let (_, key) = app.new_key(workspace).await;
    let token = app.token(workspace);
    let session = app.sign_in(workspace).await;
    [
        Box::new(move |call| call.bearer(&key)),
        Box::new(move |call| call.bearer(&token)),
        Box::new(move |call| call.session(&session)),
    ]
}

/// The routes that write for a caller.
fn writes() -> impl Iterator<Item = &'static Route> {
    ROUTES.iter().filter(|route| {
        let Some((method, path)) = &route.endpoint else {
            return false;
        };
        let has_no_caller = ["/public/", "/secret-scanning/", "/leaked-keys"];
        !matches!(method.as_str(), "GET" | "HEAD" | "OPTIONS")
            && !has_no_caller.iter().any(|part| path.contains(part))
    })
}

/// All items without their call counts: a refused call is counted, too.
fn all_but_counts(app: &App) -> Vec<String> {
    let items = app.items().into_iter().filter_map(|mut item| {
        if ["KEY", "USER", "SESSION"]
            .map(Value::from)
            .contains(&item["sk"]["S"])
        {
            return None;
        }
        // A key's last use, which is written at most once a minute.
        item.as_object_mut()?.remove("lastUsedAt");
        Some(item.to_string())
    });
    let mut items: Vec<_> = items.collect();
    items.sort();
    items
}

#[tokio::test]
async fn a_write_meant_for_another_workspace_is_refused_for_every_credential() {
    let app = App::start().await;
    let credentials = credentials(&app, "acc_a").await;
    for route in writes() {
        let call = app.call_of(route, "acc_a").await;
        let sent = event(&route.function, "")["body"].clone();
        for credential in &credentials {
            let before = all_but_counts(&app);
            for shown in [
                "acc_b",
                "acc_A",
                "acc_",
                "acc_a,acc_a",
                "not one",
                "\u{e9}",
                "",
            ] {
                let mut write = credential(call.clone()).header(HEADER, shown);
                if let Some(body) = sent.as_str() {
                    write = write.body(body);
                }
                let refused = write.await_status(409).await;
                assert_eq!(refused.code(), "CONFLICT", "{}", route.key());
                assert_eq!(refused.param(), Some(HEADER), "{} {shown}", route.key());
                assert!(refused.limit_header("remaining").is_some());
            }
            assert_eq!(before, all_but_counts(&app), "{}", route.key());
        }
    }
}

#[tokio::test]
async fn a_write_meant_for_the_callers_workspace_is_done() {
    let app = App::start().await;
    for credential in credentials(&app, "acc_a").await {
        let created = credential(app.create("shown")).header(HEADER, "acc_a");
        let created = created.await_status(201).await;
        let id = created.data()["id"].as_str().unwrap();
        let revoked = credential(app.revoke(id)).header(HEADER, "acc_a");
        let revoked = revoked.await_status(200).await;
        assert_eq!(revoked.data(), &json!({ "deleted": true }));
        // Without the header, nothing is checked.
        credential(app.create("not shown")).await_status(201).await;
    }
}

#[tokio::test]
async fn a_read_ignores_the_workspace_header() {
    let app = App::start().await;
    for credential in credentials(&app, "acc_a").await {
        let list = credential(app.list()).header(HEADER, "acc_b");
        list.await_status(200).await;
    }
}

#[tokio::test]
async fn authentication_and_rate_limits_come_before_the_workspace_check() {
    let app = App::builder().caller_limit(1).start().await;
    let unknown = app.create("x").header(HEADER, "acc_b");
    assert_eq!(unknown.await_status(401).await.code(), "AUTH_REQUIRED");
    let token = app.token("acc_a");
    let write = || app.create("x").bearer(&token).header(HEADER, "acc_b");
    // The refused write counts as a call.
    write().await_status(409).await;
    write().await_status(429).await;
}

#[tokio::test]
async fn a_cross_site_page_learns_nothing_from_the_workspace_check() {
    let app = App::start().await;
    let session = app.sign_in("acc_a").await;
    for shown in ["acc_a", "acc_b"] {
        let write = app
            .create("x")
            .cookie(crate::app::sign_in::SESSION, &session);
        let write = write
            .header("origin", "https://evil.example.com")
            .header(HEADER, shown);
        assert_eq!(write.await_status(403).await.code(), "FORBIDDEN");
    }
}
