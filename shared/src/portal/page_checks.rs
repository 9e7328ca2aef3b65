//! What the tests check of each page for signed-in users.

use crate::portal::assets::Asset;

/// Each of these ids is in the page once.
pub(super) fn has_ids(page: &str, ids: &[&str]) {
    for id in ids {
        let count = page.matches(&format!(r#" id="{id}""#)).count();
        assert_eq!(count, 1, "{id}");
    }
}

/// The ids that the script looks up and the texts that it shows are in the page.
pub(super) fn has_what_the_script_uses(page: &str, script: &str) {
    for rest in script.split("byId(\"").skip(1) {
        let id = rest.split('"').next().unwrap();
        assert!(page.contains(&format!(r#" id="{id}""#)), "{id}");
    }
    for rest in script.split("words.").skip(1) {
        let word: String = rest.chars().take_while(char::is_ascii_alphabetic).collect();
        // A comment may end a sentence with "words".
        if word.is_empty() {
            continue;
        }
        let parts = word.chars().flat_map(|c| {
            let hyphen = c.is_uppercase().then_some('-');
            [hyphen, Some(c.to_ascii_lowercase())]
        });
        let attribute: String = parts.flatten().collect();
        assert!(page.contains(&format!(r#" data-{attribute}=""#)), "{word}");
    }
}

/// The page and these assets have at most so many KiB together.
pub(super) fn is_small(page: &str, assets: [&Asset; 2], most: usize) {
    let assets = assets.map(|asset| asset.body.len());
    let whole = page.len() + assets.iter().sum::<usize>();
    assert!(whole <= most * 1024, "{} and {assets:?} bytes", page.len());
}

/// The content security policy forbids inline styles and scripts.
pub(super) fn has_no_inline_style_and_script(page: &str) {
    for tag in page.split('<').skip(1) {
        let tag = tag.split('>').next().unwrap();
        let attributes = tag.split(['"', ' ', '\n']);
        for attribute in attributes.filter(|part| part.ends_with('=')) {
            assert!(
                attribute != "style=" && !attribute.starts_with("on"),
                "{tag}"
            );
        }
        assert!(!tag.starts_with("style"), "{tag}");
        assert!(!tag.starts_with("script") || tag.contains(" src="), "{tag}");
    }
    assert_eq!(page.matches("<script").count(), 1);
    assert_eq!(page.matches("</script").count(), 1);
    assert!(page.contains("></script>"));
}
