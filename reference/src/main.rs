//! Generates two files from `openapi.yaml`, which the API serves: the same document as JSON, and a page for people.
//!
//! The files are in the repository, so that neither a build nor a deployment needs this crate. `make reference` updates
//! them. A test fails if they are out of date.

mod curl;
mod document;
mod html;
mod page;
mod rules;

use std::{error::Error, fs, path::Path, process::ExitCode};

use document::Document;

const PROJECT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// The path and the content of each file.
fn files(document: &Document) -> Result<[(&'static str, String); 2], Box<dyn Error>> {
    Ok([
        ("shared/assets/openapi.json", document.json()?),
        ("shared/assets/docs.html", page::render(document)?),
    ])
}

fn update() -> Result<(), Box<dyn Error>> {
    let project = Path::new(PROJECT);
    let document = Document::read(&project.join("openapi.yaml"))?;
    for (file, content) in files(&document)? {
        fs::write(project.join(file), &content)?;
        println!("{file}: {} bytes", content.len());
    }
    Ok(())
}

fn main() -> ExitCode {
    match update() {
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
    fn the_files_are_up_to_date() {
        let project = Path::new(PROJECT);
        let document = Document::read(&project.join("openapi.yaml")).unwrap();
        for (file, content) in files(&document).unwrap() {
            let kept = fs::read_to_string(project.join(file)).unwrap_or_default();
            assert!(kept == content, "{file} is out of date: `make reference`");
        }
    }
}
