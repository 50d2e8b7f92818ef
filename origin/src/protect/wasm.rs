//! The packager as a WASM component, in wasmtime.

use std::{fs, path::Path};

use anyhow::{Context, anyhow};
use sluice_packager::{
    cenc::{self, InitProtection, Variant},
    keys::ContentKey,
    title,
};
use wasmtime::{
    Store,
    component::{Component, Linker, ResourceAny},
};

use self::bindings::{
    Packager,
    exports::sluice::packager::protect::{DerivedIvs, Error, Guest, IvSource, Scheme},
};
use super::Engine;

mod bindings {
    wasmtime::component::bindgen!({
        path: "../wit",
        world: "packager",
    });
}

/// How much of a segment is handed over at a time, in bytes: about what an edge gets from its origin at once.
const PIECE: usize = 64 << 10;

/// A component of the world `sluice:packager/packager`. It is given no clock, randomness, file or network: what it asks of
/// its host is answered with a trap.
pub struct Embedded {
    store: Store<()>,
    packager: Packager,
}

impl Embedded {
    /// Compiles and starts the component in `file`.
    ///
    /// # Errors
    /// A file that cannot be read, or is not such a component; says how to build one.
    pub fn load(file: &Path) -> anyhow::Result<Self> {
        let bytes = fs::read(file)
            .with_context(|| format!("--component {}: cannot be read ({})", file.display(), super::BUILD_COMPONENT))?;
        Self::start(&bytes).map_err(|error| {
            let cause = format!("{error:#}").replace('\n', " ");
            anyhow!(
                "--component {}: not a component of sluice:packager@0.1.0 ({}): {cause}",
                file.display(),
                super::BUILD_COMPONENT
            )
        })
    }

    fn start(bytes: &[u8]) -> wasmtime::Result<Self> {
        let engine = wasmtime::Engine::default();
        let component = Component::from_binary(&engine, bytes)?;
        let mut linker = Linker::new(&engine);
        linker.define_unknown_imports_as_traps(&component)?;
        let mut store = Store::new(&engine, ());
        let packager = Packager::instantiate(&mut store, &component, &linker)?;
        Ok(Self { store, packager })
    }

    /// What must be known of the clear init segment to protect the track's segments: [`cenc::record_bytes`].
    ///
    /// # Errors
    /// What is wrong with the init segment.
    pub fn sample_entry(&mut self, init: &[u8]) -> anyhow::Result<Vec<u8>> {
        let (guest, store) = self.parts();
        answer(guest.call_sample_entry(store, init))
    }

    fn parts(&mut self) -> (&Guest, &mut Store<()>) {
        (self.packager.sluice_packager_protect(), &mut self.store)
    }

    /// Pushes the segment piece by piece; the protected bytes and the number of samples.
    fn drive(&mut self, protector: ResourceAny, clear: &[u8]) -> anyhow::Result<(Vec<u8>, u64)> {
        let (guest, store) = self.parts();
        let mut out = Vec::with_capacity(clear.len());
        for piece in clear.chunks(PIECE) {
            let pushed = guest.protector().call_push(&mut *store, protector, piece);
            out.extend(answer(pushed)?);
        }
        let finished = answer(guest.protector().call_finish(&mut *store, protector))?;
        out.extend(finished.bytes);
        Ok((out, finished.samples))
    }
}

impl Engine for Embedded {
    fn init(&mut self, clear: &[u8], protection: &InitProtection) -> anyhow::Result<Vec<u8>> {
        let scheme = match protection.scheme {
            title::Scheme::Cenc => Scheme::Cenc,
            title::Scheme::Cbcs => Scheme::Cbcs,
        };
        let (guest, store) = self.parts();
        let iv = protection.constant_iv.as_ref().map(<[u8; 16]>::as_slice);
        answer(guest.call_protect_init(store, clear, scheme, &protection.kid.0, iv))
    }

    fn segment(
        &mut self,
        entry: &[u8],
        clear: &[u8],
        ivs: cenc::IvSource,
        key: &ContentKey,
    ) -> anyhow::Result<(Vec<u8>, u64)> {
        let (guest, store) = self.parts();
        let plan = answer(guest.call_plan_segment(&mut *store, entry, clear))?;
        let opened = guest.protector().call_open(store, entry, &iv_source(ivs)?, key.expose(), Some(&plan));
        let protector = answer(opened)?;
        // One that failed is not dropped: the instance goes with the run, which its error ends.
        self.drive(protector, clear)
    }
}

fn iv_source(ivs: cenc::IvSource) -> anyhow::Result<IvSource> {
    Ok(match ivs {
        cenc::IvSource::Derived { track, variant } => {
            let variant = (0..16).find(|number| Variant::new(*number) == Some(variant)).context("no such variant")?;
            IvSource::Derived(DerivedIvs { track, variant })
        }
        cenc::IvSource::Counter(first) => IvSource::Counter(first),
        cenc::IvSource::Constant(iv) => IvSource::Constant(iv.to_vec()),
    })
}

/// What the component answered. Its errors are the native packager's, word for word.
fn answer<T>(called: wasmtime::Result<Result<T, Error>>) -> anyhow::Result<T> {
    match called {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(Error::Argument(message) | Error::Media(message))) => Err(anyhow!(message)),
        Err(trap) => Err(anyhow!("the component stopped: {}", trap.root_cause())),
    }
}
