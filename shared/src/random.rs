//! Randomness from the operating system, and nothing else.

/// `N` bytes from the system's generator.
///
/// # Panics
///
/// When the system has no randomness to give. There is no safe way to go on: neither a key nor the id of an
/// answer could be made.
pub(crate) fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    #[expect(
        clippy::expect_used,
        reason = "without randomness no key and no id may be made"
    )]
    getrandom::fill(&mut bytes).expect("the system's random generator answers");
    bytes
}
