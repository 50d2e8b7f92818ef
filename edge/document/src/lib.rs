//! Documents' objects and words, read as serde's derived readers read them, by code that all of them share: a derived reader is a kilobyte of module for each enum,
//! and up to seven for a struct.

pub mod member;
pub mod word;
