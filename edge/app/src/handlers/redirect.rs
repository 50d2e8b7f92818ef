//! A grant on a manifest's URL, as other CDNs' signed URLs and cookies are used: answered with a redirect to the same manifest by a handle.
//!
//! Only where the deployment allows it, and never for a title with a stream limit: whoever asks again gets another session, so nothing could be counted.

use core::fmt::Write;

use http::{StatusCode, header};
use sluice_packager::title::{Delivery, TitleId};

use super::{Context, begin, sessions};
use crate::{Error, Host, Response, grants, response::NO_STORE, route::Resource};

/// What of the query goes on to the manifest: its own parameters, and nothing of the grant's.
const PARAMETERS: [&str; 5] = ["ks", "max_height", "codecs", "addressing", "define"];

/// The redirect, or `None` where the request is none for this.
///
/// The session is for the one delivery that the manifest is of.
pub(super) async fn by_grant<H: Host>(
    context: &Context<'_, H>,
    title_id: &TitleId,
    resource: &Resource,
) -> Result<Option<Response<H::Body>>, Error> {
    let (delivery, file) = match resource {
        Resource::Multivariant(delivery) => (*delivery, "main.m3u8"),
        Resource::Mpd(delivery) => (*delivery, "manifest.mpd"),
        _ => return Ok(None),
    };
    let Context { host, config, request, client, .. } = context;
    if !config.manifest_grants || context.handle.is_some() {
        return Ok(None);
    }
    if !grants::is_presented(*host, config, request, client).await? {
        return Ok(None);
    }
    let now = host.now();
    let url = format!("{}{}", context.public_url(), request.target);
    let holder = begin::admit(context, Some(&url), now).await?;
    let title = context.origin().await?.title(title_id).await?;
    // The grant's own URL says nothing that a session could not: where streams are counted, one must be asked for.
    if title.rights.stream_limit.or(holder.grant.stream_limit).or(config.stream_limit).is_some() {
        return Ok(None);
    }
    let renewal = holder.grant.renewal.clone();
    let record = begin::begin(context, title_id, &title, holder, None, Some(delivery), now).await?;
    let handle = sessions::handle_of(context, &title, &record, title_id)?;
    let location = location(&context.base(Some(&handle), title_id), delivery, file, |name| request.parameter(name));
    let mut response = Response::empty(StatusCode::TEMPORARY_REDIRECT).cached(NO_STORE);
    response.set(header::LOCATION, location);
    Ok(Some(begin::hand_on(response, renewal)))
}

fn location<'a>(base: &str, delivery: Delivery, file: &str, value: impl Fn(&str) -> Option<&'a str>) -> String {
    let mut location = format!("{base}/{}/{file}", delivery.as_str());
    let mut mark = '?';
    for name in PARAMETERS {
        if let Some(value) = value(name) {
            // Writing to a string does not fail.
            let _ = write!(location, "{mark}{name}={value}");
            mark = '&';
        }
    }
    location
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manifests_own_parameters_go_along() {
        let query = |name: &str| match name {
            "ks" => Some("widevine,playready"),
            "max_height" => Some("720"),
            "Signature" => Some("secret"),
            _ => None,
        };
        let location = location("https://tv.example/~h/v1/film", Delivery::Cbcs, "main.m3u8", query);
        assert_eq!(location, "https://tv.example/~h/v1/film/cbcs/main.m3u8?ks=widevine,playready&max_height=720");
    }
}
