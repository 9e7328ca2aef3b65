//! Where everything listens, on loopback.

use std::{env, io::ErrorKind};

use tokio::net::TcpListener;

use crate::Error;

/// The ports. Each can be changed by an environment variable.
pub(super) struct Ports {
    pub(super) api: u16,
    pub(super) issuer: u16,
    pub(super) dynamodb: u16,
    pub(super) lambda: u16,
}

impl Ports {
    pub(super) fn from_env() -> Result<Self, Error> {
        let port = |name: &str, default| match env::var(name) {
            Ok(text) => text
                .parse()
                .map_err(|_| format!("{name}: `{text}` is not a port number")),
            Err(_) => Ok(default),
        };
        Ok(Self {
            api: port("API_PORT", 9000)?,
            issuer: port("ISSUER_PORT", 9400)?,
            dynamodb: port("DYNAMODB_PORT", 9401)?,
            lambda: port("LAMBDA_PORT", 9402)?,
        })
    }

    pub(super) fn api_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.api)
    }

    pub(super) fn issuer_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.issuer)
    }
}

/// Listens on a port. The error names the variable that changes the port.
pub(super) async fn listen(variable: &str, port: u16) -> Result<TcpListener, Error> {
    let listener = TcpListener::bind(("127.0.0.1", port)).await;
    listener.map_err(|error| in_use(variable, port, error.into()))
}

/// The error, or if the port is in use, one that names the variable that changes the port.
pub(super) fn in_use(variable: &str, port: u16, error: Error) -> Error {
    match error.downcast_ref::<std::io::Error>() {
        Some(io) if io.kind() == ErrorKind::AddrInUse => {
            format!("port {port} is in use; choose another with {variable}=…").into()
        }
        _ => error,
    }
}
