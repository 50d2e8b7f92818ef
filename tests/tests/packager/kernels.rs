//! The ciphers where they run: their own unit tests, and many random messages, in WASM.

use sluice_tests::{guest, wasm_build};

/// The standards' vectors on every kernel and in every mode, among the rest.
#[test]
fn the_ciphers_unit_tests_pass_in_wasm() {
    let tests = wasm_build::cipher_tests().expect("the tests build");
    let said = guest::run(&tests, &[], None).unwrap_or_else(|error| panic!("{error:#}"));
    for kernel in ["rows", "eight", "permute"] {
        for vector in ["fips_197_appendix_c_1", "sp_800_38a_f_2_1_cbc", "sp_800_38a_f_5_1_ctr"] {
            let passed = format!("test cipher::simd::tests::{kernel}::{vector} ... ok");
            assert!(said.contains(&passed), "{passed} is missing:\n{said}");
        }
    }
    assert!(said.contains("test result: ok.") && said.contains(" 0 failed; 0 ignored;"), "{said}");
}

/// A million keys, IVs, lengths, cuts into spans and patterns, and other ones every day: a failure names its seed.
#[test]
fn a_million_random_messages_are_the_crates() {
    let guest = wasm_build::perf_guest().expect("the guest builds");
    let seed = std::time::UNIX_EPOCH.elapsed().expect("a clock").as_secs() / 86_400;
    let (cases, seed) = ("1000000", seed.to_string());
    println!("seed {seed}");
    let said = guest::run(&guest, &["equal", cases, &seed], None);
    let said = said.unwrap_or_else(|error| panic!("{error:#}"));
    assert!(said.contains(cases), "{said}");
    println!("{said}");
}
