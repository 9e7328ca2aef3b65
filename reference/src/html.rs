//! Turns texts into HTML.

use pulldown_cmark::{CowStr, Event, Options, Parser, Tag, TagEnd, html};

/// An id: the text's ASCII letters and digits in lower case, with hyphens in place of everything else.
pub(crate) fn slug(text: &str) -> String {
    let parts = text.split(|c: char| !c.is_ascii_alphanumeric());
    let parts: Vec<_> = parts.filter(|part| !part.is_empty()).collect();
    parts.join("-").to_lowercase()
}

pub(crate) fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            c => html.push(c),
        }
    }
    html
}

/// Preformatted text. If it is wider than the page, it scrolls, with the keyboard too.
pub(crate) fn preformatted(label: &str, text: &str) -> String {
    format!(
        "<pre tabindex=\"0\" role=\"group\" aria-label=\"{label}\"><code>{}</code></pre>\n",
        escaped(text)
    )
}

/// Markdown as HTML. Headings have ids.
pub(crate) fn markdown(text: &str) -> String {
    let events: Vec<_> = Parser::new_ext(text, Options::ENABLE_TABLES).collect();
    let headings = events.iter().enumerate().map(|(at, event)| match event {
        Event::Start(Tag::Heading { level, .. }) => {
            let name = match events.get(at + 1) {
                Some(Event::Text(name)) => slug(name),
                _ => String::new(),
            };
            Event::Html(CowStr::from(format!("<{level} id=\"{name}\">")))
        }
        Event::End(TagEnd::Heading(level)) => Event::Html(CowStr::from(format!("</{level}>\n"))),
        // As in `preformatted`.
        Event::Start(Tag::CodeBlock(_)) => Event::Html(CowStr::from(
            "<pre tabindex=\"0\" role=\"group\" aria-label=\"Example\"><code>",
        )),
        Event::End(TagEnd::CodeBlock) => Event::Html(CowStr::from("</code></pre>\n")),
        Event::Start(Tag::Table(_)) => Event::Html(CowStr::from(
            "<div class=\"table\" tabindex=\"0\" role=\"group\" aria-label=\"Table\"><table>",
        )),
        Event::End(TagEnd::Table) => Event::Html(CowStr::from("</tbody></table></div>\n")),
        other => other.clone(),
    });
    let mut html = String::new();
    html::push_html(&mut html, headings);
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_escaped_and_headings_have_ids() {
        assert_eq!(
            escaped("<a href=\"x\">&"),
            "&lt;a href=&quot;x&quot;&gt;&amp;"
        );
        assert_eq!(slug("GET /api/v1/api-keys/{id}"), "get-api-v1-api-keys-id");
        assert_eq!(
            markdown("## Rate limits\n"),
            "<h2 id=\"rate-limits\">Rate limits</h2>\n"
        );
    }
}
