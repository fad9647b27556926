//! Plans that were saved to be applied later, exactly or not at all.
//!
//! A saved plan is not trusted: it is made again from the manifest and from what is live and recorded now, and carried
//! out only where the two are the same. Nothing in the file can bring about an operation that the manifest does not.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::restore;
use super::{
    FORMAT_VERSION, OperationDocument, OptionsDocument, OrderDocument, PendingDocument, PlanDocument,
    PreconditionDocument, ProblemDocument, ReviewDocument,
};
use crate::diagnostic::SourceMap;
use crate::model::{Cents, Observations, OrderId, hex, io_reason};
use crate::plan::{Options, Plan};

/// The largest file that is read as a plan; the first plan of 1,000,000 IPs takes about 400 MB.
const MAX_FILE_BYTES: u64 = 1 << 30;

/// A plan as it was saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedPlan(PlanDocument);

/// Why a file is not a plan that can be applied.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAPlan {
    /// The file cannot be read.
    #[error("the plan file {path} cannot be read: {reason}")]
    Unreadable {
        /// The file.
        path: String,
        /// Why.
        reason: String,
    },
    /// The file holds something else, or was cut short or edited.
    #[error("the plan file {path} is damaged or is no plan of shardctl: {reason}")]
    Damaged {
        /// The file.
        path: String,
        /// Where it differs.
        reason: String,
    },
    /// The file was made by another version.
    #[error("the plan file {path} was made by shardctl {made_by}, and this is shardctl {this}: make the plan again")]
    OtherVersion {
        /// The file.
        path: String,
        /// The version that made it.
        made_by: String,
        /// The version that runs.
        this: String,
    },
}

impl NotAPlan {
    fn of_other_version(path: &str, made_by: String) -> NotAPlan {
        NotAPlan::OtherVersion { path: path.to_owned(), made_by, this: env!("CARGO_PKG_VERSION").to_owned() }
    }
}

/// Returns the SHA-256 of a plan, by which the history knows it: that of the file that `plan --out` writes, wherever the
/// manifest lies that its problems point at. When it was made counts: a plan that is made again is another one.
pub fn plan_sha256(document: &PlanDocument) -> String {
    let mut document = document.clone();
    forget_files(&mut document);
    let mut digest = Digester(Sha256::new());
    // A digest takes all that is written to it.
    let _ = super::write(&mut digest, &document);
    hex(&digest.0.finalize())
}

/// A digest of what is written to it.
struct Digester(Sha256);

impl Write for Digester {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl SavedPlan {
    /// Returns the digest by which the history knows the plan.
    pub fn sha256(&self) -> String {
        plan_sha256(&self.0)
    }

    /// Returns when the plan was made; `None` where the file says no moment.
    pub fn created_at(&self) -> Option<Timestamp> {
        self.0.created_at.parse().ok()
    }

    /// Reads a plan that is to be applied: one that this version saved.
    pub fn read_to_apply(path: &Path) -> Result<SavedPlan, NotAPlan> {
        let saved = SavedPlan::read(path)?;
        match saved.0.shardctl == env!("CARGO_PKG_VERSION") {
            true => Ok(saved),
            false => Err(NotAPlan::of_other_version(&path.display().to_string(), saved.0.shardctl)),
        }
    }

    /// Reads a plan that was saved by any version that writes this format.
    pub fn read(path: &Path) -> Result<SavedPlan, NotAPlan> {
        let name = path.display().to_string();
        let unreadable = |error: io::Error| NotAPlan::Unreadable { path: name.clone(), reason: io_reason(&error) };
        let mut bytes = Vec::new();
        let file = File::open(path).map_err(unreadable)?;
        file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes).map_err(unreadable)?;
        if bytes.len() as u64 > MAX_FILE_BYTES {
            return Err(NotAPlan::Damaged { path: name, reason: "it is too large".to_owned() });
        }
        SavedPlan::parse(&bytes, &name)
    }

    /// Reads a plan from bytes; `name` is for messages.
    pub fn parse(bytes: &[u8], name: &str) -> Result<SavedPlan, NotAPlan> {
        let damaged = |reason: String| NotAPlan::Damaged { path: name.to_owned(), reason };
        let document: PlanDocument = serde_json::from_slice(bytes).map_err(|error| damaged(error.to_string()))?;
        if document.format_version != FORMAT_VERSION {
            return Err(NotAPlan::of_other_version(name, document.shardctl));
        }
        if let Some(order) = document.orders.iter().find(|order| OrderId::new(order.order_id).is_none()) {
            return Err(damaged(format!("`{}` is no order id", order.order_id)));
        }
        Ok(SavedPlan(document))
    }

