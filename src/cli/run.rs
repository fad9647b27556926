//! What a command works with, resolved in one step from its arguments and the environment.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

use super::args::{ApiArgs, ManifestArgs, PlanningArgs, StatePlaceArgs};
use super::environment::{Environment, NotText, TOKEN_VARIABLE};
use super::failure::CommandFailure;
use super::line::shell_word;
use super::no_manifest;
use super::order_filter::{self, OrderFilter};
use super::reporter::Reporter;
use super::terminal::Terminal;
use crate::api::{ApiUrl, BadToken, Connection, Settings, Token};
use crate::diagnostic::{ProblemCode, SourceMap};
use crate::manifest::{self, Manifest};
use crate::model::{Cents, Desired, io_reason, printable};
use crate::plan::Options;
use crate::state::{self, Directory, Place, Records};

const STATE_DIRECTORY: &str = "shardctl.state";
/// More than any token has.
const MOST_TOKEN_BYTES: usize = 64 << 10;
/// A token that is shorter is no secret, and may well be a part of any text.
const SECRET_LENGTH: usize = 8;

/// What a command works with.
pub(super) struct Run {
    manifest: Vec<PathBuf>,
    state: StatePlace,
    api: Option<Access>,
    /// The API token of the environment, for commands that do not ask the API: it must not be shown either.
    secret: Option<Zeroizing<String>>,
}

/// The way to the API, as far as it is known before anything is sent.
struct Access {
    url: ApiUrl,
    /// Read once, because a pipe gives it once; that there is none is said where it is needed.
    token: Result<Zeroizing<String>, CommandFailure>,
    token_place: String,
    settings: Settings,
}

/// Where the record is kept.
enum StatePlace {
    /// The directory beside the manifest, which must not lead elsewhere by a link.
    Default(PathBuf),
    /// A directory that the user named.
    Directory(PathBuf),
    Bucket(String),
    /// Nobody named one, and there is no default, for this reason.
    Unnamed(&'static str),
}

/// The arguments that a run is resolved from; a command has those that it needs.
#[derive(Default)]
pub(super) struct RunArgs<'a> {
    pub(super) manifest: Option<&'a ManifestArgs>,
    pub(super) state: Option<&'a StatePlaceArgs>,
    pub(super) api: Option<&'a ApiArgs>,
}

impl Run {
    /// Resolves a run; nothing is sent and nothing but the token is read.
    pub(super) fn resolve(args: &RunArgs<'_>, environment: &Environment) -> Result<Run, CommandFailure> {
        let manifest = args.manifest.map(|args| args.manifest.clone()).unwrap_or_default();
        let api = args.api.map(|args| Access::resolve(args, environment)).transpose()?;
        let named = args.state.and_then(|args| args.state.as_deref());
        let state = StatePlace::resolve(named, &manifest, environment)?;
        Ok(Run { manifest, state, api, secret: environment.token.clone().and_then(Result::ok) })
    }

    /// Reads the manifest; `orders`, where there are any, leaves out all others.
    pub(super) fn load_manifest(
        &self,
        orders: &[OrderFilter],
        terminal: &mut Terminal,
    ) -> Result<(SourceMap, Desired), CommandFailure> {
        let Manifest { sources, desired, problems, warnings } =
            manifest::load(&self.manifest).map_err(|error| no_manifest::failure(error, self.manifest.is_empty()))?;
        warnings.iter().for_each(|warning| terminal.warn(&warning.to_string()));
        self.refuse_token(&sources)?;
        let Some(mut desired) = desired else {
            return Err(CommandFailure::invalid_manifest(problems, sources));
        };
        order_filter::declared(&mut desired, orders)?;
        Ok((sources, desired))
    }

    /// Fails where a manifest holds the API token: to show the manifest would be to show the token.
    pub(super) fn refuse_token(&self, sources: &SourceMap) -> Result<(), CommandFailure> {
        let token = match &self.api {
            Some(api) => api.token.as_ref().ok(),
            None => self.secret.as_ref(),
        };
        let Some(text) = token else { return Ok(()) };
        let token = text.trim();
        match sources.iter().find(|(_, file)| token.len() >= SECRET_LENGTH && file.text.contains(token)) {
            Some((_, file)) => Err(CommandFailure::new(format!("the manifest `{}` holds the API token", file.name))
                .hint("remove it, and have the token replaced: whoever reads the manifest has it")
                .code(ProblemCode::InvalidValue)),
            None => Ok(()),
        }
    }

    /// Returns where the API is, as documents name it.
    pub(super) fn api_url(&self) -> String {
        self.api.as_ref().map(|api| api.url.to_string()).unwrap_or_default()
    }

