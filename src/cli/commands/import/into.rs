//! `import --into FILE`: edits a manifest in place, or makes it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, Permissions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::cli::failure::CommandFailure;
use crate::diagnostic::{SourceFile, SourceMap};
use crate::manifest;
use crate::manifest::edit::{self, Edits, OrderEdits};
use crate::manifest::write::Remarked;
use crate::model::{DesiredOrder, OrderId, ProxyIp, io_reason, printable};
use crate::plan::resolve;
use crate::render::import::{self, Imported};

/// A manifest to be edited, as it was before anything was read from the API.
pub(super) struct Target {
    /// The file, behind all links.
    path: PathBuf,
    /// What stands in it; `None` where it is not there.
    before: Option<Before>,
}

/// What an edit did, and what is to be said of it.
pub(super) struct Updated {
    /// What was changed, a line each.
    pub(super) changes: Vec<String>,
    /// What could not be added as it is live, a line each.
    pub(super) remarks: Vec<String>,
}

struct Before {
    text: String,
    permissions: Permissions,
    declared: BTreeMap<OrderId, DesiredOrder>,
}

impl Target {
    /// Reads the manifest; what is not valid is refused before anything is sent. `check` looks at the text first.
    pub(super) fn read(
        path: &Path,
        check: impl FnOnce(&SourceMap) -> Result<(), CommandFailure>,
    ) -> Result<Target, CommandFailure> {
        let unreadable = |error: io::Error| failed(path, "read", &error);
        if path.as_os_str() == "-" {
            return Err(CommandFailure::new("--into edits a file in place: standard input is none"));
        }
        let metadata = match fs::metadata(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(Target { path: path.to_owned(), before: None });
            }
            metadata => metadata.map_err(unreadable)?,
        };
        if !metadata.is_file() {
            let message = format!("{} is no file: name one manifest file by --into", shown(path));
            return Err(CommandFailure::new(message));
        }
        let bytes = fs::read(path).map_err(unreadable)?;
        let mut sources = SourceMap::default();
        sources.add(SourceFile::new(path.display().to_string(), String::from_utf8_lossy(&bytes)));
        check(&sources)?;
        let declared = declared(&path.display().to_string(), &bytes)?;
        let text = String::from_utf8(bytes).map_err(|_| CommandFailure::new(format!("{} is no text", shown(path))))?;
        let before = Before { text, permissions: metadata.permissions(), declared };
        Ok(Target { path: fs::canonicalize(path).map_err(unreadable)?, before: Some(before) })
    }

    /// Returns whether a path leads to the file.
    pub(super) fn is_at(&self, path: &Path) -> bool {
        path == self.path || fs::canonicalize(path).is_ok_and(|path| path == self.path)
    }

    /// Changes the file, or makes it.
    pub(super) fn update(&self, orders: &[Imported<'_>]) -> Result<Updated, CommandFailure> {
        let Some(before) = &self.before else {
            if orders.is_empty() {
                return Ok(Updated { changes: Vec::new(), remarks: Vec::new() });
            }
            let mut text = Vec::new();
            import::manifest(&mut text, orders)?;
            self.replace(&text, None)?;
            let changes = orders.iter().map(|order| format!("order {} added", order.order_id)).collect();
            return Ok(Updated { changes, remarks: Vec::new() });
        };
        let (edits, remarks) = edits(&before.declared, orders);
        let edited = edit::apply(&before.text, &edits)
            .map_err(|why| CommandFailure::new(format!("{} is left as it is: {why}", shown(&self.path))))?;
        if !edited.changes.is_empty() {
            // Nobody else who edits it in this way does so between the look and the replacement.
            let _alone = self.lock();
            self.refuse_changed(&before.text)?;
            self.replace(edited.text.as_bytes(), Some(&before.permissions))?;
        }
        Ok(Updated { changes: edited.changes.iter().map(ToString::to_string).collect(), remarks })
    }

    /// Waits until nobody else edits the file in this way; not for long, and where files cannot be locked not at all.
    fn lock(&self) -> Option<fs::File> {
        // Elsewhere a file that is open cannot be replaced.
        let file = cfg!(unix).then(|| fs::File::open(&self.path).ok())??;
        for _ in 0..LOOKS {
            match file.try_lock() {
                Err(fs::TryLockError::WouldBlock) => std::thread::sleep(PAUSE),
                Ok(()) | Err(fs::TryLockError::Error(_)) => break,
            }
        }
        Some(file)
    }

    /// Somebody may have edited the file while the orders were read.
    fn refuse_changed(&self, before: &str) -> Result<(), CommandFailure> {
        let now = fs::read(&self.path).map_err(|error| failed(&self.path, "read", &error))?;
        match now == before.as_bytes() {
            true => Ok(()),
            false => Err(CommandFailure::new(format!("{} was changed while the orders were read", shown(&self.path)))
                .hint("it is left as it is: run this again")),
        }
    }

    /// Replaces the file as a whole, so that nobody reads half a manifest.
    fn replace(&self, bytes: &[u8], permissions: Option<&Permissions>) -> Result<(), CommandFailure> {
        write_whole(&self.path, bytes, permissions).map_err(|error| failed(&self.path, "written", &error))
    }
}

