//! Access to the API and to its table without the browser.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use reqwest::{Method, Response, redirect::Policy};
use serde_json::{Value, json};

use crate::environment::Services;

/// An HTTP client that follows no redirect and keeps no cookie.
pub struct Api {
    client: reqwest::Client,
    url: String,
    issuer: String,
    dynamodb: String,
}

/// The name of the table that `make run` creates.
const TABLE: &str = "suppuo";

impl Api {
    pub fn of(services: &Services) -> Self {
        Self {
            client: reqwest::Client::builder()
                .no_proxy()
                .redirect(Policy::none())
                .timeout(Duration::from_secs(30))
                .build()
                .unwrap(),
            url: services.api.clone(),
            issuer: services.issuer.clone(),
            dynamodb: services.dynamodb.clone(),
        }
    }

    /// Gets a path, with one header.
    pub async fn get(&self, path: &str, header: (&str, &str)) -> Response {
        let call = self.client.get(format!("{}{path}", self.url));
        call.header(header.0, header.1).send().await.unwrap()
    }

    /// The status of a `GET /api/v1/api-keys` with this key.
    pub async fn status_with(&self, key: &str) -> u16 {
        let bearer = format!("Bearer {key}");
        let answer = self.get("/api/v1/api-keys", ("authorization", &bearer));
        answer.await.status().as_u16()
    }

    /// Creates a key and returns the response's data.
    pub async fn create(&self, workspace: &str, name: &str) -> Value {
        self.create_with(workspace, json!({ "name": name })).await
    }

    /// Creates a key with these fields.
    pub async fn create_with(&self, workspace: &str, fields: Value) -> Value {
        let path = "/api/v1/api-keys";
        let mut created = self.call(Method::POST, path, workspace, &fields).await;
        created["data"].take()
    }

    /// All keys of the workspace, newest first.
    pub async fn keys(&self, workspace: &str) -> Value {
        let path = "/api/v1/api-keys";
        let mut listed = self.call(Method::GET, path, workspace, &Value::Null).await;
        listed["data"]["apiKeys"].take()
    }

    /// Changes a key.
    pub async fn change(&self, workspace: &str, id: &str, fields: &Value) {
        let path = format!("/api/v1/api-keys/{id}");
        self.call(Method::PATCH, &path, workspace, fields).await;
    }

    /// Rotates a key and returns the response's data.
    pub async fn rotate(&self, workspace: &str, id: &str) -> Value {
        let path = format!("/api/v1/api-keys/{id}/rotate");
        let fields = json!({});
        let mut rotated = self.call(Method::POST, &path, workspace, &fields).await;
        rotated["data"].take()
    }

    /// Creates keys in this order.
    pub async fn create_all(&self, workspace: &str, names: impl IntoIterator<Item = String>) {
        for name in names {
            self.create(workspace, &name).await;
        }
    }

    /// Adds an endpoint for all events and returns its ID.
    pub async fn add_endpoint(&self, workspace: &str, url: &str) -> String {
        let body = json!({ "url": url });
        let path = "/api/v1/webhook-subscriptions";
        let added = self.call(Method::POST, path, workspace, &body).await;
        added["data"]["id"].as_str().unwrap().to_owned()
    }

    pub async fn delete_endpoint(&self, workspace: &str, id: &str) {
        let path = format!("/api/v1/webhook-subscriptions/{id}");
        self.call(Method::DELETE, &path, workspace, &Value::Null)
            .await;
    }

    /// Raises an event to an endpoint that answers 410, waits until it is switched off, and resumes it: so it has a
    /// delivery that has failed.
    pub async fn fail_a_delivery(&self, workspace: &str, id: &str) {
        self.create(workspace, "Raises an event").await;
        let path = "/api/v1/webhook-subscriptions";
        loop {
            let listed = self.call(Method::GET, path, workspace, &Value::Null).await;
            let all = listed["data"]["subscriptions"].as_array().unwrap();
            let one = all.iter().find(|one| one["id"] == *id).unwrap();
            if one["active"] == false {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        let path = format!("{path}/{id}");
        let resume = json!({ "active": true });
        self.call(Method::PATCH, &path, workspace, &resume).await;
    }

    /// Sends a test to an endpoint.
    pub async fn test_endpoint(&self, workspace: &str, id: &str) {
        let path = format!("/api/v1/webhook-subscriptions/{id}/test");
        self.call(Method::POST, &path, workspace, &Value::Null)
            .await;
    }

    pub async fn revoke(&self, workspace: &str, id: &str) {
        let path = format!("/api/v1/api-keys/{id}");
        self.call(Method::DELETE, &path, workspace, &Value::Null)
            .await;
    }

    async fn call(&self, method: Method, path: &str, workspace: &str, body: &Value) -> Value {
        let who = json!({ "sub": "usr_api", "accountId": workspace });
        let token = self.client.post(format!("{}/dev/token", self.issuer));
        let token = token.json(&who).send().await.unwrap();
        let token: Value = token.json().await.unwrap();
        let answer = self
            .client
            .request(method, format!("{}{path}", self.url))
            .bearer_auth(token["token"].as_str().unwrap())
            .json(body)
            .send()
            .await
            .unwrap();
        assert!(answer.status().is_success(), "{answer:?}");
        answer.json().await.unwrap()
    }

    /// Changes in the table when a key was created and when it was last used.
    pub async fn backdate(
        &self,
        workspace: &str,
        id: &str,
        created: Duration,
        last_used: Option<Duration>,
    ) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let at = |ago: Duration| json!({ "N": now.saturating_sub(ago).as_millis().to_string() });
        let mut change = "SET createdAt = :created".to_owned();
        let mut values = json!({ ":created": at(created) });
        if let Some(last_used) = last_used {
            change += ", lastUsedAt = :used";
            values[":used"] = at(last_used);
        }
        let update = json!({
            "TableName": TABLE,
            "Key": { "pk": { "S": format!("ACC#{workspace}") }, "sk": { "S": format!("KEY#{id}") } },
            "UpdateExpression": change,
            "ConditionExpression": "attribute_exists(pk)",
            "ExpressionAttributeValues": values,
        });
        let answer = self
            .client
            .post(&self.dynamodb)
            .header("x-amz-target", "DynamoDB_20120810.UpdateItem")
            .header("content-type", "application/x-amz-json-1.0")
            .header("x-amz-date", "20260101T000000Z")
            // The embedded DynamoDB requires the header but does not verify the signature.
            .header(
                "authorization",
                "AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/dynamodb/aws4_request, \
                 SignedHeaders=host, Signature=0",
            )
            .body(update.to_string())
            .send()
            .await
            .unwrap();
        assert!(
            answer.status().is_success(),
            "{}",
            answer.text().await.unwrap()
        );
    }
}
