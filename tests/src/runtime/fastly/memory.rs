//! A limit to a program's memory. Viceroy's own is fixed, but a module says itself how far its memory may grow.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use tempfile::TempPath;
use wasm_encoder::{MemorySection, MemoryType, Module, RawSection};
use wasmparser::{Parser, Payload};

const PAGE: usize = 64 << 10;

/// The module with a memory of at most so many bytes, as a file.
pub(super) fn limited(module: &Path, limit: usize) -> Result<TempPath> {
    let wasm = with_maximum(&std::fs::read(module)?, limit)?;
    let file = tempfile::NamedTempFile::new().context("a file for the module")?.into_temp_path();
    std::fs::write(&file, wasm)?;
    Ok(file)
}

fn with_maximum(wasm: &[u8], limit: usize) -> Result<Vec<u8>> {
    let (mut module, mut memories) = (Module::new(), 0);
    for payload in Parser::new(0).parse_all(wasm) {
        let payload = payload?;
        if let Payload::MemorySection(section) = payload {
            let mut section_with_maximum = MemorySection::new();
            for memory in section {
                let minimum = memory?.initial;
                let maximum = u64::try_from(limit / PAGE)?;
                ensure!(minimum <= maximum, "it begins with {minimum} pages");
                let (memory64, shared, page_size_log2) = (false, false, None);
                let maximum = Some(maximum);
                section_with_maximum.memory(MemoryType { minimum, maximum, memory64, shared, page_size_log2 });
                memories += 1;
            }
            module.section(&section_with_maximum);
        } else if let Some((id, range)) = payload.as_section() {
            module.section(&RawSection { id, data: wasm.get(range).context("a section")? });
        }
    }
    ensure!(memories == 1, "{memories} memories of its own");
    Ok(module.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_may_grow_so_far_and_all_else_is_as_it_was() {
        // One memory that begins with two pages, and a section of its own after it.
        let wasm = b"\0asm\x01\0\0\0\x05\x03\x01\x00\x02\x00\x03\x01xy";
        let with = with_maximum(wasm, 3 * PAGE + 1).expect("a module");
        assert_eq!(with, b"\0asm\x01\0\0\0\x05\x04\x01\x01\x02\x03\x00\x03\x01xy");
        assert!(with_maximum(wasm, PAGE).is_err());
        assert!(with_maximum(&wasm[..8], PAGE).is_err());
    }
}
