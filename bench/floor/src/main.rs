//! The floor: a function that counts its calls with one `UpdateItem`, and uses none of this project's code.

use aws_config::BehaviorVersion;
use aws_sdk_dynamodb::{
    Client,
    types::{AttributeValue, ReturnConsumedCapacity, ReturnValue},
};
use aws_smithy_http_client::{
    Builder,
    tls::{Provider, rustls_provider::CryptoMode},
};
use lambda_http::{Error, Request, service_fn};

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
    lambda_http::run(service_fn(async |_: Request| {
        let updated = client
            .update_item()
            .table_name(table)
            .key("pk", AttributeValue::S("FLOOR".to_owned()))
            .key("sk", AttributeValue::S("FLOOR".to_owned()))
            .update_expression("ADD calls :one")
            .expression_attribute_values(":one", AttributeValue::N("1".to_owned()))
            .return_values(ReturnValue::AllNew)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await?;
        let calls = updated
            .attributes()
            .and_then(|item| item.get("calls")?.as_n().ok());
        Ok::<_, Error>(serde_json::json!({ "calls": calls }))
    }))
    .await
}