/// How often and how long to wait for somebody else who edits the file.
const LOOKS: u32 = 100;
const PAUSE: Duration = Duration::from_millis(20);

fn write_whole(path: &Path, bytes: &[u8], permissions: Option<&Permissions>) -> io::Result<()> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = new_file(directory)?;
    file.write_all(bytes)?;
    if let Some(permissions) = permissions {
        file.as_file().set_permissions(permissions.clone())?;
    }
    file.as_file().sync_all()?;
    match permissions {
        Some(_) => file.persist(path),
        // A file that somebody made in the meantime is not lost.
        None => file.persist_noclobber(path),
    }
    .map(|_| ())
    .map_err(|error| error.error)
}

/// Makes a file with the mode that a new one gets, as the process's mask says.
fn new_file(directory: &Path) -> io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".shardctl-import.");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(directory)
}

/// Reads what a manifest declares; one without orders gets some now.
pub(super) fn declared(name: &str, bytes: &[u8]) -> Result<BTreeMap<OrderId, DesiredOrder>, CommandFailure> {
    let read = manifest::from_bytes([(name.to_owned(), bytes.to_owned())]);
    match read.desired {
        Some(desired) => Ok(desired.orders),
        None if is_without_orders(bytes) => Ok(BTreeMap::new()),
        None => Err(CommandFailure::invalid_manifest(read.problems, read.sources)),
    }
}

/// Returns whether all that a manifest lacks is an order.
fn is_without_orders(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok_and(|text| edit::apply(text, &Edits::default()).is_ok())
}

/// Returns what a manifest lacks to list what is live, and what it lists that is not; and what is to be said of it.
fn edits(declared: &BTreeMap<OrderId, DesiredOrder>, orders: &[Imported<'_>]) -> (Edits, Vec<String>) {
    let (mut edits, mut remarks) = (Edits::default(), Vec::new());
    for imported in orders {
        match declared.get(&imported.order_id) {
            Some(order) => {
                let mut order_edits = order_edits(order, imported);
                remarks.extend(without_signatures(order, &mut order_edits));
                edits.orders.push(order_edits);
            }
            None => edits.new_orders.push(import::order(imported)),
        }
    }
    (edits, remarks)
}

/// Leaves out the signatures of added IPs where the number of slots that stands there is too small for them: it is not
/// changed, and without it the manifest would be no valid one. Says what to do.
fn without_signatures(order: &DesiredOrder, edits: &mut OrderEdits) -> Option<String> {
    let slots = order.p0f_slots.as_ref()?.value;
    let listed = order.signatures().filter(|(ip, _)| !edits.remove.contains(ip)).count();
    let new: Vec<_> = edits.add.iter().filter_map(|(ip, signature)| Some(format!("{ip}: {}", (*signature)?))).collect();
    if new.is_empty() || listed + new.len() <= slots as usize {
        return None;
    }
    edits.add.iter_mut().for_each(|(_, signature)| *signature = None);
    Some(format!(
        "order {}: `p0f_slots: {slots}` is too small for the signatures of what was added, which are left out: set it to {} \
         or more, and write {}",
        edits.order_id,
        listed + new.len(),
        new.join(", ")
    ))
}

/// Returns the IPs that came into an order, and the listed ones that left it. Where its IPs are not managed, or those that
/// are not listed stay anyway, none is added.
fn order_edits(order: &DesiredOrder, imported: &Imported<'_>) -> OrderEdits {
    let active: BTreeSet<ProxyIp> = imported.seen.belief.rows.iter().map(|row| row.ip).collect();
    let Some(keep) = &order.keep else {
        return OrderEdits { order_id: imported.order_id, add: Vec::new(), remove: Vec::new() };
    };
    let resolved = resolve(keep, active.iter().copied());
    let uncovered = active.iter().zip(&resolved.covered).filter(|(_, covered)| covered.is_none());
    let uncovered: BTreeSet<ProxyIp> = uncovered.map(|(ip, _)| *ip).collect();
    let staying = import::order(imported);
    let staying = staying.keep.iter().filter_map(Remarked::value).copied();
    let add = staying.filter(|(ip, _)| order.prune && uncovered.contains(ip)).collect();
    let remove = resolved.missing.into_iter().map(|(ip, _)| ip).collect();
    OrderEdits { order_id: imported.order_id, add, remove }
}

fn shown(path: &Path) -> String {
    format!("`{}`", printable(&path.display().to_string()))
}

fn failed(path: &Path, done: &str, error: &io::Error) -> CommandFailure {
    CommandFailure::new(format!("{} could not be {done}: {}", shown(path), io_reason(error)))
}
