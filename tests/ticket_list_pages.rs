//! Lists of tickets: pages, cursors, and what a page reads (Paging in openapi.yaml).

use serde_json::json;

use crate::{
    app::{resources::ticket, response::Response},
    ticket_list::{Desk, ids},
};

#[tokio::test]
async fn the_pages_of_a_list_return_each_ticket_once() {
    let desk = Desk::open().await;
    let mut all = Vec::new();
    for number in 0..7 {
        let changes = if number % 2 == 0 {
            json!({ "tags": ["even"] })
        } else {
            json!({})
        };
        all.insert(0, desk.ticket(json!({}), changes).await);
    }
    let even: Vec<_> = all.iter().step_by(2).cloned().collect();
    for (query, expected) in [
        ("", &all),
        ("status=open", &all),
        ("tag=even", &even),
        ("q=where", &all),
    ] {
        for limit in 1..=8 {
            let (mut seen, mut cursor) = (Vec::new(), String::new());
            loop {
                let page = desk
                    .list(&format!("{query}&limit={limit}&cursor={cursor}"))
                    .await;
                assert!(ids(&page).len() <= limit);
                seen.extend(ids(&page));
                match page.data()["cursor"].as_str() {
                    Some(next) => next.clone_into(&mut cursor),
                    None => break assert_eq!(page.data()["hasMore"], false),
                }
                assert_eq!(page.data()["hasMore"], true);
                // Without a filter, every page but the last is full.
                assert!(!query.is_empty() || ids(&page).len() == limit);
            }
            assert_eq!(seen, *expected, "{query} by {limit}");
        }
    }
    let last = desk.list("limit=7").await;
    assert_eq!(
        last.data()["hasMore"],
        false,
        "no page follows a last one that is full"
    );
}

#[tokio::test]
async fn a_cursor_is_valid_only_for_its_own_list_and_workspace() {
    let desk = Desk::open().await;
    for _ in 0..3 {
        desk.ticket(json!({ "channel": "web" }), json!({})).await;
    }
    let cursor = |page: &Response| page.data()["cursor"].as_str().unwrap().to_owned();
    let page = desk.list("channel=web&limit=1").await;
    let good = cursor(&page);
    let next = desk
        .list(&format!("channel=web&limit=1&cursor={good}"))
        .await;
    // A cursor without filters continues with the filters that it carries.
    let alone = desk.list(&format!("limit=1&cursor={good}")).await;
    assert_eq!(next.data()["tickets"], alone.data()["tickets"]);
    assert_eq!(ids(&desk.list(&format!("cursor={good}")).await).len(), 2);

    for other in [
        "status=open",
        "status=all",
        "channel=email",
        "channel=web&q=x",
    ] {
        let refused = desk.refused(&format!("{other}&cursor={good}")).await;
        assert_eq!(refused.param(), Some("cursor"));
    }
    let mut changed = good.clone().into_bytes();
    let middle = changed.len() / 2;
    changed[middle] = if changed[middle] == b'A' { b'B' } else { b'A' };
    let changed = String::from_utf8(changed).unwrap();
    for wrong in [
        "x",
        "eyJ9",
        &changed,
        &good[..good.len() - 1],
        &format!("{good}A"),
    ] {
        assert_eq!(
            desk.refused(&format!("cursor={wrong}")).await.param(),
            Some("cursor")
        );
    }
    let foreign = desk.app.tickets(&format!("channel=web&cursor={good}"));
    let foreign = foreign
        .bearer(&desk.app.token("acc_b"))
        .await_status(400)
        .await;
    assert_eq!(foreign.param(), Some("cursor"));
}

/// A filter that matches few tickets still reads a bounded number of items for each page.
#[tokio::test]
async fn a_list_reads_in_proportion_to_what_it_returns() {
    let desk = Desk::open().await;
    let (_, key) = desk.app.new_key("acc_a").await;
    let create = desk
        .app
        .call("POST", "/api/v1/tickets")
        .json(&ticket("x"))
        .bearer(&key);
    for _ in 0..300 {
        create.clone().await_status(201).await;
    }
    let read = async |query: &str| {
        drop(desk.app.operations());
        let page = desk.app.tickets(query).bearer(&key).await_status(200).await;
        let operations = desk.app.operations();
        let units: f64 = operations.iter().map(|operation| operation.units).sum();
        let names = operations.into_iter().map(|operation| operation.name);
        let mut names: Vec<_> = names.collect();
        names.sort();
        (page, names, units)
    };
    // The index and the workspace's counts, at the same time.
    for (query, shown, most) in [
        ("", 50, 8.0),
        ("status=open", 50, 8.0),
        ("limit=100", 100, 12.0),
    ] {
        let (page, names, units) = read(query).await;
        assert_eq!(ids(&page).len(), shown);
        assert_eq!(names, ["GetItem", "Query", "UpdateItem"], "{query}");
        assert!(units <= most, "{query}: {units}");
    }
    // The function reads the 300 entries in pages of 100 and 200, and one more page to see that there are no more.
    let (_, names, _) = read("tag=none").await;
    assert!(names.len() <= 5, "{names:?}");
    // A search reads messages until its budget is spent; the next page continues from there.
    let (page, names, units) = read("q=nothing").await;
    // A thread of up to 4 KB takes half a unit. 16 are read at once, so some more than the budget pays for.
    assert!((200..300).contains(&names.len()), "{}", names.len());
    assert!(units < 128.0 + 16.0, "{units}");
    assert_eq!(
        (ids(&page).len(), &page.data()["hasMore"]),
        (0, &json!(true))
    );
    let rest = desk
        .list(&format!(
            "cursor={}",
            page.data()["cursor"].as_str().unwrap()
        ))
        .await;
    assert_eq!(rest.data()["hasMore"], false);
}
