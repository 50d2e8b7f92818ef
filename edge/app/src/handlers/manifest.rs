//! HLS playlists and the MPD: descriptor in, text out.

use http::StatusCode;
use sluice_gate::Deny;
use sluice_packager::{
    dash, hls,
    manifest::{self, Options},
    title::{Delivery, KeySystem, TrackId},
};

use super::Viewing;
use crate::{Error, Host, Response, confirm, origin::Title, response::NO_STORE};

const HLS_TYPE: &str = "application/vnd.apple.mpegurl";
const DASH_TYPE: &str = "application/dash+xml";

pub(super) async fn multivariant<H: Host>(
    viewing: &Viewing<'_, H>,
    delivery: Delivery,
) -> Result<Response<H::Body>, Error> {
    write(viewing, delivery, HLS_TYPE, |title, options| hls::multivariant(&title.media, options)).await
}

pub(super) async fn playlist<H: Host>(
    viewing: &Viewing<'_, H>,
    delivery: Delivery,
    track: &TrackId,
) -> Result<Response<H::Body>, Error> {
    write(viewing, delivery, HLS_TYPE, |title, options| hls::media(&title.media, track, options)).await
}

pub(super) async fn mpd<H: Host>(viewing: &Viewing<'_, H>, delivery: Delivery) -> Result<Response<H::Body>, Error> {
    write(viewing, delivery, DASH_TYPE, |title, options| dash::mpd(&title.media, options)).await
}

async fn write<H: Host>(
    viewing: &Viewing<'_, H>,
    delivery: Delivery,
    content_type: &'static str,
    writer: impl FnOnce(&Title, &Options<'_>) -> Result<String, manifest::Error>,
) -> Result<Response<H::Body>, Error> {
    let Viewing { context, origin, credential, title: id } = viewing;
    let request = context.request;
    let title = origin.title(id).await?;
    confirm::authorize(&title, context.host.now(), &context.client)?;
    if !credential.may(delivery) {
        return Err(Deny::NotEntitled.into());
    }
    if !title.media.offers(delivery) {
        return Err(Error::UnknownRoute);
    }
    let wanted = request.parameter("ks").map(key_systems).transpose()?;
    let systems = match (&title.media.key_policy, delivery.scheme()) {
        (Some(policy), Some(scheme)) => policy.systems_for(scheme, wanted.as_deref()),
        _ => Vec::new(),
    };
    let asked = request.parameter("max_height").map(height).transpose()?;
    let codecs: Option<Vec<&str>> = request.parameter("codecs").map(|list| list.split(',').collect());
    let base = context.base(context.handle, id);
    let options = Options {
        delivery,
        systems: &systems,
        max_height: [asked, credential.max_height()].into_iter().flatten().min(),
        codecs: codecs.as_deref(),
        base: &base,
        query: carried_query(request.query())?,
    };
    let text = writer(&title, &options).map_err(|error| match error {
        manifest::Error::UnknownTrack => Error::UnknownTrack,
        manifest::Error::NotOffered => Error::UnknownRoute,
        manifest::Error::NothingLeft => Error::BadRequest("max_height or codecs leave no track"),
        manifest::Error::NoKeySystem => Error::BadRequest("none of the key systems is allowed in this delivery"),
        manifest::Error::TooManySegments | manifest::Error::Url => Error::Origin(error.to_string()),
    })?;
    Ok(Response::full(StatusCode::OK, content_type, text.into_bytes()).cached(NO_STORE))
}

fn key_systems(list: &str) -> Result<Vec<KeySystem>, Error> {
    let unknown = Error::BadRequest("ks names a key system that does not exist");
    list.split(',').map(KeySystem::parse).collect::<Option<_>>().ok_or(unknown)
}

fn height(text: &str) -> Result<u32, Error> {
    text.parse().map_err(|_| Error::BadRequest("max_height is not a number of pixels"))
}

/// The query that playlists hand on, refused where it has a character that no parameter of ours needs.
fn carried_query(query: &str) -> Result<&str, Error> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~=&,".contains(&byte);
    if query.bytes().all(plain) {
        Ok(query)
    } else {
        Err(Error::BadRequest("the query has a character that no parameter needs"))
    }
}
