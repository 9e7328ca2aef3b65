//! The floor: a function that counts its calls with one `UpdateItem`, and uses none of this project's code. If the
//! header `floor-lists` names a workspace, it also queries 50 of its tickets at the same time, and returns them as they
//! are stored.

use std::collections::HashMap;

use aws_config::BehaviorVersion;
use aws_sdk_dynamodb::{
    Client,
    types::{AttributeValue, ReturnConsumedCapacity, ReturnValue},
};
use aws_smithy_http_client::{
    Builder,
    tls::{Provider, rustls_provider::CryptoMode},
};
use futures_util::future::try_join;
use lambda_http::{Error, Request, service_fn};
use serde_json::{Value, json};

fn main() -> Result<(), Error> {
    // One thread, as our functions have.
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(run())
}

async fn run() -> Result<(), Error> {
    let http = Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .build_https();
    let config = aws_config::defaults(BehaviorVersion::v2026_01_12())
        .http_client(http)
        .load()
        .await;
    let (client, table) = (&Client::new(&config), &std::env::var("TABLE_NAME")?);
    lambda_http::run(service_fn(async |request: Request| {
        let update = client
            .update_item()
            .table_name(table)
            .key("pk", AttributeValue::S("FLOOR".to_owned()))
            .key("sk", AttributeValue::S("FLOOR".to_owned()))
            .update_expression("ADD calls :one")
            .expression_attribute_values(":one", AttributeValue::N("1".to_owned()))
            .return_values(ReturnValue::AllNew)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send();
        let update = async { Ok(update.await?) };
        let workspace = request.headers().get("floor-lists");
        let tickets = async {
            match workspace {
                Some(workspace) => list(client, table, workspace.to_str()?).await,
                None => Ok(Vec::new()),
            }
        };
        let (updated, tickets) = Box::pin(try_join(update, tickets)).await?;
        let calls = updated
            .attributes()
            .and_then(|item| item.get("calls")?.as_n().ok());
        Ok::<_, Error>(json!({ "calls": calls, "tickets": tickets }))
    }))
    .await
}

async fn list(client: &Client, table: &str, workspace: &str) -> Result<Vec<Value>, Error> {
    let page = client
        .query()
        .table_name(table)
        .index_name("Inbox")
        .key_condition_expression("accountId = :workspace")
        .expression_attribute_values(":workspace", AttributeValue::S(workspace.to_owned()))
        .scan_index_forward(false)
        .limit(50)
        .return_consumed_capacity(ReturnConsumedCapacity::Total)
        .send()
        .await?;
    Ok(page.items().iter().map(plain).collect())
}

fn plain(item: &HashMap<String, AttributeValue>) -> Value {
    let texts = item.iter().map(|(name, value)| {
        let text = value.as_s().or_else(|_| value.as_n());
        (name.clone(), text.cloned().unwrap_or_default().into())
    });
    Value::Object(texts.collect())
}
