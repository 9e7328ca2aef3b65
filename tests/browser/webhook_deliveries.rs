//! Webhooks in the page: tests, deliveries and what comes of them.

use std::sync::Arc;

use crate::{
    keys::close_unsaved,
    receiver::Receiver,
    visit::Visit,
    webhooks::{UNUSED, add, button, opened, state},
};

/// Refreshes the first log, and says whether the first endpoint is switched off by now.
pub const IS_SWITCHED_OFF: &str = "document.querySelector('[data-action=refresh]').click();
    return document.querySelector('.endpoint').dataset.state == 'disabled'";

pub async fn the_result_of_a_test_is_shown_at_once(visit: Arc<Visit>) {
    let receiver = Receiver::start(200).await;
    let browser = opened(&visit).await;
    add(&browser, &receiver.url).await;
    close_unsaved(&browser).await;
    browser.click(&button("test")).await;
    browser
        .read(".result", "The test arrived. Answered 200 after")
        .await;
    let test = receiver.next().await;
    assert_eq!(test.body["type"], "suppuo.test.v1");
    assert_eq!(test.header("suppuo-event-type"), "suppuo.test.v1");
    assert_eq!(test.signatures(), 1);

    receiver.answer(500);
    browser.click(&button("test")).await;
    browser
        .read(".result.failed", "The test failed. Answered 500 after")
        .await;
    // Nobody listens at this one.
    add(&browser, "http://127.0.0.1:9/").await;
    close_unsaved(&browser).await;
    browser.click(&button("test")).await;
    browser
        .read(".result.failed", "The test failed. No answer after")
        .await;
}

