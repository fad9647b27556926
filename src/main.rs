//! The `shardctl` program.

fn main() {}
