//! The arguments, as they are written; `session` makes of them what a command needs.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};

use crate::api::ApiUrl;
use crate::model::{OrderId, Percent};

/// Keep orders of datacenter and ISP proxies at ProxyShard as a manifest declares them.
#[derive(Debug, Parser)]
#[command(name = "shardctl", version, about, max_term_width = 100)]
#[command(
    after_help = "Nothing but `shardctl apply --apply` makes a change. Exit status: 0 done, 1 failed and nothing was \
changed, 2 there are changes (--detailed-exitcode), 3 stopped part way, 4 a purchase's outcome is unknown."
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(super) command: Command,
    /// How to print it.
    #[command(flatten)]
    pub(super) output: OutputArgs,
}

#[derive(Debug, Args)]
pub(super) struct OutputArgs {
    /// When to use colour and weight
    #[arg(long, global = true, value_enum, default_value_t = ColorChoice::Auto, value_name = "WHEN", help_heading = "Output")]
    pub(super) color: ColorChoice,
    /// Say more: lists in full and decisions; twice: every request
    #[arg(short, long, global = true, action = clap::ArgAction::Count, help_heading = "Output")]
    pub(super) verbose: u8,
    /// Also show each problem as a GitHub workflow command on stderr; auto: where GITHUB_ACTIONS is true
    #[arg(long, hide_short_help = true, global = true, value_enum, default_value_t = Annotations::Auto, value_name = "WHERE", help_heading = "Output")]
    pub(super) annotations: Annotations,
    /// How to write what -v says
    #[arg(long, hide_short_help = true, global = true, value_enum, default_value_t = LogFormat::Text, value_name = "FORMAT", help_heading = "Output")]
    pub(super) log_format: LogFormat,
    /// Say nothing on stderr but errors and warnings
    #[arg(short, long, global = true, conflicts_with = "verbose", help_heading = "Output")]
    pub(super) quiet: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ColorChoice {
    /// On a terminal that can
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Annotations {
    /// On GitHub Actions
    Auto,
    /// Always
    Github,
    /// Never
    None,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum LogFormat {
    /// For people
    Text,
    /// One JSON object a line, for collectors
    Json,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Check the manifest, offline
    Validate(ValidateArgs),
    /// Show what would be done to make the orders what the manifest declares; changes nothing
    Plan(PlanArgs),
    /// Show the plan and, only with --apply, carry it out
    Apply(ApplyArgs),
    /// Print a manifest for live orders
    Import(ImportArgs),
    /// Print a table of the manifest's orders, or of those that are named
    Status(StatusArgs),
    /// Print, copy or drop what is recorded; break the lock of a bucket
    State(StateArgs),
    /// Print a JSON Schema
    Schema(SchemaArgs),
    /// Serve a simulated ProxyShard API on loopback
    #[cfg(feature = "sandbox")]
    Sandbox(SandboxArgs),
    /// Print a completion script for a shell
    Completions(CompletionsArgs),
    /// Print the manual page, or write those of all commands
    #[command(hide = true)]
    Man(ManArgs),
}

#[derive(Debug, Args)]
pub(super) struct ManifestArgs {
    /// Manifest file, or directory of manifests (*.yaml, *.yml); may be repeated [default: shardctl.yaml]
    #[arg(short = 'f', long = "manifest", value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub(super) manifest: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct StatePlaceArgs {
    /// Directory or bucket (s3://, gs://, az://) of the recorded state [default: shardctl.state beside the manifest]
    #[arg(long, env = "SHARDCTL_STATE", hide_env_values = true, value_name = "DIR|URL", value_hint = ValueHint::DirPath)]
    pub(super) state: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct ApiArgs {
    /// Base URL of the API: https, or http to a loopback address
    #[arg(long, env = "PROXYSHARD_API_URL", hide_env_values = true, default_value = ApiUrl::DEFAULT, value_name = "URL", help_heading = "API")]
    pub(super) api_url: String,
    /// File that holds the API token [default: the environment variable PROXYSHARD_TOKEN]
    #[arg(long, value_name = "PATH", value_hint = ValueHint::FilePath, help_heading = "API")]
    pub(super) token_file: Option<PathBuf>,
    /// Most requests under way at once, from 1 to 1024
    #[arg(long, hide_short_help = true, default_value_t = 16, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024), help_heading = "API")]
    pub(super) concurrency: u16,
    /// How often a request that failed on its way is sent again; a purchase that may have arrived never is
    #[arg(long, hide_short_help = true, default_value_t = 4, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=100), help_heading = "API")]
    pub(super) retries: u32,
    /// Time for one request in seconds, its retries not counted
    #[arg(long, hide_short_help = true, default_value = "30", value_name = "SECONDS", value_parser = seconds, help_heading = "API")]
    pub(super) timeout: Duration,
}

#[derive(Debug, Args)]
pub(super) struct PlanningArgs {
    /// Only this order of the manifest; may be repeated [default: all]
    #[arg(long = "order", value_name = "ID")]
    pub(super) orders: Vec<OrderId>,
    /// Treat everything that cannot be read back as unknown, to repair what was changed elsewhere
    #[arg(long)]
    pub(super) reassert: bool,
    /// Exit with 2 if there are changes
    #[arg(long)]
    pub(super) detailed_exitcode: bool,
    /// The most that one apply may charge, in cents [default: the manifest's limit, else 0]
    #[arg(long, value_name = "N", help_heading = "Guard rails")]
    pub(super) max_charge_cents: Option<u64>,
    /// The most of an order's active IPs that one apply may newly mark to go, in percent [default: the manifest's
    /// limit, else 30]
    #[arg(long, value_name = "N", help_heading = "Guard rails")]
    pub(super) max_removal_percent: Option<Percent>,
    /// Lift the removal limit for a plan that newly marks at most N IPs in all
    #[arg(long, value_name = "N", help_heading = "Guard rails")]
    pub(super) allow_removals: Option<usize>,
}

#[derive(Debug, Args)]
pub(super) struct FormatArgs {
    /// How to print the result
    #[arg(long, value_enum, default_value_t = Format::Text, value_name = "FORMAT")]
    pub(super) format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For a terminal
    Text,
    /// For a script
    Json,
    /// For a comment on a pull request
    Markdown,
}

#[derive(Debug, Args)]
pub(super) struct StatusArgs {
    /// Orders to show [default: those of the manifest]
    #[arg(value_name = "ORDER_ID")]
    pub(super) orders: Vec<OrderId>,
    #[command(flatten)]
    pub(super) manifest: ManifestArgs,
    #[command(flatten)]
    pub(super) state: StatePlaceArgs,
    #[command(flatten)]
    pub(super) format: FormatArgs,
    #[command(flatten)]
    pub(super) api: ApiArgs,
}

#[derive(Debug, Args)]
pub(super) struct ValidateArgs {
    #[command(flatten)]
    pub(super) manifest: ManifestArgs,
    #[command(flatten)]
    pub(super) format: FormatArgs,
}

#[derive(Debug, Args)]
pub(super) struct PlanArgs {
    /// Also save the plan to a file, for `apply --plan`
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) out: Option<PathBuf>,
    #[command(flatten)]
    pub(super) manifest: ManifestArgs,
    #[command(flatten)]
    pub(super) state: StatePlaceArgs,
    #[command(flatten)]
    pub(super) planning: PlanningArgs,
    #[command(flatten)]
    pub(super) format: FormatArgs,
    #[command(flatten)]
    pub(super) api: ApiArgs,
}

#[derive(Debug, Args)]
pub(super) struct ApplyArgs {
    /// Carry the plan out; without this flag nothing is changed
    #[arg(long)]
    pub(super) apply: bool,
    /// Carry out a plan saved by `plan --out`, exactly or not at all
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    #[arg(conflicts_with_all = ["orders", "reassert", "max_charge_cents", "max_removal_percent", "allow_removals"])]
    pub(super) plan: Option<PathBuf>,
    /// Go on with other orders after a failure, and with those without problems where others have some
    #[arg(long)]
    pub(super) keep_going: bool,
    /// How many seconds to look for a purchase whose answer was lost
    #[arg(long, default_value = "30", value_name = "SECONDS", value_parser = seconds)]
    pub(super) settle_timeout: Duration,
    #[command(flatten)]
    pub(super) manifest: ManifestArgs,
    #[command(flatten)]
    pub(super) state: StatePlaceArgs,
    #[command(flatten)]
    pub(super) planning: PlanningArgs,
    #[command(flatten)]
    pub(super) format: FormatArgs,
    #[command(flatten)]
    pub(super) api: ApiArgs,
}

#[derive(Debug, Args)]
pub(super) struct ImportArgs {
    /// Orders to write a manifest for
    #[arg(required = true, value_name = "ORDER_ID")]
    pub(super) orders: Vec<OrderId>,
    #[command(flatten)]
    pub(super) manifest: ManifestArgs,
    #[command(flatten)]
    pub(super) state: StatePlaceArgs,
    #[command(flatten)]
    pub(super) api: ApiArgs,
}

#[derive(Debug, Args)]
pub(super) struct StateArgs {
    #[command(subcommand)]
    pub(super) action: StateAction,
}

#[derive(Debug, Subcommand)]
pub(super) enum StateAction {
    /// Print what is recorded of an order
    Show(StateOrderArgs),
    /// Drop what is recorded of an order: everything about it is then unknown, and asserted by the next apply
    Forget(StateOrderArgs),
    /// List the orders of which something is recorded
    List(StateListArgs),
    /// Copy the records of a directory to the bucket that --state names
    Push(StateCopyArgs),
    /// Copy the records of the bucket that --state names to a directory
    Pull(StateCopyArgs),
    /// Show who holds the lock of a bucket and, with the lock's id, break it
    Unlock(StateUnlockArgs),
}

#[derive(Debug, Args)]
pub(super) struct StateCopyArgs {
    /// The directory [default: shardctl.state beside the manifest]
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(super) directory: Option<PathBuf>,
    /// Overwrite records of the target even where they are newer
    #[arg(long)]
    pub(super) force: bool,
    #[command(flatten)]
    pub(super) manifest: ManifestArgs,
    #[command(flatten)]
    pub(super) state: StatePlaceArgs,
}

#[derive(Debug, Args)]
pub(super) struct StateUnlockArgs {
    /// The lock's id, as it is shown without it
    #[arg(value_name = "LOCK_ID")]
    pub(super) id: Option<String>,
    #[command(flatten)]
    pub(super) manifest: ManifestArgs,
    #[command(flatten)]
    pub(super) state: StatePlaceArgs,
}

#[derive(Debug, Args)]
pub(super) struct StateOrderArgs {
    /// The order
    #[arg(value_name = "ORDER_ID")]
    pub(super) order: OrderId,
    #[command(flatten)]
    pub(super) manifest: ManifestArgs,
    #[command(flatten)]
    pub(super) state: StatePlaceArgs,
}

#[derive(Debug, Args)]
pub(super) struct StateListArgs {
    #[command(flatten)]
    pub(super) manifest: ManifestArgs,
    #[command(flatten)]
    pub(super) state: StatePlaceArgs,
}

#[derive(Debug, Args)]
pub(super) struct SchemaArgs {
    /// Which schema
    #[arg(value_enum)]
    pub(super) kind: SchemaKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum SchemaKind {
    /// What a manifest looks like
    Manifest,
    /// What `plan --format json` prints
    Plan,
    /// What `apply --format json` prints
    Apply,
    /// What a file of the recorded state looks like
    State,
}

#[cfg(feature = "sandbox")]
#[derive(Debug, Args)]
pub(super) struct SandboxArgs {
    /// YAML file that describes the simulated account
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) account: PathBuf,
    /// Loopback address to listen on; port 0 picks a free one
    #[arg(long, default_value = "127.0.0.1:4010", value_name = "ADDR")]
    pub(super) listen: std::net::SocketAddr,
}

#[derive(Debug, Args)]
pub(super) struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    pub(super) shell: clap_complete::Shell,
}

#[derive(Debug, Args)]
pub(super) struct ManArgs {
    /// Directory to write the pages of all commands to; without it the main page is printed
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(super) directory: Option<PathBuf>,
}

/// Reads a positive time in seconds, whole or with decimals.
fn seconds(text: &str) -> Result<Duration, String> {
    let duration = text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    let in_range = |duration: &Duration| !duration.is_zero() && *duration <= Duration::from_secs(86_400);
    duration.filter(in_range).ok_or_else(|| "a time is a number of seconds above 0, up to 86400".to_owned())
}