pub async fn deliveries_are_listed_with_their_attempts_and_sent_again(visit: Arc<Visit>) {
    let receiver = Receiver::start(500).await;
    let workspace = &visit.workspace;
    let id = visit.api.add_endpoint(workspace, &receiver.url).await;
    let browser = opened(&visit).await;
    browser.click(&button("deliveries")).await;
    browser.read(".log-state", "There are none.").await;
    // The log shows a test as soon as it was sent. It is sent once.
    browser.click(&button("test")).await;
    browser.see(".delivery[data-status=failed]").await;
    receiver.next().await;
    browser.see_no(&button("again")).await;

    receiver.answer(410);
    visit.api.fail_a_delivery(workspace, &id).await;
    let sent = receiver.next().await;
    browser.click(&button("refresh")).await;
    browser.see(".delivery:nth-child(2)").await;
    browser.click(".delivery summary").await;
    let attempts = ".delivery:nth-child(1) .attempts";
    assert_eq!(browser.count(&format!("{attempts} li")).await, 1);
    browser.read(attempts, "Answered 410 after").await;
    for (part, header) in [
        (".event-id", "suppuo-event-id"),
        (".delivery-id", "suppuo-delivery-id"),
    ] {
        assert_eq!(browser.text(part).await, sent.header(header));
    }
    browser
        .read(".delivery .body", r#""type":"suppuo.api_key.created.v1""#)
        .await;

    receiver.answer(200);
    browser.click(&button("again")).await;
    browser.await_focus(".delivery summary").await;
    let again = receiver.next().await;
    assert_eq!(again.body, sent.body);
    assert_eq!(again.header("suppuo-delivery-attempt"), "2");
    // What comes of it is shown without a click.
    browser.see(".delivery[data-status=succeeded]").await;
    browser
        .read(".attempts li:nth-child(2)", "Answered 200 after")
        .await;
    let choose = "const select = document.querySelector('.log select');
        select.value = arguments[0];
        select.dispatchEvent(new Event('change'))";
    browser.run(choose, vec!["failed".into()]).await;
    browser
        .read(".delivery:only-child .type", "suppuo.test.v1")
        .await;
    browser.run(choose, vec!["".into()]).await;
    browser.see(".delivery").await;

    // A delivery that is still waiting cannot be sent again.
    receiver.answer(503);
    visit.api.create(workspace, "Raises an event").await;
    receiver.next().await;
    let waits = "
        const attempted = '.endpoint[data-state=failing] .delivery[data-status=pending][data-attempts=\"1\"]';
        if (document.querySelector(attempted)) return true;
        document.querySelector('[data-action=refresh]').click()";
    browser.until("it waits for its next attempt", waits).await;
    browser
        .see_no(".delivery[data-status=pending] [data-action=again]")
        .await;
    browser
        .click(".delivery[data-status=pending] summary")
        .await;
    browser
        .see(".delivery[data-status=pending] .next time")
        .await;

    receiver.answer(200);
    for _ in 0..20 {
        visit.api.test_endpoint(workspace, &id).await;
    }
    browser.click(&button("refresh")).await;
    browser.click(&button("older")).await;
    browser.await_focus(".delivery:nth-child(21) summary").await;
    assert_eq!(browser.count(".delivery").await, 23);
    browser.see_no(&button("older")).await;
}

pub async fn all_that_failed_is_sent_again(visit: Arc<Visit>) {
    let receiver = Receiver::start(410).await;
    let workspace = &visit.workspace;
    let id = visit.api.add_endpoint(workspace, &receiver.url).await;
    for _ in ["first", "second"] {
        visit.api.fail_a_delivery(workspace, &id).await;
        receiver.next().await;
    }
    receiver.answer(200);
    let browser = opened(&visit).await;
    browser.click(&button("deliveries")).await;
    browser.click(&button("recover")).await;
    assert_eq!(browser.text("#recover-url").await, receiver.url);
    let set = "document.getElementById('since').value = arguments[0]";
    browser.run(set, vec!["2020-01-01T00:00".into()]).await;
    browser.click("#recover-confirm").await;
    browser
        .read("#recover-problem", "within the last 7 days")
        .await;
    browser.click("#recover-cancel").await;
    // The time that the page suggests is early enough.
    browser.click(&button("recover")).await;
    browser.click("#recover-confirm").await;
    browser
        .read(".result", "Deliveries that are sent again: 2.")
        .await;
    for _ in ["first", "second"] {
        let again = receiver.next().await;
        assert_eq!(again.header("suppuo-delivery-attempt"), "2");
    }
}

pub async fn an_endpoint_that_was_switched_off_is_said_and_resumed(visit: Arc<Visit>) {
    let receiver = Receiver::start(410).await;
    visit.api.add_endpoint(&visit.workspace, UNUSED).await;
    let id = visit
        .api
        .add_endpoint(&visit.workspace, &receiver.url)
        .await;
    let browser = opened(&visit).await;
    browser.see_no("#disabled").await;
    browser.click(&button("deliveries")).await;
    assert_eq!(state(&browser).await, "active");
    visit.api.create(&visit.workspace, "Raises an event").await;
    receiver.next().await;
    browser.until("it is switched off", IS_SWITCHED_OFF).await;
    browser.read("#disabled", &receiver.url).await;
    browser.reload().await;
    browser.read(".reason", "It answered 410 (Gone)").await;
    browser.click("#disabled a").await;
    browser.await_focus(&format!("#{id}")).await;
    // What failed is suggested to be sent again, since it began to fail.
    let failing_since = "const { dateTime } = document.querySelector('.failing-since time');
        const at = Date.parse(dateTime), offset = new Date(at).getTimezoneOffset() * 60_000;
        return new Date(at - offset).toISOString().slice(0, 16)";
    let since = browser.run(failing_since, Vec::new()).await;
    browser.click(&button("resume")).await;
    browser.see_no("#disabled").await;
    assert_eq!(state(&browser).await, "active");
    browser.click(&button("deliveries")).await;
    browser.click(&button("recover")).await;
    let suggested = "return document.getElementById('since').value";
    assert_eq!(browser.run(suggested, Vec::new()).await, since);
    browser.click("#recover-cancel").await;

    // So does a test's answer.
    browser.click(&button("test")).await;
    browser.read(".result.failed", "Answered 410").await;
    receiver.next().await;
    browser
        .until("it is switched off again", IS_SWITCHED_OFF)
        .await;
}
