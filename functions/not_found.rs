//! `$default`: every path and method that no endpoint has. A browser that navigates to the host, or to a page with a
//! slash too many, is led to the page; everyone else is told what would be right.

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
        && let Some(location) = leads_to(path, request.is_navigation())
    {
        return Ok(Redirect::to(location));
    }
    Err(routes::explain_not_found(method, path))
}

/// Where somebody is led who asks for this path; a person, if it is a navigation.
fn leads_to(path: &str, is_navigation: bool) -> Option<String> {
    match path {
        // Browsers ask for it by themselves.
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

/// Where the portal is, and what the paths of its pages begin with.
const DASHBOARD: &str = "/dashboard";
