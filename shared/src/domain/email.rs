//! E-mail addresses that mail can be sent to (Texts in openapi.yaml).
//!
//! The local part is what RFC 5321 (section 4.1.2, `Dot-string` and `Quoted-string`) and RFC 6531 (section 3.3, any
//! UTF-8 beyond ASCII) allow. Only the receiving host knows which of them exist. The domain is one that the DNS can
//! hold, in letters of any script or in its ASCII form (UTS 46).

use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};

use crate::domain::text;

/// The longest address that fits into the path of a mail transaction (RFC 5321, section 4.5.3.1.3, and erratum 1690
/// of RFC 3696).
const MAX_BYTES: usize = 254;

/// RFC 5321, section 4.5.3.1.1.
const MAX_LOCAL_BYTES: usize = 64;

/// The address in `text`, as it was typed, without the invisible characters around it. `None` if `text` is not an
/// address.
pub(crate) fn parse(text: &str) -> Option<&str> {
    let address = text.trim_matches(text::is_invisible);
    // A quoted local part may contain an `@`.
    let (local, domain) = address.rsplit_once('@')?;
    let good = address.len() <= MAX_BYTES && is_local_part(local) && is_domain(domain);
    good.then_some(address)
}

fn is_local_part(local: &str) -> bool {
    if local.is_empty() || local.len() > MAX_LOCAL_BYTES {
        return false;
    }
    match local.strip_prefix('"') {
        Some(quoted) => quoted.strip_suffix('"').is_some_and(is_quoted_content),
        None => local
            .split('.')
            .all(|atom| !atom.is_empty() && atom.chars().all(is_atom_text)),
    }
}

/// `atext` of RFC 5322, section 3.2.3, and RFC 6531's `UTF8-non-ascii` except spaces and control characters.
fn is_atom_text(c: char) -> bool {
    if c.is_ascii() {
        c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c)
    } else {
        !c.is_whitespace() && !c.is_control()
    }
}

/// `QcontentSMTP`: printable characters and spaces. A quote or a backslash needs a backslash before it.
fn is_quoted_content(content: &str) -> bool {
    let mut characters = content.chars();
    while let Some(c) = characters.next() {
        let c = match c {
            '\\' => characters.next().filter(char::is_ascii),
            '"' => None,
            c => Some(c),
        };
        if c.is_none_or(|c| c.is_control() || (c.is_whitespace() && c != ' ')) {
            return false;
        }
    }
    true
}

/// Letters, digits and hyphens, or characters that UTS 46 maps to these, in at least two labels. The last label is not
/// a number: an IP address is not a domain (WHATWG's URL standard, "ends in a number checker").
fn is_domain(domain: &str) -> bool {
    let ascii = Uts46::new().to_ascii(
        domain.as_bytes(),
        AsciiDenyList::STD3,
        Hyphens::CheckFirstLast,
        DnsLength::Verify,
    );
    let Ok(ascii) = ascii else { return false };
    let Some((_, last)) = ascii.rsplit_once('.') else {
        return false;
    };
    let is_number = last.bytes().all(|b| b.is_ascii_digit())
        || last
            .strip_prefix("0x")
            .is_some_and(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()));
    !is_number
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_mail_can_be_sent_to_are_kept_as_typed() {
        for good in [
            "a@b.co",
            "Kim.Lee+Shop@Sub.Example.COM",
            "!#$%&'*+/=?^_`{|}~-@example.com",
            "ä@example.com",
            "a@xn--80ak6aa92e.com",
            "a@bücher.example",
            "a@BU\u{308}CHER.example",
            "a@例え。テスト",
            "jose\u{301}@example.com",
            "संपर्क@डाटामेल.भारत",
            "ติดต่อ@ตัวอย่าง.ไทย",
            "தொடர்பு@எடுத்துக்காட்டு.இந்தியா",
            "ಸಂಪರ್ಕ@ಉದಾಹರಣೆ.ಭಾರತ",
            "যোগাযোগ@উদাহরণ.ভারত",
            "ទំនាក់ទំនង@ឧទាហរណ៍.com",
            "ဆက်သွယ်ရန်@ဥပမာ.com",
            "\u{645}\u{62b}\u{627}\u{644}@\u{645}\u{62b}\u{627}\u{644}.com",
            "👋@example.com",
            "\"k m\"@example.com",
            "\"a@b\"@example.com",
            "\"a\\\"b\\\\\"@example.com",
            "a@1.com",
            "a@127.0.0.com",
            "a@b-c.d-e",
            "a@1a",
        ] {
            let is_single = good == "a@1a";
            assert_eq!(parse(good), (!is_single).then_some(good), "{good}");
        }
        assert_eq!(parse(" \u{200b}a@b.co\u{feff}\u{200e}\n"), Some("a@b.co"));
    }

    #[test]
    fn other_texts_are_refused() {
        let long_local = format!("{}@example.com", "a".repeat(65));
        let long_label = format!("a@{}.com", "b".repeat(64));
        let long = format!("{}@{}.com", "a".repeat(64), "b.".repeat(100) + "b");
        for wrong in [
            "",
            "a",
            "@",
            "a@",
            "@b.co",
            "a@b",
            "a@b..co",
            "a@.b.co",
            "a@b.co.",
            "a@-b.co",
            "a@b-.co",
            "a@b_c.co",
            "a@!#$%.co",
            "a@b.c!o",
            "a@b c.co",
            "a@b.1",
            "a@b.0x7f",
            "kim@127.0.0.1",
            "kim@１２７.０.０.１",
            "a@[192.0.2.1]",
            "a@xn--.com",
            "a@xn--a.com",
            "a@b\u{ad}.1",
            "a@\u{301}b.com",
            ".a@b.co",
            "a.@b.co",
            "a..b@c.de",
            "a b@c.de",
            "a\u{a0}b@c.de",
            "a\u{3000}b@c.de",
            "a@b@c.de",
            "a,b@c.de",
            "a(b)@c.de",
            "A <a@b.co>",
            "a@b.co, c@d.ef",
            "a@b.co\r\nBcc: c@d.ef",
            "a\u{0}@b.co",
            "a\u{85}b@c.de",
            "\"a\tb\"@c.de",
            "\"a\"b\"@c.de",
            "\"a\\\"@c.de",
            "\"@c.de",
            "\"a\nb\"@c.de",
            &long_local,
            &long_label,
            &long,
        ] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
