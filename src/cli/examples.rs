//! What stands at the end of each `--help`: exit statuses where there are more than two, then examples, which the manual
//! has, too.

pub(super) const SHARDCTL: &str = "\
Nothing but `shardctl apply --apply` makes a change. Exit status: 0 done, 1 failed and nothing was changed, \
2 there are changes (--detailed-exitcode; of forecast: a renewal is not covered, or an order is on hold or ends), \
3 stopped part way, 4 a purchase's outcome is unknown, 130 interrupted a second time.

Examples:
  shardctl import --all --into shardctl.yaml    writes down what is live
  shardctl plan                                 shows what would change
  shardctl apply --apply                        changes it";

pub(super) const VALIDATE: &str = "\
Examples:
  shardctl validate
  shardctl validate -f manifests --format json
  generate | shardctl validate -f -";

pub(super) const PLAN: &str = "\
Examples:
  shardctl plan
  shardctl plan --order 'eu-*' --order 48213
  shardctl plan --out plan.json";

pub(super) const SHOW: &str = "\
Examples:
  shardctl show plan.json
  shardctl show plan.json -v
  shardctl show plan.json --format markdown > comment.md";

pub(super) const APPLY: &str = "\
Exit status: 0 done, 1 failed and nothing was changed, 2 there are changes (only without --apply, and with \
--detailed-exitcode), 3 stopped part way, 4 a purchase's outcome is unknown, 130 interrupted a second time.

Examples:
  shardctl apply                              shows what it would do
  shardctl apply --apply                      does it
  shardctl apply --apply --plan plan.json     does what was reviewed, or nothing";

pub(super) const IMPORT: &str = "\
Examples:
  shardctl import 48213 48977
  shardctl import --all --order 'eu-*'
  shardctl import --all --into shardctl.yaml
  shardctl import --all -f manifests --into manifests/new.yaml";

pub(super) const STATUS: &str = "\
Examples:
  shardctl status
  shardctl status 48213 48977
  shardctl status --all --order 'eu-*'
  shardctl status --format openmetrics > shardctl.prom";

pub(super) const FORECAST: &str = "\
Exit status: 0 done, 1 failed, 2 a renewal is not covered, or an order is on hold or does not renew by itself \
(--detailed-exitcode).

Examples:
  shardctl forecast
  shardctl forecast --all --days 90
  shardctl forecast --all --detailed-exitcode";

pub(super) const HISTORY: &str = "\
Examples:
  shardctl history
  shardctl history 48213 --since 2026-11-01
  shardctl history --format json";

pub(super) const STATE: &str = "\
Examples:
  shardctl state list
  shardctl state show 48213
  shardctl state push --state s3://bucket/prefix";

pub(super) const STATE_SHOW: &str = "\
Examples:
  shardctl state show 48213
  shardctl state show 48213 --state s3://bucket/prefix";

pub(super) const STATE_FORGET: &str = "\
Examples:
  shardctl state forget 48213";

pub(super) const STATE_LIST: &str = "\
Examples:
  shardctl state list
  shardctl state list --state s3://bucket/prefix";

pub(super) const STATE_PUSH: &str = "\
Examples:
  shardctl state push --state s3://bucket/prefix
  shardctl state push backup --state gs://bucket --force";

pub(super) const STATE_PULL: &str = "\
Examples:
  shardctl state pull --state s3://bucket/prefix
  shardctl state pull backup --state gs://bucket";

pub(super) const STATE_UNLOCK: &str = "\
Examples:
  shardctl state unlock --state s3://bucket/prefix          shows who holds the lock
  shardctl state unlock LOCK_ID --state s3://bucket/prefix  breaks it";

pub(super) const SCHEMA: &str = "\
Examples:
  shardctl schema manifest > manifest.schema.json
  shardctl schema plan";

#[cfg(feature = "sandbox")]
pub(super) const SANDBOX: &str = "\
Examples:
  shardctl sandbox --account examples/account.yaml
  shardctl sandbox --account account.yaml --listen 127.0.0.1:0";

pub(super) const COMPLETIONS: &str = "\
Examples:
  source <(shardctl completions bash)
  source <(shardctl completions zsh)
  shardctl completions fish | source";

pub(super) const MAN: &str = "\
Examples:
  shardctl man | man -l -
  shardctl man ~/.local/share/man/man1";
