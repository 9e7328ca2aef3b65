//! The layout of the list with much, long or hostile content, and in a narrow window.

use std::{sync::Arc, time::Duration};

use crate::{browser::Browser, keys, visit::Visit};

/// The narrowest window that the page must support, in CSS pixels (WCAG 2.2, 1.4.10).
const NARROW: u32 = 320;

const DAY: Duration = Duration::from_hours(24);

/// Checks that nothing is wider than the window or than the open dialog.
pub async fn fits(browser: &Browser, what: &str) {
    let too_wide = "return [document.documentElement, ...document.querySelectorAll('dialog[open]')]
        .filter(e => e.scrollWidth > e.clientWidth)
        .map(e => `${e.tagName} ${e.id}: ${e.scrollWidth} in ${e.clientWidth}`)";
    let too_wide = browser.run(too_wide, Vec::new()).await;
    assert_eq!(too_wide, serde_json::json!([]), "{what} is too wide");
}

pub async fn a_hundred_keys_are_listed_newest_first(visit: Arc<Visit>) {
    let names = (1..=100).map(|number| format!("Key {number}"));
    visit.api.create_all(&visit.workspace, names).await;
    let browser = visit.signed_in().await;
    let shown = "return [...document.querySelectorAll('#keys .key-name')].map(e => e.innerText)";
    let shown = browser.run(shown, Vec::new()).await;
    let expected: Vec<_> = (1..=100)
        .rev()
        .map(|number| format!("Key {number}"))
        .collect();
    assert_eq!(shown, serde_json::json!(expected));
    let name = "return document.querySelector('#keys .key-name').parentElement.clientWidth";
    let columns = "return [...document.querySelectorAll('thead th')].filter(e => e.checkVisibility())
        .map((e, at) => [e, document.querySelector('tbody tr').cells[at]])
        .filter(([head, cell]) => head.offsetLeft == cell.offsetLeft && getComputedStyle(cell).display == 'table-cell'
            && (head.cellIndex == 4 || getComputedStyle(cell).textAlign == 'start'))
        .length";
    for width in [NARROW, 640, 719, 720, 768, 927, 928, 1100] {
        browser.set_width(width).await;
        fits(&browser, "a list of a hundred").await;
        // Names have enough room at every width.
        let name = browser.run(name, Vec::new()).await;
        assert!(
            name.as_u64().is_some_and(|name| name > 140),
            "{name} at {width}"
        );
        // From 720 pixels on, the list is a table, with each column aligned to its heading.
        let expected = if width < 720 { 0 } else { 5 };
        let columns = browser.run(columns, Vec::new()).await;
        assert_eq!(columns, expected, "columns at {width}");
    }
}

pub async fn long_names_do_not_break_a_narrow_window(visit: Arc<Visit>) {
    let browser = visit.signed_in().await;
    browser.set_width(NARROW).await;
    fits(&browser, "an empty list").await;
    let names = [
        "W".repeat(120),
        "𝒳".repeat(60),
        "long words of many names "
            .repeat(5)
            .trim()
            .chars()
            .take(120)
            .collect(),
        "ภาษาไทยไม่มีช่องว่าง".repeat(6),
    ];
    for name in &names {
        browser.click("#create").await;
        fits(&browser, "the dialog that creates").await;
        browser.fill("#create-dialog #name", "x").await;
        // Inserted as by pasting, because WebDriver cannot type characters beyond the basic plane.
        browser
            .run(
                "document.getElementById('name').value = arguments[0]",
                vec![name.as_str().into()],
            )
            .await;
        browser.click("#create-submit").await;
        browser.see("#new-key").await;
        fits(&browser, "the dialog that shows a key").await;
        keys::close_unsaved(&browser).await;
        fits(&browser, "a list of long names").await;
        assert_eq!(browser.text("#keys .key-name").await, *name);
        browser.click("button.revoke").await;
        assert_eq!(browser.text("#revoke-name").await, *name);
        fits(&browser, "the dialog that revokes").await;
        browser.click("#revoke-cancel").await;
        browser.see_no("#revoke-dialog").await;
    }
    browser.reload().await;
    browser.see("#keys").await;
    assert_eq!(browser.count("#keys tbody tr").await, names.len());
    fits(&browser, "a list of long names").await;
    browser.go("/dashboard/api-keys?lang=id").await;
    browser.see("html[lang=id] #keys").await;
    fits(&browser, "the same in Indonesian").await;
}

