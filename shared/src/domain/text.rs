//! How texts that people write are cleaned (Texts in openapi.yaml), compared and sorted.
//!
//! People paste text from word processors, terminals, spreadsheets and phones, with characters that they never saw. No
//! text is refused for such a character.

use std::borrow::Cow;

use icu_normalizer::{
    ComposingNormalizerBorrowed, DecomposingNormalizerBorrowed,
    properties::CanonicalCombiningClassMapBorrowed,
};
use icu_properties::{
    CodePointSetData, CodePointSetDataBorrowed, props::DefaultIgnorableCodePoint,
};

/// Unicode Normalization Form C ("Unicode Normalization Forms", UAX 15).
const NFC: ComposingNormalizerBorrowed<'static> = ComposingNormalizerBorrowed::new_nfc();

/// Unicode Normalization Form D.
const NFD: DecomposingNormalizerBorrowed<'static> = DecomposingNormalizerBorrowed::new_nfd();

/// Where a mark is placed at its letter.
const COMBINING_CLASS: CanonicalCombiningClassMapBorrowed<'static> =
    CanonicalCombiningClassMapBorrowed::new();

/// The first class of marks that are placed above, below or beside a letter: accents, but not vowel signs ("Unicode
/// Character Database", UAX 44, table 15).
const ACCENTS_FROM: u8 = 200;

/// Characters that are invisible by themselves: zero-width characters, marks of direction, fillers (Unicode Standard,
/// section 5.21).
const IGNORABLE: CodePointSetDataBorrowed<'static> =
    CodePointSetData::new::<DefaultIgnorableCodePoint>();

/// A character's full canonical decomposition has at most this many characters ("Unicode Normalization Forms", UAX 15,
/// table 4: a factor of 4 in UTF-32).
const DECOMPOSED: usize = 4;

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TooLong;

/// Removes control characters except tab and line breaks, turns a vertical tab or form feed into a line break, and
/// composes the text to NFC. The result has at most `max` characters (Unicode scalar values).
pub(crate) fn clean(text: &str, max: usize) -> Result<Cow<'_, str>, TooLong> {
    let text = without_controls(text);
    // Such a text would be too long even when composed. This bounds the work of normalising.
    if text.chars().count() > max.saturating_mul(DECOMPOSED) {
        return Err(TooLong);
    }
    let text = composed(text);
    if text.chars().count() > max {
        return Err(TooLong);
    }
    Ok(text)
}

/// Like [`clean`], and removes the spaces around the text.
pub(crate) fn clean_and_trim(text: &str, max: usize) -> Result<Cow<'_, str>, TooLong> {
    // There may be control characters between these spaces.
    let trimmed = text.trim_matches(|c: char| c.is_whitespace() || c.is_control());
    clean(trimmed, max)
}

fn without_controls(text: &str) -> Cow<'_, str> {
    let stays = |c: char| !c.is_control() || matches!(c, '\t' | '\n' | '\r');
    if text.chars().all(stays) {
        return Cow::Borrowed(text);
    }
    let kept = text.chars().filter_map(|c| match c {
        '\u{b}' | '\u{c}' => Some('\n'),
        c => stays(c).then_some(c),
    });
    Cow::Owned(kept.collect())
}

/// The text in NFC.
pub(crate) fn composed(text: Cow<'_, str>) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(text) => NFC.normalize(text),
        Cow::Owned(text) if NFC.is_normalized(&text) => Cow::Owned(text),
        Cow::Owned(text) => Cow::Owned(NFC.normalize(&text).into_owned()),
    }
}

/// Whether any character of the text is visible: neither a space nor a control character nor ignorable.
pub(crate) fn is_visible(text: &str) -> bool {
    text.chars().any(|c| !is_invisible(c))
}

/// Whether a character is invisible by itself.
pub(crate) fn is_invisible(c: char) -> bool {
    c.is_whitespace() || c.is_control() || IGNORABLE.contains(c)
}

/// Folds a text so that neither case nor composition matters. It works character by character, because lower case of
/// whole words depends on a character's position (the two small sigmas).
pub(crate) fn folded(text: &str) -> String {
    let upper = text.chars().flat_map(char::to_uppercase);
    let lower: String = upper.flat_map(char::to_lowercase).collect();
    composed(Cow::Owned(lower)).into_owned()
}

/// A tag as it is stored and searched for: clean, trimmed, in lower case.
pub(crate) fn label(text: &str, max: usize) -> Result<String, TooLong> {
    // The lower case of a text may be longer, and may have to be composed again.
    let text = clean_and_trim(text, max)?.to_lowercase();
    let text = composed(Cow::Owned(text)).into_owned();
    if text.chars().count() > max {
        return Err(TooLong);
    }
    Ok(text)
}

/// A key that sorts texts as people do: by letters first, then by accents, then by case, with lower case first. The
/// Unicode Collation Algorithm (UTS 10) works like this, but its tables of each script's order are larger than one of
/// our functions.
pub(crate) fn sort_key(text: &str) -> (String, String, Vec<bool>) {
    let folded = folded(text);
    let (mut letters, mut accents) = (String::new(), String::new());
    for c in NFD.normalize(&folded).chars() {
        if COMBINING_CLASS.get_u8(c) >= ACCENTS_FROM {
            accents.push(c);
            continue;
        }
        let (letter, accent) = without_stroke(c).unwrap_or((c, None));
        letters.push(letter);
        // A letter without an accent sorts before the same letter with one.
        accents.push('\0');
        accents.extend(accent);
    }
    let composed = NFC.normalize(text);
    let capitals = composed.chars().map(char::is_uppercase).collect();
    (letters, accents, capitals)
}

