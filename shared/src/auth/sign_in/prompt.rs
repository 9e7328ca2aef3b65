//! Whether the issuer asks who it is, though it knows.

use strum::{AsRefStr, EnumString, VariantNames};

/// Whether the issuer asks who it is (`prompt`, OpenID Connect Core 1.0 section 3.1.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, AsRefStr, EnumString, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum Prompt {
    /// Only where it does not know.
    Default,
    /// Also where it knows: they may be somebody else, too.
    SelectAccount,
}