pub async fn a_hostile_name_is_shown_as_text(visit: Arc<Visit>) {
    let browser = visit.signed_in().await;
    let names = [
        r#""><script>document.title = 'owned'</script>"#,
        "<img src=x onerror=\"document.title = 'owned'\">",
        "</template></table><style>*{display:none}</style>{{7*7}} &lt;b&gt; %22",
        "'\"`;--\\ $& $1 {name} {0} {key}",
        "abc\u{202e}gnirts",
    ];
    for name in names {
        keys::create(&browser, name).await;
        keys::close_unsaved(&browser).await;
        browser.read("#status", name).await;
        assert_eq!(browser.text("#keys .key-name").await, name);
    }
    browser.reload().await;
    browser.see("#keys").await;
    for (row, name) in (1..).zip(names.iter().rev()) {
        let row = format!("#keys tbody tr:nth-child({row})");
        assert_eq!(browser.text(&format!("{row} .key-name")).await, *name);
        browser.click(&format!("{row} button.revoke")).await;
        assert_eq!(browser.text("#revoke-name").await, *name);
        browser.click("#revoke-cancel").await;
        browser.see_no("#revoke-dialog").await;
    }
    assert_eq!(
        browser.count("#keys img, #keys script, body style").await,
        0
    );
    let title = browser.run("return document.title", Vec::new()).await;
    assert!(!title.as_str().unwrap().contains("owned"));
}

pub async fn keys_that_were_not_used_for_90_days_are_marked(visit: Arc<Visit>) {
    let workspace = &visit.workspace;
    for (name, created, used) in [
        ("Used today", 300, Some(0)),
        ("Used 89 days ago", 300, Some(89)),
        ("Used 91 days ago", 300, Some(91)),
        ("Never used, new", 89, None),
        ("Never used, old", 91, None),
    ] {
        let key = visit.api.create(workspace, name).await;
        let used = used.map(|days| DAY * days);
        visit
            .api
            .backdate(workspace, key["id"].as_str().unwrap(), DAY * created, used)
            .await;
    }
    let browser = visit.signed_in().await;
    let seen =
        "return [...document.querySelectorAll('#keys tbody tr')].filter(e => e.checkVisibility())
        .map(e => e.querySelector('.key-name').innerText)";
    let hinted = "return [...document.querySelectorAll('#keys tbody tr')]
        .filter(e => e.querySelector('.unused-hint')?.checkVisibility())
        .map(e => e.querySelector('.key-name').innerText)";
    let shown = async || {
        browser
            .run(seen, Vec::new())
            .await
            .as_array()
            .unwrap()
            .len()
    };
    let old = serde_json::json!(["Never used, old", "Used 91 days ago"]);
    assert_eq!(browser.run(hinted, Vec::new()).await, old);
    assert_eq!(shown().await, 5);
    browser.click("#filter-unused").await;
    assert_eq!(browser.run(seen, Vec::new()).await, old);
    browser.see_no("#none-match").await;
    fits(&browser, "a filtered list").await;

    for name in ["Never used, old", "Used 91 days ago"] {
        browser.click("button.revoke").await;
        assert_eq!(browser.text("#revoke-name").await, name);
        browser.click("#revoke-confirm").await;
        browser.see_no("#revoke-dialog").await;
    }
    browser.see("#none-match").await;
    browser.see_no("#empty").await;
    browser.click("#filter-all").await;
    browser.see_no("#none-match").await;
    assert_eq!(shown().await, 3);
}
