use futures::future::{BoxFuture, FutureExt};

use crate::{
    cpix::{Answer, KeyRequest},
    speke::{SpekeClient, SpekeError},
};

/// Whoever has the content keys.
pub trait Provider: Send + Sync + 'static {
    /// Asks for the keys of one title in one scheme, whole or not at all.
    fn fetch<'a>(&'a self, request: &'a KeyRequest) -> BoxFuture<'a, Result<Answer, SpekeError>>;
}

impl Provider for SpekeClient {
    fn fetch<'a>(&'a self, request: &'a KeyRequest) -> BoxFuture<'a, Result<Answer, SpekeError>> {
        Self::fetch(self, request).boxed()
    }
}
