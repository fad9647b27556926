//! From arguments and environment to what a command works with; from there to a plan.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use futures_util::{StreamExt, stream};
use jiff::Timestamp;
use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

use super::args::{ApiArgs, ManifestArgs, PlanningArgs, StatePlaceArgs};
use super::error::Failure;
use super::reporter::Reporter;
use super::terminal::Terminal;
use crate::api::{ApiUrl, Connection, Proxies, Reader, Settings, Token};
use crate::diagnostic::{Problem, SourceMap};
use crate::live::{self, LiveOrders, ReadRequest};
use crate::manifest::{self, Manifest};
use crate::model::{Cents, Desired, OrderId, Recorded, count};
use crate::plan::{self, Inputs, Options, Plan};
use crate::render::Shown;
use crate::saved::SavedPlan;
use crate::state::{Directory, Record, Store};

const API_URL_VARIABLE: &str = "PROXYSHARD_API_URL";
const TOKEN_VARIABLE: &str = "PROXYSHARD_TOKEN";
const STATE_VARIABLE: &str = "SHARDCTL_STATE";
const STATE_DIRECTORY: &str = "shardctl.state";
/// A token that is shorter is no secret, and may well be a part of any text.
const SECRET_LENGTH: usize = 8;

/// Everything that a plan was made of, and the plan.
pub(super) struct Planned {
    pub(super) sources: SourceMap,
    pub(super) desired: Desired,
    pub(super) live: LiveOrders,
    pub(super) recorded: BTreeMap<OrderId, Result<Recorded, String>>,
    pub(super) options: Options,
    pub(super) plan: Plan,
}

impl Planned {
    /// Returns the plan as renderers take it.
    pub(super) fn shown(&self, verbose: bool) -> Shown<'_> {
        let inputs =
            Inputs { desired: &self.desired, live: &self.live, recorded: &self.recorded, options: &self.options };
        Shown { plan: &self.plan, inputs, sources: &self.sources, verbose }
    }
}

/// The manifest's files, or its problems.
pub(super) enum Loaded {
    /// A valid manifest.
    Valid(SourceMap, Desired),
    /// One that cannot be used.
    Invalid(SourceMap, Vec<Problem>),
}

/// Reads the manifest; `orders`, where there are any, leaves out all others.
pub(super) fn load_manifest(
    args: &ManifestArgs,
    orders: &[OrderId],
    token_file: Option<&Path>,
) -> Result<Loaded, Failure> {
    let Manifest { sources, desired, problems } = manifest::load(&args.manifest)?;
    refuse_token(&sources, token_file)?;
    let Some(mut desired) = desired else { return Ok(Loaded::Invalid(sources, problems)) };
    let wanted: BTreeSet<OrderId> = orders.iter().copied().collect();
    if let Some(missing) = wanted.iter().find(|order| !desired.orders.contains_key(order)) {
        return Err(Failure::new(format!("--order {missing}: the manifest declares no such order")));
    }
    if !wanted.is_empty() {
        desired.orders.retain(|order, _| wanted.contains(order));
    }
    Ok(Loaded::Valid(sources, desired))
}

/// Fails where a manifest holds the API token: to show the manifest would be to show the token.
fn refuse_token(sources: &SourceMap, token_file: Option<&Path>) -> Result<(), Failure> {
    let text = match token_file {
        // A pipe gives it once.
        Some(path) => path.is_file().then(|| fs::read_to_string(path).ok()).flatten(),
        None => env::var(TOKEN_VARIABLE).ok(),
    };
    let text = Zeroizing::new(text.unwrap_or_default());
    let token = text.trim();
    match sources.iter().find(|(_, file)| token.len() >= SECRET_LENGTH && file.text.contains(token)) {
        Some((_, file)) => Err(Failure::new(format!("the manifest `{}` holds the API token", file.name))
            .hint("remove it, and have the token replaced: whoever reads the manifest has it")),
        None => Ok(()),
    }
}

/// Reads where the API is.
pub(super) fn api_url(args: &ApiArgs) -> Result<ApiUrl, Failure> {
    let text = match args.api_url.as_str() {
        // An environment variable that is set to nothing says nothing, as CI systems do for what is not configured.
        "" if env::var_os(API_URL_VARIABLE).is_some_and(|value| value.is_empty()) => ApiUrl::DEFAULT,
        "" => return Err(Failure::new("--api-url is empty: name the API's URL")),
        text => text,
    };
    text.parse().map_err(|error| Failure::new(format!("{error}")))
}

/// Sets up the way to the API; nothing is sent yet.
pub(super) fn connect(args: &ApiArgs, terminal: &Terminal) -> Result<Connection, Failure> {
    let url = api_url(args)?;
    let token = read_token(args.token_file.as_deref())?;
    let (concurrency, retries) = (usize::from(args.concurrency), args.retries);
    let proxies = Proxies::from_environment(|name| env::var_os(name));
    let settings = Settings { concurrency, retries, timeout: args.timeout, proxies, ..Settings::default() };
    let stop = CancellationToken::new();
    Connection::observed(url, token, settings, Arc::new(terminal.reporter.clone()), stop).map_err(Failure::new)
}