    /// Sets up the way to the API and wipes the text that the token was read into; nothing is sent yet.
    /// Once `stop` is cancelled, nothing is sent again.
    pub(super) fn connect(
        &mut self,
        reporter: &Reporter,
        stop: &CancellationToken,
    ) -> Result<Connection, CommandFailure> {
        let Access { url, token, token_place, settings } =
            self.api.take().ok_or_else(|| CommandFailure::new("this command does not ask the API"))?;
        let token = Token::new(&token?).map_err(|error| {
            let failure = CommandFailure::new(format!("{token_place}: {error}")).code(ProblemCode::TokenMissing);
            match error {
                BadToken::Empty if token_place == TOKEN_VARIABLE => {
                    failure.hint("is the secret set for this job? A run for a fork, for one, gets none")
                }
                BadToken::Empty | BadToken::BadCharacter => failure,
            }
        })?;
        Connection::observed(url, token, settings, Arc::new(reporter.clone()), stop.clone())
            .map_err(|error| CommandFailure::new(error).code(ProblemCode::ApiUnreachable))
    }

    /// Opens the place of the recorded state; a directory need not exist.
    pub(super) fn open_place(&self) -> Result<Arc<dyn Place>, CommandFailure> {
        match &self.state {
            StatePlace::Default(path) => {
                Ok(Arc::new(Directory::default_beside(path, manifest::enclosure(path).as_deref())?))
            }
            StatePlace::Directory(path) => Ok(Arc::new(Directory::new(path))),
            StatePlace::Bucket(url) => open_bucket(url),
            StatePlace::Unnamed(why) => {
                let message = format!("where the record is kept is not said, and there is no default, as {why}");
                Err(CommandFailure::new(message)
                    .hint("name the directory or bucket by --state (SHARDCTL_STATE)")
                    .code(ProblemCode::StateUnavailable))
            }
        }
    }

    /// Says that the place of the record is a directory that is not there, where it is none that somebody named.
    ///
    /// # Errors
    ///
    /// That it is not there, where somebody named it: it is mistyped more likely than not.
    pub(super) fn missing_place(&self) -> Result<Option<String>, CommandFailure> {
        let is_missing = |path: &Path| !path.try_exists().unwrap_or(true);
        match &self.state {
            StatePlace::Default(path) if is_missing(path) => {
                let is_here = path.parent().is_none_or(|parent| parent.as_os_str().is_empty());
                Ok(Some(format!("there is no directory {}{}", quoted(path), if is_here { " here" } else { "" })))
            }
            StatePlace::Directory(path) if is_missing(path) => {
                Err(CommandFailure::new(format!("nothing is recorded there: there is no directory {}", quoted(path)))
                    .hint("name the place of the record by --state (SHARDCTL_STATE), or the manifest beside it by -f")
                    .code(ProblemCode::StateUnavailable))
            }
            _ => Ok(None),
        }
    }

    /// Returns whether a path leads to where the record, the history or the lock is kept, whether it is there yet or not.
    pub(super) fn records_at(&self, path: &Path) -> bool {
        match &self.state {
            StatePlace::Default(directory) | StatePlace::Directory(directory) => state::keeps(directory, path),
            StatePlace::Bucket(_) | StatePlace::Unnamed(_) => false,
        }
    }

    /// Returns the flags that name the place of the record, fit for a shell; empty where it is the default one.
    pub(super) fn place_flags(&self) -> String {
        let named = |flag: &str, value: &str| format!("{flag} {}", shell_word(value));
        match &self.state {
            StatePlace::Default(_) => {
                let manifests = self.manifest.iter().map(|path| named("-f", &path.to_string_lossy()));
                manifests.collect::<Vec<_>>().join(" ")
            }
            StatePlace::Directory(path) => named("--state", &path.to_string_lossy()),
            StatePlace::Bucket(url) => named("--state", url),
            StatePlace::Unnamed(_) => String::new(),
        }
    }

    /// Opens the records that belong to an API.
    pub(super) fn open_records(&self, api_url: &str) -> Result<Records, CommandFailure> {
        Ok(Records::new(self.open_place()?, api_url))
    }
}

impl Access {
    fn resolve(args: &ApiArgs, environment: &Environment) -> Result<Access, CommandFailure> {
        let url = match args.api_url.as_str() {
            "" if environment.api_url_is_empty => ApiUrl::DEFAULT,
            "" => {
                let message = "--api-url is empty: name the API's URL";
                return Err(CommandFailure::new(message).code(ProblemCode::ApiUnreachable));
            }
            text => text,
        };
        let refused = |error| CommandFailure::new(format!("{error}")).code(ProblemCode::ApiUnreachable);
        let url = url.parse().map_err(refused)?;
        let (token_place, token) = read_token(args.token_file.as_deref(), environment);
        let (concurrency, retries) = (usize::from(args.concurrency), args.retries);
        let settings = Settings {
            concurrency,
            retries,
            timeout: args.timeout,
            proxies: environment.proxies.clone(),
            ..Settings::default()
        };
        Ok(Access { url, token, token_place, settings })
    }
}