/// Latin letters with a stroke or hook that Unicode does not decompose: the plain letter, and an accent in place of the
/// stroke.
fn without_stroke(c: char) -> Option<(char, Option<char>)> {
    const STROKE: Option<char> = Some('\u{338}');
    let letter = match c {
        'đ' | 'ð' => 'd',
        'ħ' => 'h',
        'ı' => 'i',
        'ł' => 'l',
        'ø' => 'o',
        'ŧ' => 't',
        _ => return None,
    };
    Some((letter, STROKE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_sort_by_letters_then_accents_then_case() {
        let sorted = [
            "",
            " a",
            "(a)",
            "1",
            "10",
            "2",
            "a",
            "A",
            "á",
            "Á",
            "ab",
            "Äb",
            "AC",
            "cote",
            "Cote",
            "coté",
            "côte",
            "côté",
            "Đak",
            "Łódź",
            "lot",
            "Øre",
            "os",
            "Straße",
            "Strasse 2",
            "zebra",
            "Zebra",
            "αβγ",
            "Αβγ",
            "άβγ",
            "би",
            "Би",
            "елка",
            "Елка",
            "ёлка",
            "Ёлка",
            "заика",
            "зайка",
        ];
        let mut shuffled = sorted;
        shuffled.reverse();
        shuffled.sort_by_cached_key(|text| sort_key(text));
        assert_eq!(shuffled, sorted);
        assert_eq!(sort_key("e\u{301}"), sort_key("é"));
    }

    fn cleaned(text: &str) -> String {
        clean(text, 100).unwrap().into_owned()
    }

    #[test]
    fn control_characters_are_removed_and_everything_else_is_kept() {
        assert_eq!(cleaned("a\u{b}b\u{c}c"), "a\nb\nc");
        assert_eq!(cleaned("a\tb\r\nc\rd\n"), "a\tb\r\nc\rd\n");
        let all_controls: String = (0..0xa0)
            .filter_map(char::from_u32)
            .filter(|c| c.is_control())
            .collect();
        assert_eq!(cleaned(&format!("x{all_controls}y")), "x\t\n\n\n\ry");
        // Other invisible characters stay: words need joiners and marks of direction.
        let joined = "\u{200b}👩\u{200d}👩\u{200d}👧 \u{202e}x\u{2060}\u{feff}";
        assert_eq!(cleaned(joined), joined);
    }

    #[test]
    fn text_is_composed() {
        assert_eq!(cleaned("Cafe\u{301}"), "Café");
        assert_eq!(cleaned("\u{1112}\u{1161}\u{11ab}"), "한");
        // A singleton decomposition, and a composition that Unicode excludes.
        assert_eq!(cleaned("\u{212b}"), "\u{c5}");
        assert_eq!(cleaned("\u{958}"), "\u{915}\u{93c}");
        // A control character between the two is removed before they are composed.
        assert_eq!(cleaned("e\u{0}\u{301}"), "é");
    }

    #[test]
    fn the_length_limit_applies_to_the_cleaned_text() {
        assert_eq!(clean("e\u{301}e\u{301}", 2).unwrap(), "éé");
        assert_eq!(clean("\u{1f}".repeat(1000).as_str(), 0).unwrap(), "");
        assert_eq!(clean("abc", 2), Err(TooLong));
        // Four characters that compose to one, which is the maximum.
        assert_eq!(
            clean("\u{3b1}\u{313}\u{300}\u{345}", 1).unwrap(),
            "\u{1f82}"
        );
        assert_eq!(clean(&"\u{301}".repeat(1_000_000), 10), Err(TooLong));
    }

    #[test]
    fn spaces_controls_and_ignorables_are_invisible() {
        for invisible in [
            "",
            " \t\n",
            "\u{a0}",
            "\u{3000}",
            "\u{2003}",
            "\u{200b}",
            "\u{200c}\u{200d}",
            "\u{2060}",
            "\u{feff}",
            "\u{ad}",
            "\u{34f}",
            "\u{61c}",
            "\u{115f}",
            "\u{1160}",
            "\u{3164}",
            "\u{ffa0}",
            "\u{17b4}",
            "\u{180e}",
            "\u{200e}\u{200f}\u{202a}\u{202e}\u{2066}\u{2069}",
            "\u{fe0f}",
            "\u{e0001}",
            "\u{e0100}",
            "\u{0}\u{85}",
        ] {
            assert!(!is_visible(invisible), "{}", invisible.escape_unicode());
        }
        for visible in [
            "x",
            "\u{200b}.",
            "\u{301}",
            "。",
            "\u{2800}",
            "👍",
            "\u{e000}",
        ] {
            assert!(is_visible(visible), "{}", visible.escape_unicode());
        }
    }

    #[test]
    fn neither_case_nor_composition_makes_a_difference() {
        for (one, other) in [
            ("CAFÉ", "cafe\u{301}"),
            ("ΟΔΟΣ", "οδος"),
            ("\u{1e69}", "S\u{307}\u{323}"),
            ("\u{212b}ngström", "Ångström"),
        ] {
            assert_eq!(folded(one), folded(other));
        }
        assert_eq!(label(" Cafe\u{301}\u{b} ", 4).unwrap(), "café");
        assert_eq!(label("İ", 2).unwrap(), "i\u{307}");
        assert_eq!(label("İ", 1), Err(TooLong));
    }
}