/// Reads the token and wipes the text that it was read into; the process's own environment cannot be wiped.
fn read_token(file: Option<&Path>) -> Result<Token, Failure> {
    let (text, place) = match file {
        Some(path) => {
            let place = format!("the token file {}", path.display());
            let text = fs::read_to_string(path).with_context(|| format!("{place} cannot be read"))?;
            (text, place)
        }
        None => {
            let text = env::var(TOKEN_VARIABLE).map_err(|_| {
                Failure::new("there is no API token")
                    .hint(format!("set {TOKEN_VARIABLE}, or name a file by --token-file"))
            })?;
            (text, TOKEN_VARIABLE.to_owned())
        }
    };
    let text = Zeroizing::new(text);
    Token::new(&text).map_err(|error| Failure::new(format!("{place}: {error}")))
}

/// Opens the place of the recorded state; a directory need not exist.
pub(super) fn open_store(
    state: &StatePlaceArgs,
    manifest: &ManifestArgs,
    api_url: &str,
) -> Result<Box<dyn Store>, Failure> {
    let path = match &state.state {
        Some(url) if url.contains("://") => {
            return open_bucket(url, api_url);
        }
        Some(directory)
            if directory.is_empty() && env::var_os(STATE_VARIABLE).is_none_or(|value| !value.is_empty()) =>
        {
            return Err(Failure::new("--state is empty: name a directory"));
        }
        Some(directory) if directory.is_empty() => default_state_directory(manifest),
        Some(directory) => PathBuf::from(directory),
        None => default_state_directory(manifest),
    };
    Ok(Box::new(Directory::new(path, api_url)))
}

#[cfg(feature = "remote-state")]
fn open_bucket(url: &str, api_url: &str) -> Result<Box<dyn Store>, Failure> {
    Ok(Box::new(crate::state::Remote::open(url, api_url)?))
}

#[cfg(not(feature = "remote-state"))]
fn open_bucket(_url: &str, _api_url: &str) -> Result<Box<dyn Store>, Failure> {
    Err(Failure::new("--state: this program was built without the feature `remote-state`: name a directory"))
}

fn default_state_directory(args: &ManifestArgs) -> PathBuf {
    match args.manifest.first() {
        Some(path) if path.is_dir() => path.join(STATE_DIRECTORY),
        Some(path) => path.with_file_name(STATE_DIRECTORY),
        None => PathBuf::from(STATE_DIRECTORY),
    }
}

/// Reads what is recorded of the orders, side by side.
pub(super) async fn read_records(
    store: &dyn Store,
    orders: impl IntoIterator<Item = OrderId>,
    at_once: usize,
) -> Result<BTreeMap<OrderId, Result<Recorded, String>>, Failure> {
    let mut records = stream::iter(orders)
        .map(|order_id| async move { (order_id, store.load(order_id).await) })
        .buffer_unordered(at_once.max(1));
    let mut recorded = BTreeMap::new();
    while let Some((order_id, record)) = records.next().await {
        let record = match record? {
            Record::Known(recorded) => Ok(recorded),
            Record::Unusable { message } => Err(message),
        };
        recorded.insert(order_id, record);
    }
    Ok(recorded)
}

/// Reads the live state, with a bar where somebody looks.
pub(super) async fn read_live(
    connection: &Connection,
    requests: Vec<ReadRequest>,
    reporter: &Reporter,
) -> Result<LiveOrders, Failure> {
    reporter.start("Reading", requests.len());
    let live = live::read_orders(&Reader::new(connection.clone()), requests, reporter).await;
    reporter.finish();
    Ok(live?)
}

/// Returns how to plan, as the command line says.
pub(super) fn options(args: &PlanningArgs) -> Options {
    Options {
        now: Timestamp::now(),
        reassert: args.reassert,
        max_charge: args.max_charge_cents.map(Cents),
        max_removal_percent: args.max_removal_percent,
        allow_removals: args.allow_removals,
    }
}

/// Reads records and live state, and makes the plan; a saved plan gives the prices that were shown to the user.
pub(super) async fn make_plan(
    sources: SourceMap,
    desired: Desired,
    connection: &Connection,
    store: &dyn Store,
    options: Options,
    saved: Option<&SavedPlan>,
    reporter: &Reporter,
) -> Result<Planned, Failure> {
    let at_once = connection.settings().concurrency;
    let recorded = read_records(store, desired.orders.keys().copied(), at_once).await?;
    let requests = read_requests(&desired, &recorded);
    let mut live = read_live(connection, requests, reporter).await?;
    if let Some(saved) = saved {
        saved.keep_prices(&mut live);
    }
    let inputs = Inputs { desired: &desired, live: &live, recorded: &recorded, options: &options };
    let plan = plan::plan(&inputs);
    for order in &plan.orders {
        let (operations, problems) = (order.operations.len(), order.problems.len());
        reporter.decision(order.order_id, format_args!("planned: {operations} operations, {problems} problems"));
    }
    Ok(Planned { sources, desired, live, recorded, options, plan })
}

fn read_requests(desired: &Desired, recorded: &BTreeMap<OrderId, Result<Recorded, String>>) -> Vec<ReadRequest> {
    let request = |(order_id, order): (&OrderId, &crate::model::DesiredOrder)| {
        let recorded = recorded.get(order_id).and_then(|recorded| recorded.as_ref().ok());
        ReadRequest {
            order_id: *order_id,
            slots: plan::needs_slots(order, recorded),
            slots_wanted: order.p0f_slots.as_ref().map(|slots| slots.value),
        }
    };
    desired.orders.iter().map(request).collect()
}

/// Shows the problems of a manifest that cannot be used, and says that this is the end.
pub(super) fn invalid_manifest(terminal: &mut Terminal, problems: &[Problem], sources: &SourceMap) -> Failure {
    terminal.problems(problems, sources);
    Failure::new(format!("the manifest has {}", count(problems.len(), "problem")))
}
