//! The end of an order's period: it renews, waits for its money, or is lost.

use super::account::Account;
use super::charge::RenewalCharge;
use super::order::{Order, OrderStatus};
use super::refusal::Refusal;
use crate::model::{Cents, OrderId};

impl Account {
    /// Plays the end of an order's period.
    ///
    /// An active order renews: the wallet is charged for the IPs and slots that stay, marked IPs leave with their
    /// signatures, the pending change takes effect, and `until` moves on. Where the wallet does not cover it, or the
    /// order does not renew by itself, it goes on hold and stays as it is. An order on hold is paid for and renews, or
    /// is lost where there is still not enough money.
    ///
    /// Where the account has no `proxy_price_cents`, nothing is charged, so that an account file that is about slots
    /// alone does not have to care for the money of renewals.
    pub fn renew(&mut self, id: OrderId) -> Result<&Order, Refusal> {
        let order = self.order(id)?;
        order.must_not_be_cancelled()?;
        let waits = order.status == OrderStatus::OnHold;
        let charge = self.next_period(id, order);
        let left = self.wallet_cents.0.checked_sub(charge.charge_cents.0);
        match left.filter(|_| waits || order.auto_renewal) {
            Some(left) => self.pay(charge, Cents(left))?,
            None if waits => return self.expire(id),
            None => self.change(id, |order| {
                order.status = OrderStatus::OnHold;
                Ok(())
            })?,
        }
        self.order(id)
    }

    /// Plays the three days that an order on hold waits: it is cancelled, and its IPs are gone.
    pub fn expire(&mut self, id: OrderId) -> Result<&Order, Refusal> {
        self.change(id, |order| match order.status {
            OrderStatus::OnHold => {
                order.cancel();
                Ok(())
            }
            _ => Err(Refusal::invalid("Order is not on hold")),
        })?;
        self.order(id)
    }

    fn pay(&mut self, charge: RenewalCharge, left: Cents) -> Result<(), Refusal> {
        self.change(charge.order_id, |order| {
            order.begin_next_period();
            Ok(())
        })?;
        self.wallet_cents = left;
        if charge.charge_cents.0 > 0 {
            self.renewals.push(charge);
        }
        Ok(())
    }

    fn next_period(&self, order_id: OrderId, order: &Order) -> RenewalCharge {
        let proxies_cents = self.price_of_proxies(order);
        let addons_cents = match self.proxy_price_cents.0 {
            0 => Cents(0),
            _ => order.next_price_of_addons(),
        };
        RenewalCharge { order_id, proxies_cents, addons_cents, charge_cents: proxies_cents.plus(addons_cents) }
    }
}
