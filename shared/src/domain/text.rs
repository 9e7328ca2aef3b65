//! What people write, as it is kept (contract, section 1), and as it is compared.
//!
//! Text is pasted from word processors, terminals, spreadsheets and phones, and brings along characters that its writer
//! never saw. Nobody is turned away for them.

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

/// Where a mark stands at its letter.
const COMBINING_CLASS: CanonicalCombiningClassMapBorrowed<'static> =
    CanonicalCombiningClassMapBorrowed::new();

/// The first class of marks that are placed above, below or beside a letter ("Unicode Character Database", UAX 44,
/// table 15): accents, and no vowel signs.
const ACCENTS_FROM: u8 = 200;

/// What shows nothing where it is not supported, and by itself nowhere: zero-width characters, marks of direction,
/// fillers (Unicode Standard, section 5.21).
const IGNORABLE: CodePointSetDataBorrowed<'static> =
    CodePointSetData::new::<DefaultIgnorableCodePoint>();

/// The most characters that the full canonical decomposition of one character has ("Unicode Normalization Forms", UAX
/// 15, table 4: a factor of 4 in UTF-32).
const DECOMPOSED: usize = 4;

/// A text of more characters than asked for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TooLong;

/// A text as it is kept: without control characters other than tab and line breaks, a vertical tab or form feed being a
/// line break, and in NFC. It has at most `max` characters (Unicode scalar values) then.
pub(crate) fn clean(text: &str, max: usize) -> Result<Cow<'_, str>, TooLong> {
    let text = without_controls(text);
    // Composed, it would still be too long. What is normalised is bounded so, whatever was sent.
    if text.chars().count() > max.saturating_mul(DECOMPOSED) {
        return Err(TooLong);
    }
    let text = composed(text);
    if text.chars().count() > max {
        return Err(TooLong);
    }
    Ok(text)
}

/// The same, without the spaces around it.
pub(crate) fn clean_and_trim(text: &str, max: usize) -> Result<Cow<'_, str>, TooLong> {
    // A control character may stand before a space, and goes as well.
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

/// Whether something of the text can be seen: any character but spaces, control characters and ignorable ones.
pub(crate) fn is_visible(text: &str) -> bool {
    text.chars().any(|c| !is_invisible(c))
}

/// Whether a character by itself shows nothing.
pub(crate) fn is_invisible(c: char) -> bool {
    c.is_whitespace() || c.is_control() || IGNORABLE.contains(c)
}

/// A text in which neither case nor composition makes a difference: character by character, because whole words in
/// lower case differ by where a character stands (the two small sigmas).
pub(crate) fn folded(text: &str) -> String {
    let upper = text.chars().flat_map(char::to_uppercase);
    let lower: String = upper.flat_map(char::to_lowercase).collect();
    composed(Cow::Owned(lower)).into_owned()
}

/// A tag as it is kept and asked for: clean, trimmed, in lower case.
pub(crate) fn label(text: &str, max: usize) -> Result<String, TooLong> {
    // Lower case may be longer, and may need to be composed again.
    let text = clean_and_trim(text, max)?.to_lowercase();
    let text = composed(Cow::Owned(text)).into_owned();
    if text.chars().count() > max {
        return Err(TooLong);
    }
    Ok(text)
}

/// What a list is sorted by as people sort: by letters first, by accents where these are the same, by case at last,
/// small letters first. That is the idea of the Unicode Collation Algorithm (UTS 10), whose tables of every script's
/// own order are larger than a function.
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
        // A letter without an accent is before the same letter with any.
        accents.push('\0');
        accents.extend(accent);
    }
    let composed = NFC.normalize(text);
    let capitals = composed.chars().map(char::is_uppercase).collect();
    (letters, accents, capitals)
}

/// The letters of Latin alphabets whose stroke or hook Unicode does not take apart, each with what stands for it.
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
    fn a_list_is_sorted_as_people_sort() {
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
    fn what_nobody_sees_is_taken_out_and_the_text_is_kept() {
        assert_eq!(cleaned("a\u{b}b\u{c}c"), "a\nb\nc");
        assert_eq!(cleaned("a\tb\r\nc\rd\n"), "a\tb\r\nc\rd\n");
        let all_controls: String = (0..0xa0)
            .filter_map(char::from_u32)
            .filter(|c| c.is_control())
            .collect();
        assert_eq!(cleaned(&format!("x{all_controls}y")), "x\t\n\n\n\ry");
        // What is not a control character stays, seen or not: joiners and marks of direction make words of letters.
        let joined = "\u{200b}👩\u{200d}👩\u{200d}👧 \u{202e}x\u{2060}\u{feff}";
        assert_eq!(cleaned(joined), joined);
    }

    #[test]
    fn text_is_composed() {
        assert_eq!(cleaned("Cafe\u{301}"), "Café");
        assert_eq!(cleaned("\u{1112}\u{1161}\u{11ab}"), "한");
        // A singleton, and a composition that Unicode excludes.
        assert_eq!(cleaned("\u{212b}"), "\u{c5}");
        assert_eq!(cleaned("\u{958}"), "\u{915}\u{93c}");
        // What stood in the way of a composition is gone before.
        assert_eq!(cleaned("e\u{0}\u{301}"), "é");
    }

    #[test]
    fn lengths_are_of_what_is_kept() {
        assert_eq!(clean("e\u{301}e\u{301}", 2).unwrap(), "éé");
        assert_eq!(clean("\u{1f}".repeat(1000).as_str(), 0).unwrap(), "");
        assert_eq!(clean("abc", 2), Err(TooLong));
        // Four characters that are one, the most that there are of.
        assert_eq!(
            clean("\u{3b1}\u{313}\u{300}\u{345}", 1).unwrap(),
            "\u{1f82}"
        );
        assert_eq!(clean(&"\u{301}".repeat(1_000_000), 10), Err(TooLong));
    }

    #[test]
    fn visible_is_what_is_neither_space_nor_ignorable() {
        for nothing in [
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
            assert!(!is_visible(nothing), "{}", nothing.escape_unicode());
        }
        for something in [
            "x",
            "\u{200b}.",
            "\u{301}",
            "。",
            "\u{2800}",
            "👍",
            "\u{e000}",
        ] {
            assert!(is_visible(something), "{}", something.escape_unicode());
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
