# What CONTRIBUTING.md lists, by name: `just` shows it. Nothing here does more than call cargo or a script below `.ci`.

# shows what there is
default:
    @just --list

# runs the main job against a simulated account
quickstart:
    cargo run --example quickstart

# runs the tests, or those whose name holds FILTER
test FILTER="":
    cargo test {{ FILTER }}

# writes changed snapshots anew; read them with `git diff` before you accept them
snapshots:
    SNAPSHOTS=overwrite cargo test

# checks everything that must hold before a change lands
check:
    .ci/run

# checks what is not Rust with the tools of its kind: workflows, scripts, recipes, manual pages
lint:
    .ci/lint

# measures the parts
bench:
    cargo bench

# measures the whole program against its goals
bench-whole:
    cargo build --release
    cargo run --release --example bench -- --check

# checks licences, bans and sources (needs cargo-deny)
deny:
    cargo deny check

# answers every operation with anything at all (2 minutes)
hostile:
    cargo test --test it hostile:: -- --ignored --nocapture

# a thousand applies in one process (a minute)
soak:
    cargo test --test it -- --ignored --nocapture soak

# crashes and races with the state in buckets
buckets:
    .ci/buckets

# fuzzes for SECONDS a target (needs cargo-fuzz)
fuzz SECONDS="600" *TARGETS:
    .ci/fuzz {{ SECONDS }} {{ TARGETS }}

# builds the program as it is released for TARGET
release TARGET:
    .ci/build-release {{ TARGET }}
