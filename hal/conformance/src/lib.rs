//! One set of cases for every driver of a class of devices, over any transport.
//!
//! A class ([`card_reader`], [`social_card`], [`code_scanner`], [`printer`], [`form_printer`], [`camera`])
//! has a trait for the bench, which plays the hands that lay cards and open covers, and cases that are
//! run against whatever implements the driver's trait in `yici-hal`. A bench need not be able to do
//! everything: a case that it cannot play is told as not run, never as passed. [`sim`] is the bench that
//! drives `kiosk-sim` over its socket; those for IPP printers and cameras stand with their tests.
//!
//! No test harness is needed: [`run`] returns a [`Report`], in `cargo test` as in a virtual machine,
//! where the binary `kiosk-conform` prints it.

pub mod camera;
pub mod card_reader;
pub mod code_scanner;
pub mod form_printer;
pub mod printer;
pub mod sim;
pub mod social_card;

mod report;
mod trial;

pub use report::{Finding, Outcome, Report};
pub use trial::{BenchError, Case, Done, Hands, Stop, Trial, Verdict, cannot, run};
