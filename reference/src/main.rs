//! Makes two files of `openapi.yaml`, which the API serves: the same document as JSON, and a page for people.
//!
//! The files are kept in the repository, so that nothing of this is in what is deployed, and a build needs nothing of
//! it. `make reference` renews them; a test fails where they are not what the document says now.

mod curl;
mod document;
mod html;
mod page;
mod rules;

use std::{error::Error, fs, path::Path, process::ExitCode};

use document::Document;

/// The folder of the project.
const PROJECT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// The files, each with its content.
fn files(document: &Document) -> Result<[(&'static str, String); 2], Box<dyn Error>> {
    Ok([
        ("shared/assets/openapi.json", document.json()?),
        ("shared/assets/docs.html", page::render(document)?),
    ])
}

fn renew() -> Result<(), Box<dyn Error>> {
    let project = Path::new(PROJECT);
    let document = Document::read(&project.join("openapi.yaml"))?;
    for (file, content) in files(&document)? {
        fs::write(project.join(file), &content)?;
        println!("{file}: {} bytes", content.len());
    }
    Ok(())
}

fn main() -> ExitCode {
    match renew() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_are_what_the_document_says() {
        let project = Path::new(PROJECT);
        let document = Document::read(&project.join("openapi.yaml")).unwrap();
        for (file, content) in files(&document).unwrap() {
            let kept = fs::read_to_string(project.join(file)).unwrap_or_default();
            assert!(kept == content, "{file} is out of date: `make reference`");
        }
    }
}