/// Reads the token, and says where it stands; the process's own environment cannot be wiped.
fn read_token(file: Option<&Path>, environment: &Environment) -> (String, Result<Zeroizing<String>, CommandFailure>) {
    let failure = |message: String| CommandFailure::new(message).code(ProblemCode::TokenMissing);
    let Some(path) = file else {
        let token = match &environment.token {
            Some(Ok(token)) => Ok(token.clone()),
            Some(Err(NotText)) => Err(failure(format!("{TOKEN_VARIABLE} is not valid UTF-8: a token is plain ASCII"))),
            None => {
                let hint = format!("set {TOKEN_VARIABLE}, or name a file by --token-file");
                Err(failure("there is no API token".to_owned()).hint(hint))
            }
        };
        return (TOKEN_VARIABLE.to_owned(), token);
    };
    let place = format!("the token file {}", printable(&path.display().to_string()));
    let token = read_token_file(path).map_err(|reason| failure(format!("{place} cannot be used: {reason}")));
    (place, token)
}

/// Reads no more than a token can be: what is named may be a device, or have no end.
fn read_token_file(path: &Path) -> Result<Zeroizing<String>, String> {
    let unreadable = |error: io::Error| io_reason(&error);
    let mut bytes = Zeroizing::new(Vec::with_capacity(MOST_TOKEN_BYTES + 1));
    let file = fs::File::open(path).map_err(unreadable)?;
    file.take(MOST_TOKEN_BYTES as u64 + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() > MOST_TOKEN_BYTES {
        return Err(format!("it is longer than {MOST_TOKEN_BYTES} bytes, and no token"));
    }
    match bytes.as_slice() {
        [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => Err("it is UTF-16: save it as UTF-8, as PowerShell does with \
                                                    `-Encoding utf8`"
            .to_owned()),
        bytes => {
            let text = std::str::from_utf8(bytes).map_err(|_| "it is not valid UTF-8".to_owned())?;
            Ok(Zeroizing::new(text.strip_prefix('\u{feff}').unwrap_or(text).to_owned()))
        }
    }
}

impl StatePlace {
    fn resolve(
        named: Option<&str>,
        manifest: &[PathBuf],
        environment: &Environment,
    ) -> Result<StatePlace, CommandFailure> {
        Ok(match named {
            Some(url) if url.contains("://") => StatePlace::Bucket(url.to_owned()),
            Some("") if !environment.state_is_empty => {
                return Err(CommandFailure::new("--state is empty: name a directory"));
            }
            None | Some("") => default_state_place(manifest),
            Some(directory) => StatePlace::Directory(PathBuf::from(directory)),
        })
    }
}

/// Returns whether what a path names lies nowhere in particular: on standard input, in a pipe, or in what a process has
/// open.
pub(super) fn is_passed_in(path: &Path) -> bool {
    // What lies in memory under `/dev/shm` is a file like any other.
    let is_device = path.starts_with("/dev") && !path.starts_with("/dev/shm");
    let is_open = cfg!(unix) && (is_device || path.starts_with("/proc"));
    let lies_nowhere = || fs::metadata(path).is_ok_and(|found| !found.is_file() && !found.is_dir());
    path.as_os_str() == "-" || is_open || lies_nowhere()
}

/// Returns the directory beside the manifest: a record has one place, whichever way the manifest is named.
fn default_state_place(manifest: &[PathBuf]) -> StatePlace {
    if manifest.iter().any(|path| is_passed_in(path)) {
        return StatePlace::Unnamed("the manifest comes from standard input or a pipe");
    }
    let beside = |path: &PathBuf| match path.is_dir() {
        true => path.join(STATE_DIRECTORY),
        false => path.with_file_name(STATE_DIRECTORY),
    };
    let whole = |path: &PathBuf| match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => fs::canonicalize(parent).unwrap_or(parent.to_owned()),
        _ => fs::canonicalize(".").unwrap_or_default(),
    };
    let mut places = manifest.iter().map(beside);
    let Some(first) = places.next() else { return StatePlace::Default(PathBuf::from(STATE_DIRECTORY)) };
    match places.all(|place| whole(&place) == whole(&first)) {
        true => StatePlace::Default(first),
        false => StatePlace::Unnamed("the manifests lie in several directories"),
    }
}

#[cfg(feature = "remote-state")]
fn open_bucket(url: &str) -> Result<Arc<dyn Place>, CommandFailure> {
    Ok(Arc::new(crate::state::Remote::open(url)?))
}

#[cfg(not(feature = "remote-state"))]
fn open_bucket(_url: &str) -> Result<Arc<dyn Place>, CommandFailure> {
    let message = "--state: this program was built without the feature `remote-state`: name a directory";
    Err(CommandFailure::new(message))
}

fn quoted(path: &Path) -> String {
    format!("`{}`", printable(&path.to_string_lossy()))
}

/// Returns how to plan, as the command line says.
pub(super) fn options(args: &PlanningArgs) -> Options {
    Options {
        now: Timestamp::now(),
        reassert: args.reassert,
        max_charge: args.max_charge_cents.map(Cents),
        max_removal_percent: args.max_removal_percent,
        max_removals: args.max_removals,
        allow_removals: args.allow_removals,
    }
}
