//! What is to be expected of orders, made of the same rows as a plan: pure, like the plan.

mod addons;
mod amount;
mod cycle;
mod forecast;
mod next_period;
mod price_effect;
mod status;

pub use amount::NowAndAfter;
pub use cycle::is_known_cycle;
pub use forecast::{ExpectedRenewal, Forecast, ForecastSummary, Unforeseen, forecast};
pub use next_period::PeriodPrice;
pub use price_effect::{PriceEffect, price_effect};
pub use status::{Standing, Standings, standings};
