//! `$default`: every path and method that no endpoint has. A browser that navigates to the host, or to a page with a
//! slash too many, is led to the page; everyone else is told what would be right.

use std::process::ExitCode;

use shared::{
    endpoint::unrouted,
    envelope::{Answer, Redirect},
    error::ApiError,
    portal::assets,
    request::Request,
    routes::{self, Path},
    serve,
};

fn main() -> ExitCode {
    serve("$default", unrouted(not_found))
}

fn not_found(request: &Request) -> Result<Answer, ApiError> {
    let (method, path) = (request.method(), request.path());
    if request.is_safe()
        && let Some(location) = leads_to(path, request.is_navigation())
    {
        return Redirect::to(location).try_into();
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
