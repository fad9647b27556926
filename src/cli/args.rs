//! The arguments that several commands share; each command has its own beside its code.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum, ValueHint};
use clap_complete::ArgValueCandidates;

use super::completion;
use super::order_filter::OrderFilter;
use crate::api::ApiUrl;
use crate::manifest;
use crate::model::Percent;
use crate::render::markdown::Title;

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
    /// How to write what is said on stderr: as text, or each event as a line of JSON
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
    #[arg(long, hide_short_help = true, default_value_t = 16, value_name = "N", value_parser = whole::<u16>(1, 1024), help_heading = "API")]
    pub(super) concurrency: u16,
    /// How often a request that failed on its way is sent again; a purchase that may have arrived never is
    #[arg(long, hide_short_help = true, default_value_t = 4, value_name = "N", value_parser = whole::<u32>(0, 100), help_heading = "API")]
    pub(super) retries: u32,
    /// Time for one request in seconds, its retries not counted
    #[arg(long, hide_short_help = true, default_value = "30", value_name = "SECONDS", value_parser = seconds, help_heading = "API")]
    pub(super) timeout: Duration,
}

impl ApiArgs {
    /// Returns the API's URL as documents name it: one that is set to nothing is the default, and one that is refused,
    /// which may hold anything, is not repeated.
    pub(super) fn named_url(&self) -> String {
        let named = if self.api_url.is_empty() { ApiUrl::DEFAULT } else { &self.api_url };
        named.parse::<ApiUrl>().map(|url| url.to_string()).unwrap_or_default()
    }
}

#[derive(Debug, Args)]
pub(super) struct PlanningArgs {
    /// Only these orders, by id or by the manifest's tag, in which * stands for any characters; may be repeated
    /// [default: all]
    #[arg(long = "order", value_name = "ID|TAG", add = ArgValueCandidates::new(completion::ids_and_tags))]
    pub(super) orders: Vec<OrderFilter>,
    /// Treat everything that cannot be read back as unknown, to repair what was changed elsewhere
    #[arg(long)]
    pub(super) reassert: bool,
    /// Exit with 2 if there are changes
    #[arg(long)]
    pub(super) detailed_exitcode: bool,
    /// The most that one apply may charge, in cents [default: the manifest's limit, else 0]
    #[arg(long, value_name = "N", value_parser = cents, help_heading = "Guard rails")]
    pub(super) max_charge_cents: Option<u64>,
    /// The most of an order's active IPs that one apply may newly mark to go, in percent [default: the manifest's
    /// limit, else 30]
    #[arg(long, value_name = "N", help_heading = "Guard rails")]
    pub(super) max_removal_percent: Option<Percent>,
    /// The most IPs that one apply may newly mark to go, over all orders [default: the manifest's limit, else 100]
    #[arg(long, value_name = "N", value_parser = ips, help_heading = "Guard rails")]
    pub(super) max_removals: Option<usize>,
    /// Lift the removal limits, and take new IPs that are not listed, for a plan that newly marks at most N IPs in all
    #[arg(long, value_name = "N", value_parser = ips, help_heading = "Guard rails")]
    pub(super) allow_removals: Option<usize>,
}

#[derive(Debug, Args)]
pub(super) struct FormatArgs {
    /// How to print the result
    #[arg(long, value_enum, default_value_t = Format::Text, value_name = "FORMAT")]
    pub(super) format: Format,
    /// Name the comment that --format markdown makes, where there is one for each of several manifests
    #[arg(long, hide_short_help = true, value_name = "NAME")]
    pub(super) title: Option<Title>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For a terminal
    Text,
    /// For a script
    Json,
    /// For a comment on a pull request
    Markdown,
    /// For Prometheus; only of the status of orders
    #[value(skip)]
    Openmetrics,
}

/// Reads a whole number from `least` to `most`.
pub(super) fn whole<T: TryFrom<u64>>(least: u64, most: u64) -> impl Fn(&str) -> Result<T, String> + Clone {
    move |text| {
        let number = text.parse().ok().filter(|number| (least..=most).contains(number));
        let number = number.and_then(|number| T::try_from(number).ok());
        number.ok_or_else(|| format!("it is a whole number from {least} to {most}"))
    }
}

/// Reads an amount of money, and says how it is written in cents.
fn cents(text: &str) -> Result<u64, String> {
    text.parse().or_else(|_| manifest::cents(text))
}

fn ips(text: &str) -> Result<usize, String> {
    text.parse().map_err(|_| "a number of IPs is written in plain decimal digits, such as 12".to_owned())
}

/// Reads a positive time in seconds, whole or with decimals.
pub(super) fn seconds(text: &str) -> Result<Duration, String> {
    let duration = patience(text).ok().filter(|duration| !duration.is_zero());
    duration.ok_or_else(|| "a time is a number of seconds above 0, up to 86400".to_owned())
}

/// Reads how many seconds to wait for something, perhaps none.
pub(super) fn patience(text: &str) -> Result<Duration, String> {
    let duration = text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    let in_range = |duration: &Duration| *duration <= Duration::from_secs(86_400);
    duration.filter(in_range).ok_or_else(|| "a time is a number of seconds from 0 to 86400".to_owned())
}
