//! A call of the API: described step by step, and then sent through the gateway.

use local::gateway;
use serde_json::Value;

use super::{App, ROUTES, response::Response};

/// A call that is being described.
#[derive(Clone)]
pub struct Call<'a> {
    pub(super) app: &'a App,
    pub(super) request: gateway::Request,
    pub(super) instance: Option<usize>,
}

impl Call<'_> {
    /// Adds a header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.request
            .headers
            .push((name.to_owned(), value.to_owned()));
        self
    }

    /// Adds `Authorization: Bearer`.
    pub fn bearer(self, token: &str) -> Self {
        self.header("Authorization", &format!("Bearer {token}"))
    }

    /// Adds `Idempotency-Key`.
    pub fn once(self, key: &str) -> Self {
        self.header("Idempotency-Key", key)
    }

    /// Adds a query string.
    pub fn query(mut self, query: &str) -> Self {
        query.clone_into(&mut self.request.query);
        self
    }

    /// Sets the client's address.
    pub fn from(mut self, source_ip: &str) -> Self {
        source_ip.clone_into(&mut self.request.source_ip);
        self
    }

    /// Sets the body.
    pub fn body(mut self, body: &str) -> Self {
        self.request.body = Some(body.to_owned());
        self
    }

    /// Sets the body to JSON.
    pub fn json(self, body: &Value) -> Self {
        self.header("Content-Type", "application/json")
            .body(&body.to_string())
    }

    /// Sends the call to this instance.
    pub fn on(mut self, instance: usize) -> Self {
        self.instance = Some(instance);
        self
    }

    /// The path parameters that the gateway finds for the call.
    pub fn path_parameters(&self) -> Value {
        let (_, event) = self.request.routed(&ROUTES).unwrap();
        event["pathParameters"].clone()
    }

    /// Sends the call.
    pub async fn send(self) -> Response {
        let (route, event) = self.request.routed(&ROUTES).unwrap();
        match self.instance {
            Some(number) => {
                self.app
                    .invoke_instance(&route.function, number, &event)
                    .await
            }
            None => self.app.invoke(&route.function, &event).await,
        }
    }

    /// Sends the call and asserts that the response has this status.
    pub async fn await_status(self, status: u16) -> Response {
        let response = self.send().await;
        assert_eq!(response.status, status, "{response:?}");
        response
    }
}
