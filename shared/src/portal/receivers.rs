//! Code that verifies a delivery's signature, in three programming languages, to copy into a receiver.

/// A receiver's code.
#[derive(Debug)]
pub(super) struct Receiver {
    /// What the page's script and stylesheet call the language.
    pub(super) language: &'static str,
    pub(super) name: &'static str,
    pub(super) code: &'static str,
}

pub(super) const RECEIVERS: [Receiver; 3] = [
    Receiver {
        language: "python",
        name: "Python",
        code: include_str!("../../assets/verification/receiver.py"),
    },
    Receiver {
        language: "node",
        name: "Node.js",
        code: include_str!("../../assets/verification/receiver.mjs"),
    },
    Receiver {
        language: "php",
        name: "PHP",
        code: include_str!("../../assets/verification/receiver.php"),
    },
];
