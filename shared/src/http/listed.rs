//! Names and words in a sentence, for people.

use strum::VariantNames;

use crate::error::ApiError;

/// Names, for people: `` `a`, `b` and `c` ``.
pub(super) fn listed(names: &[&str], conjunction: &str) -> String {
    let quoted: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} {conjunction} {last}", others.join(", ")),
        None => String::new(),
    }
}

/// `400`: what `param` holds is none of the words of `W`, and they are these.
pub(super) fn none_of<W: VariantNames>(param: &'static str) -> ApiError {
    let words = listed(W::VARIANTS, "or");
    ApiError::invalid_field(param, format!("`{param}` must be {words}."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ticket::Priority;

    #[test]
    fn names_are_told_as_a_sentence_tells_them() {
        assert_eq!(listed(&[], "and"), "");
        assert_eq!(listed(&["a"], "and"), "`a`");
        assert_eq!(listed(&["a", "b"], "and"), "`a` and `b`");
        let error = none_of::<Priority>("priority");
        let rule = "`priority` must be `low`, `normal`, `high` or `urgent`.";
        assert_eq!((error.param, &*error.message), (Some("priority"), rule));
    }
}
