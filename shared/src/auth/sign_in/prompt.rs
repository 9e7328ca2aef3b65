//! Whether the issuer asks who it is, though it knows.

use crate::words;

words! {
    /// Whether the issuer asks who it is (`prompt`, OpenID Connect Core 1.0 section 3.1.2.1).
    pub enum Prompt {
        /// Only where it does not know.
        Default = "default",
        /// Also where it knows: they may be somebody else, too.
        SelectAccount = "select_account",
    }
}