    /// Returns the orders that were planned.
    pub fn orders(&self) -> impl Iterator<Item = OrderId> + '_ {
        self.0.orders.iter().filter_map(|order| OrderId::new(order.order_id))
    }

    /// Returns how it was planned, for a moment of now.
    pub fn options(&self, now: Timestamp) -> Options {
        let OptionsDocument { reassert, max_charge_cents, max_removal_percent, max_removals, allow_removals } =
            self.0.options;
        Options {
            now,
            reassert,
            max_charge: max_charge_cents.map(Cents),
            max_removal_percent,
            max_removals,
            allow_removals,
        }
    }

    /// Returns the plan as it was printed.
    pub fn document(&self) -> PlanDocument {
        PlanDocument { review: None, ..self.0.clone() }
    }

    /// Returns the API that was read.
    pub fn api_url(&self) -> &str {
        &self.0.api_url
    }

    /// Returns what is shown beside the plan; `None` where an older version saved it, or `--format json` printed it.
    pub fn review(&self) -> Option<&ReviewDocument> {
        self.0.review.as_ref()
    }

    /// Returns the plan that was saved, how it was made, and the lines of the manifest at which its problems point, to be
    /// shown: it is not the one that is applied.
    pub fn restored(&self) -> (Plan, Options, SourceMap) {
        let (plan, sources) = restore::plan(&self.0);
        (plan, self.options(self.created_at().unwrap_or_default()), sources)
    }

    /// Puts the prices that were shown to the user in place of those of now: the purchase itself compares the two.
    pub fn keep_prices(&self, observed: &mut Observations) {
        for order in &self.0.orders {
            let Some(observed) = OrderId::new(order.order_id).and_then(|id| observed.get_mut(&id)) else { continue };
            let Some(quote) = observed.live.as_mut().ok().and_then(|live| live.quote.as_mut()) else { continue };
            for operation in &order.operations {
                if let OperationDocument::PurchaseSlots { add_qty, price_per_unit_cents, charge_cents, .. } = operation
                    && *add_qty == quote.add_qty
                {
                    quote.price_per_unit = Cents(*price_per_unit_cents);
                    quote.charge = Cents(*charge_cents);
                }
            }
        }
    }

    /// Says that the plan was made for another API than the one at a URL.
    pub fn what_api_moved(&self, api_url: &str) -> Option<String> {
        let made_for = &self.0.api_url;
        (made_for != api_url).then(|| format!("the plan was made for the API at {made_for}, not {api_url}"))
    }

    /// Says what moved between this plan and the same plan made again; nothing where they are the same.
    pub fn what_moved(&self, mut again: PlanDocument) -> Vec<String> {
        let mut moved = Vec::new();
        let mut saved = self.0.clone();
        forget_files(&mut saved);
        forget_files(&mut again);
        moved.extend(self.what_api_moved(&again.api_url));
        if self.0.manifest_sha256 != again.manifest_sha256 {
            moved.push("the manifest is not the one that the plan was made of".to_owned());
        }
        for saved in &saved.orders {
            match again.orders.binary_search_by_key(&saved.order_id, |order| order.order_id) {
                Ok(index) => moved.extend(what_moved_in_order(saved, &again.orders[index])),
                Err(_) => moved.push(format!("order {}: the manifest no longer declares it", saved.order_id)),
            }
        }
        again.created_at.clone_from(&self.0.created_at);
        // What `--format json` prints is the plan as well, without what is shown beside it.
        again.review = again.review.filter(|_| saved.review.is_some());
        if moved.is_empty() && skeleton(again) != skeleton(saved) {
            moved.push("the file does not hold the plan that these inputs make: was it edited?".to_owned());
        }
        moved
    }
}

/// A manifest is the same by whatever path it was reached; its digest says whether it is.
fn forget_files(document: &mut PlanDocument) {
    let of_orders = document.orders.iter_mut().flat_map(|order| &mut order.problems);
    of_orders.chain(&mut document.problems).for_each(|problem| problem.file = None);
    document.review.iter_mut().for_each(ReviewDocument::forget_files);
}

