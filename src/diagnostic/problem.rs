//! What blocks an order, and what is worth a remark.

use std::fmt;

use crate::model::{OrderId, PendingChange, ProxyIp, ReadFailure, Span};

/// Something that keeps a manifest from being valid or an order from being applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The stable code (contract, Problems).
    pub code: ProblemCode,
    /// What is wrong, in one sentence.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// The order it belongs to.
    pub order_id: Option<OrderId>,
    /// The IP it belongs to.
    pub ip: Option<ProxyIp>,
    /// Where it stands in the manifest.
    pub primary: Option<Label>,
    /// Other places that belong to it, such as the first definition of a duplicate.
    pub secondary: Vec<Label>,
}

impl Problem {
    /// Makes a problem of a code and a sentence.
    pub fn new(code: ProblemCode, message: impl Into<String>) -> Problem {
        let message = message.into();
        Problem { code, message, help: None, order_id: None, ip: None, primary: None, secondary: Vec::new() }
    }

    /// Says what to do about it.
    pub fn help(mut self, help: impl Into<String>) -> Problem {
        self.help = Some(help.into());
        self
    }

    /// Names the order.
    pub fn order(mut self, order_id: OrderId) -> Problem {
        self.order_id = Some(order_id);
        self
    }

    /// Names the IP.
    pub fn ip(mut self, ip: ProxyIp) -> Problem {
        self.ip = Some(ip);
        self
    }

    /// Points at the place, with a few words beside the mark.
    pub fn at(mut self, span: Span, text: impl Into<String>) -> Problem {
        self.primary = Some(Label { span, text: text.into() });
        self
    }

    /// Points at another place that belongs to it.
    pub fn also_at(mut self, span: Span, text: impl Into<String>) -> Problem {
        self.secondary.push(Label { span, text: text.into() });
        self
    }
}

/// A place in a manifest with a few words about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// The words beside the mark; may be empty.
    pub text: String,
}

macro_rules! codes {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident => $code:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
        pub enum $name {
            $($(#[$variant_doc])* #[serde(rename = $code)] $variant,)*
        }

        impl $name {
            /// Every code, in the order of the contract's table.
            pub const ALL: &[$name] = &[$($name::$variant,)*];

            /// Returns the code as scripts see it.
            pub const fn as_str(self) -> &'static str {
                match self { $($name::$variant => $code,)* }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }
    };
}

codes! {
    /// The stable code of a problem (contract, Problems).
    ProblemCode {
        /// The file is not the plain YAML that a manifest is.
        ManifestSyntax => "manifest_syntax",
        /// A field that no manifest has.
        UnknownField => "unknown_field",
        /// A key stands twice in one mapping.
        DuplicateKey => "duplicate_key",
        /// A value of the wrong kind or out of its range.
        InvalidValue => "invalid_value",
        /// `version` is missing or not one that this program reads.
        UnsupportedVersion => "unsupported_version",
        /// An order, or `limits`, stands in two places.
        DuplicateOrder => "duplicate_order",
        /// `keep` is present without an IP.
        EmptyKeep => "empty_keep",
        /// More signatures than `p0f_slots`.
        SlotsBelowSignatures => "slots_below_signatures",
        /// A kept IP is not among the order's active IPs.
        IpNotInOrder => "ip_not_in_order",
        /// The live tag is another.
        TagMismatch => "tag_mismatch",
        /// 403: not an order of datacenter or ISP proxies.
        OrderUnavailable => "order_unavailable",
        /// 404.
        OrderNotFound => "order_not_found",
        /// The order is cancelled; or on hold, and the plan would buy.
        OrderNotActive => "order_not_active",
        /// More slots held by signatures, after the plan, than there are.
        NotEnoughSlots => "not_enough_slots",
        /// `p0f_slots: 0` while slots are active.
        SlotsFloor => "slots_floor",
        /// More IPs newly marked to go than the limit allows.
        RemovalLimit => "removal_limit",
        /// An IP that is new in the order would be marked to go.
        NewIp => "new_ip",
        /// The plan's total charge exceeds the limit.
        ChargeLimit => "charge_limit",
        /// The wallet holds less than the plan charges.
        WalletShort => "wallet_short",
        /// A price that is none, or a total that is not the sum.
        BadPrice => "bad_price",
        /// The outcome of an earlier purchase is unknown.
        PurchaseUnsettled => "purchase_unsettled",
        /// The recorded state belongs to another API URL, or is damaged.
        StateMismatch => "state_mismatch",
        /// Any other refusal or failure of the API for this order.
        ApiError => "api_error",
        /// There is no manifest, or it cannot be read.
        ManifestMissing => "manifest_missing",
        /// There is no API token, or it is none.
        TokenMissing => "token_missing",
        /// The API refused the token.
        TokenRefused => "token_refused",
        /// The API cannot be reached.
        ApiUnreachable => "api_unreachable",
        /// The place of the records cannot be read or written.
        StateUnavailable => "state_unavailable",
        /// Somebody else holds the lock on the records.
        LockHeld => "lock_held",
        /// What a saved plan was made of has changed.
        StalePlan => "stale_plan",
        /// A saved plan is no plan that can be applied.
        UnusablePlan => "unusable_plan",
        /// No order fits an `--order`.
        UnknownOrder => "unknown_order",
        /// A user asked to stop before there was a plan, or, in the log, before all of it was done.
        Interrupted => "interrupted",
    }
}

impl From<&ReadFailure> for ProblemCode {
    fn from(failure: &ReadFailure) -> ProblemCode {
        match failure {
            ReadFailure::Unavailable { .. } => ProblemCode::OrderUnavailable,
            ReadFailure::NotFound { .. } => ProblemCode::OrderNotFound,
            ReadFailure::Failed { .. } => ProblemCode::ApiError,
        }
    }
}

codes! {
    /// The stable code of a note (contract, Problems).
    NoteCode {
        /// A kept IP holds a signature that the manifest does not declare.
        SignatureStays => "signature_stays",
        /// What is live is not what shardctl last recorded.
        ChangedElsewhere => "changed_elsewhere",
        /// The renewal passed, and what was recorded for it did not happen.
        NotCarriedOut => "not_carried_out",
        /// Marks are unknown, or recorded as if nothing left, and some IPs seem to be marked to go.
        MarksElsewhere => "marks_elsewhere",
        /// An open intent was found to have been bought.
        PurchaseSettled => "purchase_settled",
        /// An open intent is void.
        PurchaseVoid => "purchase_void",
        /// Which IPs were marked before and still go.
        AlreadyLeaving => "already_leaving",
        /// The order waits to be paid.
        OrderOnHold => "order_on_hold",
        /// Something is to happen at the renewal, and the order does not renew by itself.
        NoAutoRenewal => "no_auto_renewal",
        /// Something is to happen at a renewal that is less than two hours away.
        RenewalIsNear => "renewal_is_near",
        /// A kept IP is not active.
        IpNotActive => "ip_not_active",
        /// The order's detail could not be had.
        DetailUnavailable => "detail_unavailable",
        /// What is pending is unknown, and was asked for this renewal.
        PendingUnknown => "pending_unknown",
    }
}

/// What a note is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attribute {
    /// The OS signature of an IP.
    Signature,
    /// The number of slots.
    Slots,
    /// What is scheduled for the next renewal.
    Pending,
    /// Whether the order renews by itself.
    AutoRenewal,
    /// Whether an IP is marked to go.
    Mark,
}

