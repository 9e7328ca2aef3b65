//! The content of the `main` element of the page for people. The portal has the layout around it and the stylesheet.
//!
//! It has no scripts and no inline styles, which the portal's content security policy forbids.

use std::{collections::BTreeSet, error::Error, fmt::Write};

use serde_yaml_ng::Value;

use crate::{
    curl,
    document::{Document, Operation, members, sequence, text},
    html::{escaped, markdown, preformatted, slug},
    rules::{rules, types},
};

/// The tags of endpoints for browsers, for which no `curl` command is shown.
const FOR_BROWSERS: [&str; 2] = ["Sign-in", "Portal"];

/// The schemas that the section on the envelope explains.
const ENVELOPE_SCHEMAS: [&str; 4] = ["Success", "Failure", "Error", "Meta"];

pub(crate) fn render(document: &Document) -> Result<String, Box<dyn Error>> {
    let value = document.value();
    let sections = markdown(text(&value["info"]["description"]));
    let mut page = Page {
        document,
        html: String::new(),
        objects: Vec::new(),
    };
    writeln!(page.html, "<div class=\"docs\">")?;
    page.contents(&sections)?;
    writeln!(page.html, "<article>")?;
    let title = escaped(text(&value["info"]["title"]));
    writeln!(
        page.html,
        "<h1>{title}</h1>\n<p class=\"lead\">{}</p>",
        escaped(text(&value["info"]["summary"]))
    )?;
    writeln!(
        page.html,
        "<p>For machines: <a href=\"/api/v1/openapi.json\">openapi.json</a>, an OpenAPI document. The commands below \
         take these variables:</p>\n{}",
        preformatted(
            "Variables",
            "export SUPPUO_URL=https://api.example.com SUPPUO_TOKEN=sk_live_…"
        )
    )?;
    page.html.push_str(&sections);
    for tag in sequence(&value["tags"]) {
        page.tag(tag)?;
    }
    page.all_objects()?;
    page.headers()?;
    writeln!(page.html, "</article>\n</div>")?;
    Ok(page.html)
}

struct Page<'a> {
    document: &'a Document,
    html: String,
    /// The names of the schemas that the operations refer to, in that order.
    objects: Vec<&'a str>,
}

impl<'a> Page<'a> {
    fn contents(&mut self, sections: &str) -> Result<(), Box<dyn Error>> {
        writeln!(
            self.html,
            "<nav class=\"contents\" aria-label=\"Contents\">\n<ul>"
        )?;
        for heading in sections.split("<h2 id=\"").skip(1) {
            let (id, rest) = heading.split_once("\">").unwrap_or_default();
            let name = rest.split("</h2>").next().unwrap_or_default();
            writeln!(self.html, "<li><a href=\"#{id}\">{name}</a></li>")?;
        }
        for tag in sequence(&self.document.value()["tags"]) {
            let name = text(&tag["name"]);
            writeln!(
                self.html,
                "<li><a href=\"#tag-{}\">{}</a>\n<ul>",
                slug(name),
                escaped(name)
            )?;
            for operation in self.document.operations(name) {
                let summary = escaped(text(&operation.value["summary"]));
                writeln!(
                    self.html,
                    "<li><a href=\"#{}\">{summary}</a></li>",
                    id_of(&operation)
                )?;
            }
            for (event, value) in self.document.webhooks(name) {
                let (id, summary) = (slug(event), escaped(text(&value["summary"])));
                writeln!(self.html, "<li><a href=\"#event-{id}\">{summary}</a></li>")?;
            }
            writeln!(self.html, "</ul></li>")?;
        }
        let last =
            "<li><a href=\"#objects\">Objects</a></li>\n<li><a href=\"#headers\">Headers</a></li>";
        writeln!(self.html, "{last}\n</ul>\n</nav>")?;
        Ok(())
    }

    fn tag(&mut self, tag: &'a Value) -> Result<(), Box<dyn Error>> {
        let name = text(&tag["name"]);
        writeln!(
            self.html,
            "<h2 id=\"tag-{}\">{}</h2>",
            slug(name),
            escaped(name)
        )?;
        self.html.push_str(&markdown(text(&tag["description"])));
        for operation in self.document.operations(name) {
            self.operation(&operation, !FOR_BROWSERS.contains(&name))?;
        }
        for (name, event) in self.document.webhooks(name) {
            self.event(name, event)?;
        }
        Ok(())
    }

    /// What a subscriber gets: only `data` differs from event to event.
    fn event(&mut self, name: &str, event: &'a Value) -> Result<(), Box<dyn Error>> {
        let body = &event["requestBody"]["content"]["application/json"];
        let (id, name) = (slug(name), escaped(name));
        let summary = escaped(text(&event["summary"]));
        writeln!(
            self.html,
            "<section class=\"operation\" id=\"event-{id}\">\n<h3>{summary}</h3>\n\
             <p class=\"route\"><code><b>EVENT</b> {name}</code></p>"
        )?;
        self.html.push_str(&markdown(text(&event["description"])));
        writeln!(self.html, "<h4>Data</h4>")?;
        let data = self
            .document
            .resolved(&body["schema"]["properties"]["data"]);
        if self.document.fields(data).is_empty() {
            writeln!(self.html, "<p>None.</p>")?;
        } else {
            self.object_fields(data)?;
        }
        let json = serde_json::to_string_pretty(&body["example"])?;
        let shown = preformatted("Event", &json);
        writeln!(
            self.html,
            "<details><summary>Example</summary>\n{shown}</details>\n</section>"
        )?;
        Ok(())
    }

