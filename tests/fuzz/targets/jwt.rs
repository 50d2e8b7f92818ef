#![no_main]
#[path = "../jwt.rs"]
mod jwt;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| jwt::jwt(bytes));
