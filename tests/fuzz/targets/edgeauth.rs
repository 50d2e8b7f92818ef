#![no_main]
// Each target uses one of them.
#[allow(dead_code)]
#[path = "../cdn_tokens.rs"]
mod cdn_tokens;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| cdn_tokens::edgeauth(bytes));