    fn operation(
        &mut self,
        operation: &Operation<'a>,
        by_curl: bool,
    ) -> Result<(), Box<dyn Error>> {
        let value = operation.value;
        writeln!(
            self.html,
            "<section class=\"operation\" id=\"{}\">\n<h3>{}</h3>\n<p class=\"route\"><code><b>{}</b> {}</code></p>",
            id_of(operation),
            escaped(text(&value["summary"])),
            operation.method.to_uppercase(),
            escaped(operation.path)
        )?;
        self.html.push_str(&markdown(text(&value["description"])));
        if !self.document.is_authenticated(operation) && by_curl {
            writeln!(self.html, "<p>No credential.</p>")?;
        }
        if !operation.parameters.is_empty() {
            writeln!(self.html, "<h4>Parameters</h4>\n<dl>")?;
            for parameter in &operation.parameters {
                let place = text(&parameter["in"]);
                let is_required = parameter["required"].as_bool() == Some(true);
                let description = text(&parameter["description"]);
                let kind = format!("{place}, {}", self.kind(&parameter["schema"]));
                self.entry(text(&parameter["name"]), &kind, is_required, description)?;
            }
            writeln!(self.html, "</dl>")?;
        }
        let body = &value["requestBody"]["content"]["application/json"]["schema"];
        if !body.is_null() {
            writeln!(self.html, "<h4>Body</h4>")?;
            self.fields(self.document.resolved(body))?;
        }
        if by_curl {
            let command = curl::command(self.document, operation);
            writeln!(
                self.html,
                "<h4>Example</h4>\n{}",
                preformatted("Request", &command)
            )?;
        }
        self.answers(value)
    }

    fn answers(&mut self, operation: &'a Value) -> Result<(), Box<dyn Error>> {
        writeln!(self.html, "<h4>Answers</h4>\n<dl>")?;
        let mut example = None;
        for (status, response) in members(&operation["responses"]) {
            let response = self.document.resolved(response);
            let content = &response["content"]["application/json"];
            let data = &content["schema"]["properties"]["data"];
            let kind = if data.is_null() {
                String::new()
            } else {
                self.kind(data)
            };
            self.entry(status, &kind, false, text(&response["description"]))?;
            if status.starts_with('2') && !content["example"].is_null() {
                example = Some((status, &content["example"]));
            }
        }
        writeln!(self.html, "</dl>")?;
        if let Some((status, example)) = example {
            let json = serde_json::to_string_pretty(example)?;
            let shown = preformatted("Answer", &json);
            writeln!(
                self.html,
                "<details><summary>Example of a {status}</summary>\n{shown}</details>"
            )?;
        }
        writeln!(self.html, "</section>")?;
        Ok(())
    }

    /// The type and the rules of a field or parameter, as HTML.
    fn kind(&mut self, schema: &'a Value) -> String {
        if let Some(name) = self.object(schema) {
            return format!("<a href=\"#object-{}\">{name}</a>", slug(name));
        }
        let schema = self.document.resolved(schema);
        let mut said = Vec::new();
        if types(schema).contains(&"array") {
            let items = match &schema["items"] {
                Value::Null => "anything".to_owned(),
                items => self.kind(items),
            };
            said.push(format!("list of {items}"));
        }
        said.extend(rules(schema));
        said.join(", ")
    }

