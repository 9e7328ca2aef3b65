//! Webhooks: how what happens in a workspace reaches the workspace's own systems.

pub(crate) mod deliver;
mod delivery_log;
pub(crate) mod fan_out;
pub(crate) mod receiver_http;
pub(crate) mod recover;
pub(crate) mod sender;
pub(crate) mod sweep;
mod test_delivery;
