//! Has the linker write call targets and addresses as short as they are: it pads each to five bytes otherwise, a tenth of the module.

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=../link.rs");
    // Refused where there is debug information, which names places in the code.
    let is = |name: &str, value: &str| env::var(name).is_ok_and(|found| found == value);
    if is("CARGO_CFG_TARGET_FAMILY", "wasm") && is("DEBUG", "false") {
        println!("cargo::rustc-link-arg=--compress-relocations");
    }
}