/// Leaves out what is only said about a plan: words from the API, how near a renewal is, and what it costs, may differ from
/// run to run.
fn skeleton(mut document: PlanDocument) -> PlanDocument {
    let of_orders = document.orders.iter_mut().flat_map(|order| &mut order.problems);
    for problem in of_orders.chain(&mut document.problems) {
        problem.message.clear();
        problem.help = None;
    }
    document.orders.iter_mut().for_each(|order| order.notes.clear());
    document.review.iter_mut().for_each(ReviewDocument::forget_what_is_only_said);
    document
}

fn what_moved_in_order(saved: &OrderDocument, order: &OrderDocument) -> Vec<String> {
    let id = saved.order_id;
    let (before, now) = match (&saved.precondition, &order.precondition) {
        (Some(before), Some(now)) => (before, now),
        (None, None) => return Vec::new(),
        (Some(_), None) => return vec![format!("order {id}: it cannot be read or its record cannot be used now")],
        (None, Some(_)) => return vec![format!("order {id}: it could not be read when the plan was made")],
    };
    let mut moved = Vec::new();
    if saved.tag != order.tag {
        let words = |tag: &Option<String>| tag.as_ref().map_or("none".to_owned(), |tag| format!("`{tag}`"));
        moved.push(format!("order {id}: its tag was {}, now {}", words(&saved.tag), words(&order.tag)));
    }
    if before.active_ips_sha256 != now.active_ips_sha256 {
        moved.push(format!("order {id}: its active IPs are not those that the plan was made of"));
    }
    if before.slots != now.slots {
        let words = |slots: Option<u32>| slots.map_or("unread".to_owned(), |slots| slots.to_string());
        moved.push(format!("order {id}: its p0f slots were {}, now {}", words(before.slots), words(now.slots)));
    }
    if before.renews_at != now.renews_at {
        let words = |date: &Option<String>| date.clone().unwrap_or_else(|| "unknown".to_owned());
        moved.push(format!("order {id}: its renewal was {}, now {}", words(&before.renews_at), words(&now.renews_at)));
    }
    if before.signatures_sha256 != now.signatures_sha256 {
        moved.push(format!("order {id}: the signatures that the API reports are not those that the plan was made of"));
    }
    let [was_pending, is_pending] = [before, now].map(pending_words);
    if was_pending != is_pending {
        moved.push(format!("order {id}: what is pending for its p0f slots was {was_pending}, now {is_pending}"));
    }
    if before.auto_renewal != now.auto_renewal {
        let words = |on: Option<bool>| on.map_or("not told", |on| if on { "on" } else { "off" });
        let (before, now) = (words(before.auto_renewal), words(now.auto_renewal));
        moved.push(format!("order {id}: its automatic renewal was {before}, now {now}"));
    }
    if before.order_status != now.order_status {
        let words = |status: &Option<String>| status.as_ref().map_or("not told".to_owned(), |it| format!("`{it}`"));
        let (before, now) = (words(&before.order_status), words(&now.order_status));
        moved.push(format!("order {id}: its status was {before}, now {now}"));
    }
    if before.recorded_sha256 != now.recorded_sha256 {
        moved.push(format!("order {id}: its recorded state has changed; was the plan applied already?"));
    }
    if moved.is_empty() {
        moved.extend(what_blocks(saved, order));
    }
    moved
}

/// Says what is scheduled for the slots of an order.
fn pending_words(precondition: &PreconditionDocument) -> String {
    match precondition.pending {
        _ if !precondition.pending_told => "not known".to_owned(),
        None => "nothing".to_owned(),
        Some(PendingDocument::Downgrade { next_qty }) => format!("a downgrade to {next_qty}"),
        Some(PendingDocument::Cancel {}) => "a downgrade to 0".to_owned(),
    }
}

/// Says which problems came and which went, where nothing else says why.
fn what_blocks(saved: &OrderDocument, order: &OrderDocument) -> Vec<String> {
    let id = saved.order_id;
    let lacks =
        |problems: &[ProblemDocument], problem: &ProblemDocument| problems.iter().all(|it| it.code != problem.code);
    let new = order.problems.iter().filter(|problem| lacks(&saved.problems, problem));
    let gone = saved.problems.iter().filter(|problem| lacks(&order.problems, problem));
    let new = new.map(|problem| format!("order {id}: it is blocked now: {}", problem.message));
    new.chain(gone.map(|problem| format!("order {id}: it is no longer blocked: {}", problem.message))).collect()
}
