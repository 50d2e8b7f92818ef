//! Scratch.
use std::time::Instant;
use wasmtime::{Caller, Config, Engine, Linker, Module, Store};
fn main() -> anyhow::Result<()> {
    let mut config = Config::new();
    config.cranelift_opt_level(wasmtime::OptLevel::Speed);
    let engine = Engine::new(&config).map_err(anyhow::Error::from)?;
    for path in std::env::args().skip(1) {
        let module = Module::from_file(&engine, &path).map_err(anyhow::Error::from)?;
        std::fs::write(
            format!("{path}.elf"),
            engine.precompile_module(&std::fs::read(&path)?).map_err(anyhow::Error::from)?,
        )?;
        if std::env::var_os("KB_COMPILE").is_some() {
            continue;
        }
        let mut linker = Linker::new(&engine);
        let start = Instant::now();
        linker.func_wrap("env", "now", move || start.elapsed().as_secs_f64()).map_err(anyhow::Error::from)?;
        linker
            .func_wrap("env", "row", |mut caller: Caller<'_, ()>, at: u32, len: u32, value: f64| {
                let memory = caller.get_export("memory").and_then(|e| e.into_memory()).expect("memory");
                let name =
                    String::from_utf8_lossy(&memory.data(&caller)[at as usize..(at + len) as usize]).into_owned();
                println!("{name:28} {value:10.1}");
                let _ = &mut caller;
            })
            .map_err(anyhow::Error::from)?;
        let mut store = Store::new(&engine, ());
        let instance = linker.instantiate(&mut store, &module).map_err(anyhow::Error::from)?;
        let bench = instance.get_typed_func::<(), ()>(&mut store, "bench").map_err(anyhow::Error::from)?;
        println!("== {path}");
        bench.call(&mut store, ()).map_err(anyhow::Error::from)?;
    }
    Ok(())
}
