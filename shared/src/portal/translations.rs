//! The words of the pages, a file for each language.

mod english;
mod indonesian;

use self::{english::ENGLISH, indonesian::INDONESIAN};
use crate::{http::language::Language, portal::texts::Texts};

/// The words of a language.
pub(super) fn of(language: Language) -> &'static Texts {
    match language {
        Language::English => &ENGLISH,
        Language::Indonesian => &INDONESIAN,
    }
}
