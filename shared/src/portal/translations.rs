//! The texts of the pages, a file for each language.

mod english;
mod indonesian;

use self::{english::ENGLISH, indonesian::INDONESIAN};
use crate::{http::language::Language, portal::texts::Texts};

pub(super) fn of(language: Language) -> &'static Texts {
    match language {
        Language::English => &ENGLISH,
        Language::Indonesian => &INDONESIAN,
    }
}
