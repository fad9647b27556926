//! What `shardctl sandbox --help` and its manual page say of the account file and of the control paths.

use super::examples;
use crate::sandbox::{CONTROL_PATHS, ControlPath, Tells};

/// An account file with every field as it is where it is left out.
pub(super) const ACCOUNT_FILE: &str = "\
Account file, with every field as it is where it is left out:
  token: sandbox-token           # what clients send; it is made up, and no secret
  email: sandbox-owner@example.invalid  # of the account's owner
  tells: everything              # what the API tells, see below
  wallet_cents: 0                # purchases and renewals are paid from it
  slot_price_cents: 100          # the price of one p0f slot
  proxy_price_cents: 0           # of one proxy for a period; 0: renewals charge nothing at all
  orders:
    48213:
      tag:                       # none
      until: 2030-01-01T00:00:00Z  # the end of its period
      p0f_slots: 0
      pending:                   # or {action: downgrade, next_qty: 1}, or {action: cancel}
      other_addons: {}           # or {geo: {qty: 1, price_cents: 250}}, sold by the panel
      kind: datacenter           # or isp, or residential, which the API refuses
      status: active             # or on-hold, or cancelled, which has no proxies
      auto_renewal: true         # false: it goes on hold at the end of its period
      cycle: monthly             # or half-month, weekly, 3-days: by so much `until` moves on
      created_at:                # a moment, which the API tells
      proxies:
        203.0.113.10:            # an IP; behind it stands its signature, such as linux
        203.0.113.11: {signature: , del_np: false, status: active}  # or true, or inactive";

/// The fields of a fault.
pub(super) const FAULTS: &str = "\
Faults, a list of rules that takes the place of the one before; [] ends them. Which requests:
  operation      any (the default), writes, active, calculate, purchase, schedule, cancel,
                 set_del_np, set_signatures, order, orders, me or set_auto_renewal
  order_id       only those for this order
  nth            from which one on that fits [default: 1]
  times          how many; 0: all [default: 1, but all for rate_limit and the Date]
  when           before the request took effect (the default), or after
And exactly one of these, of which without and instead may go together:
  status         another answer, with \"headers\" and \"body\"
  close          true: the connection is closed without an answer
  hold           true: no answer ever comes
  delay_ms       the request is held up
  truncate       the answer ends after so many bytes
  stale_reads    so many reads of an order see it as it was before its last change
  rate_limit     {\"per_second\": 10}: what is beyond is answered 429
  without        [\"addons\"]: these keys are left out of the answer
  instead        {\"updated\": 0}: these keys of the answer get another value
  clock_skew_seconds  the answer's Date is so far ahead of the time
  hide_date      true: the answer has no Date";

const TELLS: &str = "\
What the API tells:
  everything     all that its newer description has
  older          what its older description has: no signatures, no details of an order, no wallet
  nothing        less than that
  [...]          a list of some of these words, of which addons stands for qty, price_per_unit
                 and pending, slots for qty and p0f_slots_available, slots_used for
                 p0f_slots_used, prices for price_paid, addons_price_paid and price_per_unit:";

/// How wide a list of words is at most.
const WIDTH: usize = 88;

/// Returns what stands at the end of `--help`.
pub(super) fn after_help() -> String {
    let paths: Vec<String> = CONTROL_PATHS.iter().map(path).collect();
    let paths = paths.join("\n");
    format!(
        "{ACCOUNT_FILE}\n\n{}\n\nControl paths, without a token (curl -d BODY http://127.0.0.1:4010/sandbox/wallet):\n{paths}\n\n\
         {FAULTS}\n\n{}",
        tells(),
        examples::SANDBOX
    )
}

fn path(path: &ControlPath) -> String {
    let ControlPath { method, path, body, does } = path;
    let body = body.map(|body| format!("\n      {body}")).unwrap_or_default();
    format!("  {method} {path}{body}\n      {does}")
}

fn tells() -> String {
    let mut lines = vec![String::new()];
    for word in Tells::words() {
        if lines.last().is_some_and(|line| line.len() + word.len() > WIDTH) {
            lines.push(String::new());
        }
        lines.last_mut().into_iter().for_each(|line| line.extend([word, ", "]));
    }
    let lines: Vec<String> = lines.iter().map(|line| format!("    {}", line.trim_end())).collect();
    let words = lines.join("\n");
    format!("{TELLS}\n{}", words.trim_end_matches(','))
}
