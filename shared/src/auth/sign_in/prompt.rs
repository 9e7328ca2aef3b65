//! Whether the issuer must ask which account to use.

use crate::words;

words! {
    /// The parameter `prompt` (OpenID Connect Core 1.0 section 3.1.2.1).
    pub enum Prompt {
        /// The issuer asks only if nobody is signed in there.
        Default = "default",
        /// The issuer always asks, so that people can switch accounts.
        SelectAccount = "select_account",
    }
}