impl Attribute {
    const ALL: [Attribute; 5] =
        [Attribute::Signature, Attribute::Slots, Attribute::Pending, Attribute::AutoRenewal, Attribute::Mark];

    /// Returns the attribute that documents have a word for.
    pub fn parse(word: &str) -> Option<Attribute> {
        Attribute::ALL.into_iter().find(|attribute| attribute.as_str() == word)
    }

    /// Returns the word that documents use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Attribute::Signature => "signature",
            Attribute::Slots => "slots",
            Attribute::Pending => "pending",
            Attribute::AutoRenewal => "auto_renewal",
            Attribute::Mark => "mark",
        }
    }
}

/// A value that a note carries as data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoteValue {
    /// A word, such as a signature; fit for a terminal.
    Word(String),
    /// A number of slots.
    Number(u32),
    /// What is scheduled for the next renewal.
    Pending(Option<PendingChange>),
    /// Whether something is so.
    Flag(bool),
}

/// A remark about an order that blocks nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The stable code.
    pub code: NoteCode,
    /// The remark, in one sentence.
    pub message: String,
    /// The IP it belongs to.
    pub ip: Option<ProxyIp>,
    /// The IPs it belongs to, where there are several.
    pub ips: Vec<ProxyIp>,
    /// What it is about.
    pub attribute: Option<Attribute>,
    /// The value before.
    pub from: Option<NoteValue>,
    /// The value now, or the one that was to be.
    pub to: Option<NoteValue>,
}

impl Note {
    /// Makes a note of a code and a sentence.
    pub fn new(code: NoteCode, message: impl Into<String>) -> Note {
        Note { code, message: message.into(), ip: None, ips: Vec::new(), attribute: None, from: None, to: None }
    }

    /// Returns whether it says that something is not as shardctl left it.
    pub fn is_drift(&self) -> bool {
        matches!(self.code, NoteCode::ChangedElsewhere | NoteCode::NotCarriedOut)
    }

    /// Says what it is about.
    pub fn about(mut self, attribute: Attribute) -> Note {
        self.attribute = Some(attribute);
        self
    }

    /// Carries the values before and after.
    pub fn change(mut self, from: NoteValue, to: NoteValue) -> Note {
        (self.from, self.to) = (Some(from), Some(to));
        self
    }

    /// Names several IPs.
    pub fn ips(mut self, ips: Vec<ProxyIp>) -> Note {
        self.ips = ips;
        self
    }

    /// Names the IP.
    pub fn ip(mut self, ip: ProxyIp) -> Note {
        self.ip = Some(ip);
        self
    }
}
