//! Fields whose value is one word of a fixed list.

/// An enumeration of words. [`words!`](crate::words!) makes one.
pub trait Words: Copy + PartialEq + 'static {
    /// All of them, in the contract's order.
    const ALL: &[Self];

    /// The word, as it stands in JSON and in the table.
    fn as_str(self) -> &'static str;

    /// Reads a word; `None` where it is none of these.
    fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|word| word.as_str() == text)
    }

    /// All of them, for people: `` `low`, `normal`, `high` or `urgent` ``.
    fn listed() -> String {
        let words: Vec<_> = Self::ALL.iter().map(|word| word.as_str()).collect();
        listed(&words, "or")
    }
}

/// Names, for people: `` `a`, `b` and `c` ``.
pub(crate) fn listed(names: &[&str], conjunction: &str) -> String {
    let quoted: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} {conjunction} {last}", others.join(", ")),
        None => String::new(),
    }
}

/// Declares an enumeration of words: it is written as its word, and read back from it.
#[macro_export]
macro_rules! words {
    ($(#[$doc:meta])* $visibility:vis enum $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        $visibility enum $name { $($(#[$variant_doc])* $variant,)+ }

        impl $crate::words::Words for $name {
            const ALL: &[Self] = &[$(Self::$variant,)+];

            fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }
        }

        impl ::serde::Serialize for $name {
            fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str($crate::words::Words::as_str(*self))
            }
        }

        impl<'de> ::serde::Deserialize<'de> for $name {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <String as ::serde::Deserialize>::deserialize(deserializer)?;
                let word = <Self as $crate::words::Words>::parse(&text);
                word.ok_or_else(|| ::serde::de::Error::custom("no such word"))
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    words! {
        enum Colour {
            Red = "red",
            Green = "green",
            Blue = "blue",
        }
    }

    #[test]
    fn a_word_is_read_as_it_is_written() {
        for word in Colour::ALL {
            assert_eq!(Colour::parse(word.as_str()), Some(*word));
        }
        assert_eq!(Colour::parse("Red"), None);
        assert_eq!(Colour::listed(), "`red`, `green` or `blue`");
    }
}
