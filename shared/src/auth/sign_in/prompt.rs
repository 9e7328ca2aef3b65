//! Whether the issuer must ask which account to use.

use strum::{AsRefStr, EnumString, VariantNames};

/// The parameter `prompt` (OpenID Connect Core 1.0 section 3.1.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, AsRefStr, EnumString, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum Prompt {
    /// The issuer asks only if nobody is signed in there.
    Default,
    /// The issuer always asks, so that people can switch accounts.
    SelectAccount,
}
