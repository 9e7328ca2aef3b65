//! `GET` and `HEAD /dashboard/assets/{file}`: the pages' stylesheet, scripts and icon.

use std::process::ExitCode;

use shared::{endpoint::file, error::ApiError, portal::assets, reply::File, serve};

fn main() -> ExitCode {
    serve("GET /dashboard/assets/{file}", file(asset))
}

fn asset(name: &str) -> Result<File, ApiError> {
    let none = "The portal has no such file. Load its page again: the files get new names when they change.";
    let asset = assets::find(name).ok_or_else(|| ApiError::not_found(none))?;
    Ok(File {
        content_type: asset.content_type,
        body: &asset.body,
    })
}
