#![expect(
    unsafe_code,
    reason = "the macro writes the canonical ABI, which is unsafe; what it writes is documented in wit/, and nothing else is here"
)]

use crate::exports::Packager;

wit_bindgen::generate!({
    path: "../../wit",
    world: "packager",
});

export!(Packager);
