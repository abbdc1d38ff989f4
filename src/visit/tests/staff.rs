//! The door for the hall's staff.

use yici_provision::PinHash;

use super::super::page::{PinFault, PinPage};
use super::*;

const PIN: &str = "482915";

fn pin() -> PinHash {
    static HASH: std::sync::OnceLock<PinHash> = std::sync::OnceLock::new();
    HASH.get_or_init(|| PinHash::of(PIN).expect("a PIN"))
        .clone()
}

impl Walk {
    fn with_door() -> Walk {
        let mut walk = Walk::new();
        walk.terminal = walk.terminal.with_door(Lock::Pin(pin()));
        walk
    }

    fn type_pin(&mut self, pin: &str) -> Page {
        for digit in pin.chars() {
            self.touch(Touch::Key(digit));
        }
        self.touch(Touch::Main)
    }

    fn let_in(&self) -> bool {
        self.effects.contains(&Effect::LetStaffIn)
    }
}

fn shown(page: &Page) -> PinPage {
    let Content::Pin(pin) = page.content else {
        panic!("not the door: {:?}", page.content);
    };
    pin
}

#[test]
fn there_is_a_door_only_where_the_hall_has_a_pin() {
    let mut without = Walk::new();
    let page = without.touch(Touch::Staff);
    assert!(
        matches!(page.content, Content::Home(_)),
        "a touch is a touch"
    );
    let mut with = Walk::with_door();
    assert_eq!(with.terminal.view().content, Content::Idle { staff: true });
    assert_eq!(shown(&with.touch(Touch::Staff)).typed, 0);
}

#[test]
fn a_terminal_that_was_not_set_up_lets_everybody_in() {
    let mut walk = Walk::new();
    walk.terminal = walk.terminal.with_door(Lock::Open);
    walk.touch(Touch::Staff);
    assert!(walk.let_in());
}

#[test]
fn the_pin_lets_in_and_nothing_of_it_is_on_the_page() {
    let mut walk = Walk::with_door();
    walk.touch(Touch::Staff);
    let page = walk.touch(Touch::Key('4'));
    assert_eq!(
        shown(&page),
        PinPage {
            typed: 1,
            fault: None
        }
    );
    walk.touch(Touch::Erase);
    let page = walk.type_pin("48");
    assert_eq!(shown(&page).fault, Some(PinFault::Short));
    assert!(!walk.let_in());
    let page = walk.type_pin("2915");
    assert!(walk.let_in());
    assert_eq!(page.content, Content::Idle { staff: true });
}

#[test]
fn five_wrong_pins_shut_the_door_for_everybody_and_it_opens_by_itself() {
    let mut walk = Walk::with_door();
    walk.touch(Touch::Staff);
    for _ in 0..4 {
        assert_eq!(shown(&walk.type_pin("000000")).fault, Some(PinFault::Wrong));
    }
    // Going away and coming back begins nothing anew.
    walk.touch(Touch::Back);
    walk.touch(Touch::Staff);
    let shut = walk.type_pin("000000");
    assert!(matches!(shown(&shut).fault, Some(PinFault::Shut { .. })));
    let still = walk.type_pin(PIN);
    assert!(matches!(shown(&still).fault, Some(PinFault::Shut { .. })));
    assert!(!walk.let_in());
    walk.wait(Duration::from_secs(301));
    walk.touch(Touch::Staff);
    walk.type_pin(PIN);
    assert!(walk.let_in());
}

#[test]
fn whoever_goes_away_leaves_the_terminal_to_citizens() {
    let mut walk = Walk::with_door();
    walk.touch(Touch::Staff);
    walk.touch(Touch::Key('4'));
    let page = walk.wait(Duration::from_secs(31));
    assert_eq!(page.content, Content::Idle { staff: true });
    let home = walk.touch(Touch::Wake);
    assert!(matches!(home.content, Content::Home(_)));
    // In a visit there is no door.
    let page = walk.touch(Touch::Staff);
    assert!(matches!(page.content, Content::Home(_)));
}
