//! Randomness from the operating system.

/// # Panics
///
/// When the operating system provides no randomness. Then no key and no request id can be made, so there is no safe way
/// to continue.
pub(crate) fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    #[expect(
        clippy::expect_used,
        reason = "without randomness no key and no id can be made"
    )]
    getrandom::fill(&mut bytes).expect("the operating system provides randomness");
    bytes
}
