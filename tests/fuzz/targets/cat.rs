#![no_main]
#[path = "../cat.rs"]
mod cat;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| cat::cat(bytes));
