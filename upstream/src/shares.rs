//! Splits a case into the units' shares by the catalogue, and says where a share may go next.

use yici_catalog::Catalog;
use yici_contract::Case;
use yici_contract::api::{State, Words};

/// One item of a case, with the unit that handles it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Share {
    /// The unit.
    pub unit: String,
    /// The item.
    pub item: String,
}

/// What the case names and the catalogue has not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnknownError {
    /// The matter.
    #[error("the catalogue has no matter `{0}`")]
    Matter(String),
    /// An item.
    #[error("the matter has no item `{0}`")]
    Item(String),
    /// The situation.
    #[error("the matter has no situation `{0}`")]
    Situation(String),
}

/// The shares of a case, in the catalogue's order of items. Another version of the catalogue does
/// as long as it has what the case names.
pub fn split(case: &Case, catalog: &Catalog) -> Result<Vec<Share>, UnknownError> {
    let matter = catalog
        .matter(&case.matter)
        .ok_or_else(|| UnknownError::Matter(case.matter.clone()))?;
    if !matter.situations.iter().any(|s| s.id == case.situation) {
        return Err(UnknownError::Situation(case.situation.clone()));
    }
    if let Some(unknown) = case.items.iter().find(|id| matter.item(id).is_none()) {
        return Err(UnknownError::Item(unknown.clone()));
    }
    let chosen = matter
        .items
        .iter()
        .filter(|item| case.items.contains(&item.id));
    Ok(chosen
        .map(|item| Share {
            unit: item.unit.clone(),
            item: item.id.clone(),
        })
        .collect())
}

/// Whether a share may go from one state to another. Received is not accepted: nothing is in
/// process before the unit accepted it.
pub fn may_follow(from: State, to: State) -> bool {
    match from {
        State::Received => matches!(to, State::Supplement | State::Accepted | State::NotAccepted),
        State::Supplement => matches!(to, State::Received | State::Accepted | State::NotAccepted),
        State::Accepted => matches!(to, State::InProcess | State::Done),
        State::InProcess => matches!(to, State::Done),
        State::NotAccepted | State::Done => false,
    }
}

/// A state in this upstream's words.
pub fn words(state: State) -> Words {
    let (zh, en) = match state {
        State::Received => (
            "已收件，还没有受理",
            "Received by the unit; not accepted yet",
        ),
        State::Supplement => ("需要补正材料", "Something is to be supplemented"),
        State::Accepted => ("已受理", "Accepted"),
        State::NotAccepted => ("不予受理", "Not accepted"),
        State::InProcess => ("办理中", "In process"),
        State::Done => ("已办结", "Done"),
    };
    Words {
        zh: zh.to_owned(),
        en: en.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_done_that_was_not_accepted() {
        for before in State::ALL {
            assert!(!may_follow(before, before));
            let accepted = matches!(before, State::Accepted | State::InProcess);
            for after in [State::InProcess, State::Done] {
                assert!(
                    accepted || !may_follow(before, after),
                    "{before:?} {after:?}"
                );
            }
        }
    }

    #[test]
    fn only_accepted_is_called_so() {
        assert_eq!(words(State::Received).zh, "已收件，还没有受理");
        for state in State::ALL {
            let accepted = words(state).en == "Accepted";
            assert_eq!(accepted, state == State::Accepted);
        }
    }
}
