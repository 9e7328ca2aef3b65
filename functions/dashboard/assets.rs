//! `GET` and `HEAD /dashboard/assets/{file}`: the pages' stylesheet, scripts and icon.

use shared::{ApiError, AssetName, ExitCode, File, handler, portal::assets, serve};

fn main() -> ExitCode {
    serve("GET /dashboard/assets/{file}", handler(asset))
}

async fn asset(name: AssetName) -> Result<File, ApiError> {
    let none = "The portal has no such file. Load its page again: the files get new names when they change.";
    let asset = assets::find(name.as_str()).ok_or_else(|| ApiError::not_found(none))?;
    Ok(File::immutable(asset.content_type, &asset.body))
}
