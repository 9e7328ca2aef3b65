//! What came of an attempt.

use std::{fmt, time::Duration};

use crate::webhooks::receiver_http::retry_after::RetryAfter;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// The status of the answer, if one came.
    pub(crate) response_code: Option<u16>,
    pub(crate) retry_after: Option<RetryAfter>,
    /// `None` is success.
    pub(crate) failure: Option<Failure>,
    /// From before the name was looked up until all was known.
    pub(crate) duration: Duration,
}

/// Why an attempt failed. Its text is for the workspace, in fixed words: nothing that the receiver sent is in it, but
/// the number of its status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// The name has an address that is not public. Nothing was connected to.
    NotPublic,
    NameNotFound,
    NotConnected,
    /// The connection with TLS did not stand in time.
    NotConnectedInTime,
    Tls(TlsFault),
    /// Nothing, or not all of the answer, came in time.
    NoAnswerInTime,
    /// The connection ended before an answer, or what came is none.
    NoAnswer,
    /// The status was a success, but the rest of the answer did not come.
    AnswerCutOff,
    Status(u16),
    Redirect(u16),
}

/// What is wrong with the receiver's certificate, or else with its TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TlsFault {
    OtherName,
    Expired,
    /// Not signed by a public authority: self-signed, or sent without the certificates in between.
    Untrusted,
    Other,
}

impl Failure {
    /// Whether the receiver did not connect or did not answer in time, so that the next delivery would wait in vain,
    /// too.
    pub(crate) fn is_silent(self) -> bool {
        match self {
            Self::NameNotFound
            | Self::NotConnected
            | Self::NotConnectedInTime
            | Self::Tls(_)
            | Self::NoAnswerInTime
            | Self::NoAnswer => true,
            Self::NotPublic | Self::AnswerCutOff | Self::Status(_) | Self::Redirect(_) => false,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sentence = match self {
            Self::NotPublic => "The host name leads to an address that is not public.",
            Self::NameNotFound => "The host name could not be looked up, or has no address.",
            Self::NotConnected => "The receiver did not accept the connection.",
            Self::NotConnectedInTime => "The receiver could not be connected to within 3 seconds.",
            Self::Tls(TlsFault::OtherName) => "The receiver's certificate is for another name.",
            Self::Tls(TlsFault::Expired) => {
                "The receiver's certificate has expired, or is not valid yet."
            }
            Self::Tls(TlsFault::Untrusted) => {
                "The receiver's certificate is not signed by a public authority, or the certificates in between are \
                 missing."
            }
            Self::Tls(TlsFault::Other) => "The receiver did not set up TLS 1.2 or 1.3.",
            Self::NoAnswerInTime => "The receiver did not answer in full within 10 seconds.",
            Self::NoAnswer => {
                "The connection ended without an answer in HTTP/1.1 that could be read."
            }
            Self::AnswerCutOff => "The connection ended before the answer was complete.",
            Self::Status(status) => {
                return write!(f, "The receiver answered with the status {status}.");
            }
            Self::Redirect(status) => {
                return write!(
                    f,
                    "The receiver answered with the redirect {status}, which is not followed."
                );
            }
        };
        f.write_str(sentence)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_silent_if_no_answer_came_and_waiting_for_it_cost_time() {
        for failure in [
            Failure::NameNotFound,
            Failure::NotConnected,
            Failure::NotConnectedInTime,
            Failure::Tls(TlsFault::Expired),
            Failure::NoAnswerInTime,
            Failure::NoAnswer,
        ] {
            assert!(failure.is_silent(), "{failure}");
        }
        for failure in [
            Failure::NotPublic,
            Failure::AnswerCutOff,
            Failure::Status(503),
            Failure::Redirect(301),
        ] {
            assert!(!failure.is_silent(), "{failure}");
        }
    }
}