    /// The name of the object that a schema refers to. The page shows it in a section of its own.
    fn object(&mut self, schema: &'a Value) -> Option<&'a str> {
        let name = text(&schema["$ref"]).strip_prefix("#/components/schemas/")?;
        let is_object = !self.document.fields(schema).is_empty();
        if !is_object || ENVELOPE_SCHEMAS.contains(&name) {
            return None;
        }
        if !self.objects.contains(&name) {
            self.objects.push(name);
        }
        Some(name)
    }

    fn entry(
        &mut self,
        name: &str,
        kind: &str,
        is_required: bool,
        description: &str,
    ) -> Result<(), Box<dyn Error>> {
        let required = if is_required { " <b>required</b>" } else { "" };
        let description = markdown(description);
        writeln!(
            self.html,
            "<dt><code>{}</code> <span class=\"quiet\">{kind}</span>{required}</dt>\n<dd>{description}</dd>",
            escaped(name)
        )?;
        Ok(())
    }

    fn fields(&mut self, schema: &'a Value) -> Result<(), Box<dyn Error>> {
        writeln!(self.html, "<dl>")?;
        for (name, field, is_required) in self.document.fields(schema) {
            let kind = self.kind(field);
            let own = text(&field["description"]);
            let description = match own {
                "" if self.object(field).is_none() => {
                    text(&self.document.resolved(field)["description"])
                }
                own => own,
            };
            self.entry(name, &kind, is_required, description)?;
        }
        writeln!(self.html, "</dl>")?;
        Ok(())
    }

    fn all_objects(&mut self) -> Result<(), Box<dyn Error>> {
        let (schemas, mut shown) = (&self.document.value()["components"]["schemas"], 0);
        writeln!(
            self.html,
            "<h2 id=\"objects\">Objects</h2>\n<p>What answers have in <code>data</code>. Every field is there; one \
             that is not set is <code>null</code>.</p>"
        )?;
        // Showing an object may add others, to which it refers.
        while let Some(name) = self.objects.get(shown).copied() {
            writeln!(
                self.html,
                "<section id=\"object-{}\">\n<h3>{name}</h3>",
                slug(name)
            )?;
            let schema = &schemas[name];
            self.html.push_str(&markdown(text(&schema["description"])));
            self.object_fields(schema)?;
            writeln!(self.html, "</section>")?;
            shown += 1;
        }
        Ok(())
    }

    /// The fields of an object, without "required": an answer has every field.
    fn object_fields(&mut self, schema: &'a Value) -> Result<(), Box<dyn Error>> {
        let from = self.html.len();
        self.fields(schema)?;
        let fields = self.html.split_off(from);
        self.html.push_str(&fields.replace(" <b>required</b>", ""));
        Ok(())
    }

    fn headers(&mut self) -> Result<(), Box<dyn Error>> {
        writeln!(
            self.html,
            "<h2 id=\"headers\">Headers</h2>\n<p>What answers have beside their body.</p>\n<dl>"
        )?;
        let mut named = BTreeSet::new();
        for (name, header) in members(&self.document.value()["components"]["headers"]) {
            let name = match name {
                "No-Store" | "Immutable" => "Cache-Control",
                name => name,
            };
            let schema = self.document.resolved(&header["schema"]);
            let own = text(&header["description"]);
            let description = if own.is_empty() {
                text(&schema["description"])
            } else {
                own
            };
            let kind = self.kind(&header["schema"]);
            // Several headers may have one name, with different values.
            if named.insert((name, kind.clone())) {
                self.entry(name, &kind, false, description)?;
            }
        }
        writeln!(self.html, "</dl>")?;
        Ok(())
    }
}

fn id_of(operation: &Operation<'_>) -> String {
    slug(&format!("{} {}", operation.method, operation.path))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn page() -> (Document, String) {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../openapi.yaml");
        let document = Document::read(&file).unwrap();
        let html = render(&document).unwrap();
        (document, html)
    }

    fn values<'a>(html: &'a str, attribute: &str) -> Vec<&'a str> {
        let marked = html.split(attribute).skip(1);
        marked.map(|rest| rest.split('"').next().unwrap()).collect()
    }

    #[test]
    fn every_operation_is_shown_and_every_link_leads_somewhere() {
        let (document, html) = page();
        let mut shown = 0;
        for tag in sequence(&document.value()["tags"]) {
            for operation in document.operations(text(&tag["name"])) {
                assert!(html.contains(&format!("id=\"{}\"", id_of(&operation))));
                shown += 1;
            }
        }
        for (name, _) in document.webhooks("Webhooks") {
            assert!(html.contains(&format!("id=\"event-{}\"", slug(name))));
        }
        let all = members(&document.value()["paths"]).flat_map(|(_, item)| members(item));
        let all = all.filter(|(method, _)| !["head", "options", "parameters"].contains(method));
        assert_eq!(shown, all.count(), "each has a tag");
        let ids = values(&html, " id=\"");
        let unique: BTreeSet<_> = ids.iter().collect();
        assert_eq!(unique.len(), ids.len());
        let links = values(&html, "href=\"#");
        assert!(links.len() > 50 && links.iter().all(|link| unique.contains(link)));
    }

    #[test]
    fn the_page_follows_the_content_security_policy() {
        let (_, html) = page();
        for forbidden in [
            "<script",
            "<style",
            " style=",
            "<img",
            "<link",
            " onclick=",
            "<iframe",
            "<form",
        ] {
            assert!(!html.contains(forbidden), "{forbidden}");
        }
        let links = values(&html, "href=\"");
        let elsewhere = links.iter().find(|link| !link.starts_with(['#', '/']));
        assert_eq!(elsewhere, None);
    }

    #[test]
    fn no_key_is_shown() {
        let (_, html) = page();
        for (prefix, least) in [("sk_live_", 4), ("whsec_", 2)] {
            let shown = html.split(prefix).skip(1);
            assert!(shown.clone().count() >= least, "{prefix}");
            for after in shown {
                assert!(
                    !after.starts_with(|c: char| c.is_ascii_hexdigit()),
                    "{}",
                    &after[..8]
                );
            }
        }
    }
}
