//! The orders of `kiosk-sim ctl`, for the page.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use clap::{Command, Parser, Subcommand};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Bench, aside, refuse, reply};
use crate::card;
use crate::control;
use crate::order::{CardOrder, Order};

/// An order in words, as `kiosk-sim ctl` takes it.
#[derive(Parser)]
#[command(no_binary_name = true, disable_help_flag = true)]
struct Words {
    #[command(subcommand)]
    order: Order,
}

/// What a page sends: the words of an order.
#[derive(Deserialize)]
struct Given {
    words: Vec<String>,
}

/// `GET /state`: what `ctl state` says.
pub async fn state(State(bench): State<Arc<Bench>>) -> Response {
    aside(move || obey(&bench, Order::State)).await
}

/// `GET /people`: whose cards there are, with what is on them.
pub async fn people(State(bench): State<Arc<Bench>>) -> Response {
    aside(move || {
        let listed = match control::send(&bench.socket, None, Order::Card(CardOrder::List)) {
            Ok(listed) => listed,
            Err(error) => return refuse(StatusCode::BAD_GATEWAY, error),
        };
        let people: Vec<Value> = listed["people"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .filter_map(|who| Some((who, card::person(who).ok()?)))
            .map(|(who, person)| json!({"who": who, "card": person}))
            .collect();
        reply(&json!({"ok": true, "people": people}))
    })
    .await
}

/// `GET /orders`: every order there is, with its words, its values and what it does.
pub async fn all() -> Response {
    let mut orders = Vec::new();
    list(
        &Order::augment_subcommands(Command::new("ctl")),
        &[],
        &mut orders,
    );
    reply(&json!({"ok": true, "orders": orders}))
}

/// `POST /order`: carries an order out.
pub async fn give(State(bench): State<Arc<Bench>>, body: Bytes) -> Response {
    let given: Given = match serde_json::from_slice(&body) {
        Ok(given) => given,
        Err(error) => return refuse(StatusCode::BAD_REQUEST, error),
    };
    let order = match Words::try_parse_from(given.words) {
        Ok(words) => words.order,
        Err(error) => return refuse(StatusCode::BAD_REQUEST, error),
    };
    if matches!(order, Order::Wait(_)) {
        return refuse(
            StatusCode::BAD_REQUEST,
            "a page sees for itself; it need not wait",
        );
    }
    aside(move || obey(&bench, order)).await
}

fn obey(bench: &Bench, order: Order) -> Response {
    match control::send(&bench.socket, None, order) {
        Ok(answer) => reply(&answer),
        Err(error) => refuse(StatusCode::BAD_GATEWAY, error),
    }
}

/// Adds every order below a command.
fn list(command: &Command, words: &[&str], orders: &mut Vec<Value>) {
    let orders_of = |command: &Command, words: &[&str]| {
        let arguments: Vec<Value> = command.get_arguments().map(argument).collect();
        json!({
            "words": words,
            "about": command.get_about().map(ToString::to_string),
            "arguments": arguments,
        })
    };
    for below in command.get_subcommands() {
        let words = [words, &[below.get_name()]].concat();
        if below.has_subcommands() {
            list(below, &words, orders);
        } else {
            orders.push(orders_of(below, &words));
        }
    }
}

fn argument(argument: &clap::Arg) -> Value {
    let values: Vec<String> = argument
        .get_possible_values()
        .iter()
        .map(|value| value.get_name().to_owned())
        .collect();
    json!({
        "name": argument.get_id().as_str(),
        "flag": argument.get_long().map(|long| format!("--{long}")),
        "takes": argument.get_action().takes_values(),
        "required": argument.is_required_set(),
        "values": values,
        "help": argument.get_help().map(ToString::to_string),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_order_can_be_said_in_words() {
        let mut orders = Vec::new();
        list(
            &Order::augment_subcommands(Command::new("ctl")),
            &[],
            &mut orders,
        );
        assert!(orders.len() > 15, "{orders:?}");
        for order in &orders {
            let words = order["words"].as_array().unwrap();
            let arguments = order["arguments"].as_array().unwrap();
            let said = |number: &str| -> Vec<String> {
                let required = arguments.iter().filter(|one| one["required"] == true);
                // The first value, or something that is a number and a text as well.
                let values = required.map(|one| one["values"][0].as_str().unwrap_or(number));
                let words = words.iter().map(|word| word.as_str().unwrap());
                words.chain(values).map(str::to_owned).collect()
            };
            // Status words have four digits, and packets at most 64 bytes.
            let known = ["1000", "10"].map(|number| Words::try_parse_from(said(number)).is_ok());
            assert!(known.contains(&true), "{words:?} is no order");
        }
    }
}
