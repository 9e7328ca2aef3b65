//! Lists of names in messages.

use strum::VariantNames;

use crate::error::ApiError;

/// A list of names in a sentence: `` `a`, `b` and `c` ``.
pub(super) fn listed(names: &[&str], conjunction: &str) -> String {
    let quoted: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} {conjunction} {last}", others.join(", ")),
        None => String::new(),
    }
}

/// `400`: `param` is not one of the words of `W`. The message lists them.
pub(super) fn none_of<W: VariantNames>(param: &'static str) -> ApiError {
    let words = listed(W::VARIANTS, "or");
    ApiError::invalid_field(param, format!("`{param}` must be {words}."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ticket::Priority;

    #[test]
    fn names_are_listed_as_in_a_sentence() {
        assert_eq!(listed(&[], "and"), "");
        assert_eq!(listed(&["a"], "and"), "`a`");
        assert_eq!(listed(&["a", "b"], "and"), "`a` and `b`");
        let error = none_of::<Priority>("priority");
        let rule = "`priority` must be `low`, `normal`, `high` or `urgent`.";
        assert_eq!((error.param, &*error.message), (Some("priority"), rule));
    }
}
