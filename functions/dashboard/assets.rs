//! `GET` and `HEAD /dashboard/assets/{file}`: the pages' stylesheet, scripts and icon.

use std::process::ExitCode;

use shared::{endpoint::file, error::ApiError, portal::assets, reply::File, serve};

fn main() -> ExitCode {
    serve("GET /dashboard/assets/{file}", file(asset))
}

fn asset(name: &str) -> Result<File, ApiError> {
    let asset = assets::find(name).ok_or_else(|| ApiError::not_found("There is no such file."))?;
    Ok(File {
        content_type: asset.content_type,
        body: &asset.body,
    })
}
