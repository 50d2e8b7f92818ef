use std::{collections::BTreeMap, sync::Arc};

use wasmtime::{StoreLimits, StoreLimitsBuilder, component::ResourceTable};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

use super::{App, outgoing::Outgoing};
use crate::runtime::Kv;

/// What one guest instance holds.
pub(super) struct State {
    pub(super) table: ResourceTable,
    pub(super) kv: Kv,
    pub(super) open_stores: usize,
    pub(super) variables: Arc<BTreeMap<String, String>>,
    pub(super) limits: StoreLimits,
    wasi: WasiCtx,
    http: WasiHttpCtx,
    outgoing: Outgoing,
}

impl State {
    pub(super) fn new(app: &App) -> Self {
        let wasi =
            WasiCtx::builder().stdout(app.log.stream()).stderr(app.log.stream()).wall_clock(app.clock.clone()).build();
        Self {
            table: ResourceTable::new(),
            kv: app.kv.clone(),
            open_stores: 0,
            variables: app.variables.clone(),
            limits: StoreLimitsBuilder::new().memory_size(app.memory_limit).build(),
            wasi,
            http: WasiHttpCtx::new(),
            outgoing: app.outgoing.clone(),
        }
    }
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl WasiHttpView for State {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView { hooks: &mut self.outgoing, table: &mut self.table, ctx: &mut self.http }
    }
}
