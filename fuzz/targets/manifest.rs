#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| shardctl_fuzz::properties::manifest(bytes));
