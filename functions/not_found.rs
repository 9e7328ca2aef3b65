//! `$default`: requests that match no other route. A browser that navigates to the host, or to a page with a trailing
//! slash, is redirected to the page. All others get a `404` that says what was probably meant.

use shared::{
    ApiError, ExitCode, Redirect, Unrouted, handler,
    http::routes::{self, Path},
    portal::assets,
    serve,
};

fn main() -> ExitCode {
    serve("$default", handler(not_found))
}

async fn not_found(call: Unrouted) -> Result<Redirect, ApiError> {
    let request = &call.request;
    let (method, path) = (request.method(), request.path());
    if request.is_safe()
        && let Some(location) = redirect_target(path, request.is_navigation())
    {
        return Ok(Redirect::to(location));
    }
    Err(routes::explain_not_found(method, path))
}

fn redirect_target(path: &str, is_navigation: bool) -> Option<String> {
    match path {
        // Browsers request it on their own.
        "/favicon.ico" => Some(assets::icon().path()),
        _ if !is_navigation => None,
        "/" => Some(DASHBOARD.to_owned()),
        _ => {
            let page = Path::of(path.strip_suffix('/')?)?;
            let is_page = page.pattern.starts_with(DASHBOARD) && !page.pattern.contains('{');
            is_page.then(|| page.pattern.to_owned())
        }
    }
}

/// The start of the paths of all pages.
const DASHBOARD: &str = "/dashboard";
