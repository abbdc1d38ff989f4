//! The scripted citizen: reads what is visible, touches it, and pages down when something is
//! further below, as people do. Only pointer input reaches the window.

use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use i_slint_backend_testing::{AccessibleRole, ElementHandle, ElementQuery};
use serde::Serialize;
use slint::LogicalPosition;
use slint::platform::{PointerEventButton, WindowEvent};
use zeroize::Zeroizing;

use super::script::{Deed, Step};
use super::{Gone, State, on_screen};

/// Between two looks at the page.
const GLANCE: Duration = Duration::from_millis(80);
/// A finger stays down this long.
const PRESS: Duration = Duration::from_millis(80);
/// A finger that draws is seen this often.
const FRAME: Duration = Duration::from_millis(8);
/// A page is read at least this long before it is touched; quicker is half of a double tap.
const READING: Duration = Duration::from_millis(350);
/// After this long without the label, the citizen looks further below.
const LOOK_BELOW: Duration = Duration::from_millis(700);

const MORE_BELOW: [&str; 2] = ["往下看", "More below"];
const MORE_ABOVE: [&str; 2] = ["往上看", "More above"];

enum Failure {
    Gone,
    Missed(String),
}

impl From<Gone> for Failure {
    fn from(_: Gone) -> Failure {
        Failure::Gone
    }
}

/// Does all steps, then stops the terminal. Whether all of them could be done.
pub(super) fn walk(steps: &[Step]) -> bool {
    let mut done = true;
    for (number, step) in steps.iter().enumerate() {
        match act(&step.deed) {
            Ok(true) => {}
            Ok(false) => break,
            Err(failure) => {
                done = false;
                report(number + 1, step, failure);
                break;
            }
        }
    }
    // Fails only when the event loop has ended already.
    let _ended = slint::quit_event_loop();
    done
}

fn report(number: usize, step: &Step, failure: Failure) {
    let what = match failure {
        Failure::Gone => "the terminal has ended".to_owned(),
        Failure::Missed(what) => what,
    };
    eprintln!(
        "kiosk: step {number} (line {}) failed: {:?}: {what}",
        step.line, step.deed
    );
    let visible = on_screen(|state| {
        state.picture("failed.png", None);
        look(state)
    });
    if let Ok(visible) = visible {
        eprintln!("kiosk: visible were:");
        for seen in visible {
            let kind = match (seen.button, seen.enabled) {
                (true, true) => "touch",
                (true, false) => "touch (off)",
                (false, _) => "text",
            };
            eprintln!("  {kind}: {}", seen.label.replace('\n', " / "));
        }
    }
}

/// Whether to go on.
fn act(deed: &Deed) -> Result<bool, Failure> {
    match deed {
        Deed::Tap(label) => tap(label, deed.patience())?,
        Deed::Wait(text, patience) => {
            let end = Instant::now() + *patience;
            while !visible(text)? {
                if Instant::now() > end {
                    return Err(Failure::Missed(format!("not visible within {patience:?}")));
                }
                thread::sleep(GLANCE);
            }
        }
        Deed::Absent(text) => {
            if visible(text)? {
                return Err(Failure::Missed("it is visible".to_owned()));
            }
        }
        Deed::Type(keys) => {
            for key in keys.chars() {
                tap(&key.to_string(), deed.patience())?;
            }
        }
        Deed::Sign => sign(deed.patience())?,
        Deed::Shot(name) => {
            let file = format!("{name}.png");
            on_screen(move |state| state.picture(&file, None))?;
        }
        Deed::Do(command) => run(command)?,
        Deed::Sleep(time) => thread::sleep(*time),
        Deed::End => return Ok(false),
    }
    Ok(true)
}

fn run(command: &str) -> Result<(), Failure> {
    // stdout belongs to the pages.
    let ended = Command::new("sh")
        .args(["-c", command])
        .stdin(Stdio::null())
        .stdout(std::io::stderr())
        .status();
    match ended {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(Failure::Missed(format!("ended with {status}"))),
        Err(error) => Err(Failure::Missed(error.to_string())),
    }
}

fn visible(text: &str) -> Result<bool, Gone> {
    let seen = on_screen(look)?;
    Ok(seen.iter().any(|seen| seen.label.contains(text)))
}

/// Where people sign.
const PAD: [&str; 2] = ["签名处", "Signature"];
/// What the citizen draws, in hundredths of the pad: two strokes, the first a wave.
const STROKES: [&[Point]; 2] = [
    &[
        (20.0, 60.0),
        (26.0, 30.0),
        (32.0, 65.0),
        (40.0, 28.0),
        (48.0, 66.0),
        (56.0, 35.0),
        (66.0, 60.0),
    ],
    &[(60.0, 20.0), (64.0, 45.0), (70.0, 70.0)],
];
/// The finger is seen this often on its way from one point to the next.
const PER_LINE: u16 = 6;

/// Draws with one finger: down, along, up, as quickly as a hand does.
fn sign(patience: Duration) -> Result<(), Failure> {
    let end = Instant::now() + patience;
    let area = loop {
        let pad = on_screen(|state| {
            let (_, since) = state.page.get()?;
            let seen = look(state);
            let pad = seen
                .iter()
                .find(|seen| PAD.contains(&seen.label.as_str()))?;
            (since.elapsed() >= READING).then_some(pad.area)
        })?;
        match pad {
            Some(area) => break area,
            None if Instant::now() > end => {
                return Err(Failure::Missed(format!(
                    "nowhere to sign within {patience:?}"
                )));
            }
            None => thread::sleep(GLANCE),
        }
    };
    let [left, top, right, bottom] = area;
    let on_pad = |(x, y): Point| {
        (
            left + (right - left) * x / 100.0,
            top + (bottom - top) * y / 100.0,
        )
    };
    for stroke in STROKES {
        let Some(first) = stroke.first().copied().map(on_pad) else {
            continue;
        };
        on_screen(move |state| press(state, first, Pressed::Nothing))?;
        let mut last = first;
        for point in stroke.iter().copied().map(on_pad) {
            for step in 1..=PER_LINE {
                let part = f32::from(step) / f32::from(PER_LINE);
                let (x, y) = (
                    last.0 + (point.0 - last.0) * part,
                    last.1 + (point.1 - last.1) * part,
                );
                on_screen(move |state| {
                    let position = LogicalPosition::new(x, y);
                    state
                        .window
                        .dispatch_event(WindowEvent::PointerMoved { position });
                })?;
                thread::sleep(FRAME);
            }
            last = point;
        }
        lift(last)?;
        thread::sleep(GLANCE);
    }
    Ok(())
}

/// Which way the citizen looks for something that is not in sight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Search {
    Down,
    Up,
    Over,
}

fn tap(label: &str, patience: Duration) -> Result<(), Failure> {
    let end = Instant::now() + patience;
    let mut search = (None, Search::Down, Instant::now());
    while Instant::now() < end {
        let wanted = label.to_owned();
        let direction = search.1;
        let below = search.2.elapsed() >= LOOK_BELOW;
        let (serial, pressed) = on_screen(move |state| {
            let Some((serial, since)) = state.page.get() else {
                return (0, Pressed::Nothing);
            };
            if since.elapsed() < READING {
                return (serial, Pressed::Nothing);
            }
            state.draw();
            let seen = look(state);
            (
                serial,
                match choose(&seen, &wanted) {
                    Choice::Here(at) => press(state, at, Pressed::Wanted(at)),
                    Choice::Hidden => press_more(state, &seen, direction),
                    Choice::Nowhere if below => press_more(state, &seen, direction),
                    Choice::Nowhere => Pressed::Nothing,
                },
            )
        })?;
        if search.0 != Some(serial) {
            search = (Some(serial), Search::Down, Instant::now());
        }
        match pressed {
            Pressed::Nothing => {}
            Pressed::End => {
                search.1 = match search.1 {
                    Search::Down => Search::Up,
                    Search::Up | Search::Over => Search::Over,
                }
            }
            Pressed::More(at) => {
                lift(at)?;
                // The page moves at once; reading it takes a moment.
                thread::sleep(GLANCE);
            }
            Pressed::Wanted(at) => {
                // A finger that came down on a page that is gone by now has touched nothing.
                if lift(at)? == Some(serial) {
                    thread::sleep(GLANCE);
                    return Ok(());
                }
            }
        }
        thread::sleep(GLANCE);
    }
    Err(Failure::Missed(format!(
        "nothing to touch with this label within {patience:?}"
    )))
}

type Point = (f32, f32);

#[derive(Debug, Clone, Copy, PartialEq)]
enum Pressed {
    /// What was looked for.
    Wanted(Point),
    /// "More below" or "more above".
    More(Point),
    /// There is no more in this direction.
    End,
    Nothing,
}

fn press(state: &State, (x, y): Point, pressed: Pressed) -> Pressed {
    let position = LogicalPosition::new(x, y);
    state
        .window
        .dispatch_event(WindowEvent::PointerMoved { position });
    state.window.dispatch_event(WindowEvent::PointerPressed {
        position,
        button: PointerEventButton::Left,
    });
    pressed
}

fn press_more(state: &State, seen: &[Seen], direction: Search) -> Pressed {
    let labels = match direction {
        Search::Down => MORE_BELOW,
        Search::Up => MORE_ABOVE,
        Search::Over => return Pressed::Nothing,
    };
    match more(seen, labels) {
        Some(more) => press(state, more.centre(), Pressed::More(more.centre())),
        None => Pressed::End,
    }
}

/// The button that scrolls, under either of its labels.
fn more<'a>(seen: &'a [Seen], labels: [&str; 2]) -> Option<&'a Seen> {
    seen.iter()
        .find(|seen| seen.button && labels.contains(&seen.label.as_str()))
}

/// Lifts the finger; the serial of the page it left.
fn lift((x, y): Point) -> Result<Option<u32>, Gone> {
    thread::sleep(PRESS);
    on_screen(move |state| {
        let serial = state.page.get().map(|(serial, _)| serial);
        release(state, (x, y));
        serial
    })
}

fn release(state: &State, (x, y): Point) {
    state.window.dispatch_event(WindowEvent::PointerReleased {
        position: LogicalPosition::new(x, y),
        button: PointerEventButton::Left,
    });
    state.window.dispatch_event(WindowEvent::PointerExited);
}

/// Something on the page that people can read or touch.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Seen {
    label: String,
    button: bool,
    enabled: bool,
    /// Left, top, right, bottom.
    area: [f32; 4],
    /// The part of the window that it can be seen through.
    #[serde(skip)]
    through: [f32; 4],
}

impl Seen {
    fn centre(&self) -> Point {
        let [left, top, right, bottom] = self.area;
        ((left + right) / 2.0, (top + bottom) / 2.0)
    }

    /// Whether any of it can be seen; touching an edge of the sight is not being in it.
    fn meets(&self) -> bool {
        let (area, through) = (self.area, self.through);
        area[0] < through[2] && area[2] > through[0] && area[1] < through[3] && area[3] > through[1]
    }

    /// Whether a finger on its centre hits it.
    fn in_sight(&self) -> bool {
        let (x, y) = self.centre();
        let [left, top, right, bottom] = self.through;
        (left..right).contains(&x) && (top..bottom).contains(&y)
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Choice {
    Here(Point),
    /// It is there, but scrolled out of sight.
    Hidden,
    Nowhere,
}

/// The label exactly, else its beginning, else a part of it.
fn choose(seen: &[Seen], label: &str) -> Choice {
    let fits: [fn(&str, &str) -> bool; 3] = [
        |seen, label| seen == label,
        |seen, label| seen.starts_with(label),
        |seen, label| seen.contains(label),
    ];
    for fits in fits {
        let mut fitting = seen
            .iter()
            .filter(|seen| seen.button && seen.enabled && fits(&seen.label, label))
            .peekable();
        if fitting.peek().is_some() {
            return match fitting.find(|seen| seen.in_sight()) {
                Some(seen) => Choice::Here(seen.centre()),
                None => Choice::Hidden,
            };
        }
    }
    Choice::Nowhere
}

/// All that can be read or touched now.
fn look(state: &State) -> Vec<Seen> {
    let mut seen = all(state);
    seen.retain(Seen::meets);
    seen
}

/// All that the page holds, in sight or not.
fn all(state: &State) -> Vec<Seen> {
    let screen = state.screen.borrow();
    let Some(screen) = screen.as_ref() else {
        return Vec::new();
    };
    let window = screen.window();
    let (width, height) = state.canvas.borrow().size();
    let (width, height) = (width as f32, height as f32);
    let whole = [0.0, 0.0, width, height];
    let mut all: Vec<Seen> = Vec::new();
    // Whatever scrolls is seen through its list only.
    let mut scrolled = Vec::new();
    for list in ElementQuery::from_root(window)
        .match_inherits("Flickable")
        .find_all()
    {
        let through = area(&list);
        for one in list.query_descendants().find_all() {
            if let Some(one) = seen(&one, through) {
                scrolled.push((one.label.clone(), one.area));
                all.push(one);
            }
        }
    }
    for one in ElementQuery::from_root(window).find_all() {
        if let Some(one) = seen(&one, whole)
            && !scrolled
                .iter()
                .any(|(label, area)| *label == one.label && *area == one.area)
        {
            all.push(one);
        }
    }
    all
}

/// What is in sight, as JSON: `[{"label","button","enabled","area":[left,top,right,bottom]}]`.
pub(super) fn readable(state: &State) -> Zeroizing<Vec<u8>> {
    let mut seen = look(state);
    seen.retain(Seen::in_sight);
    let mut json = Zeroizing::new(Vec::new());
    // Labels and numbers cannot fail to be written into memory.
    let _whole = serde_json::to_writer(&mut *json, &seen);
    json
}

pub(super) fn to_the_end(state: &State) -> Result<bool, String> {
    let mut moved = false;
    let mut seen = look(state);
    while let Some(more) = more(&seen, MORE_BELOW) {
        let at = more.centre();
        press(state, at, Pressed::More(at));
        release(state, at);
        slint::platform::update_timers_and_animations();
        state.draw();
        let now = look(state);
        if now == seen {
            return Err(format!("{:?} does nothing", more.label));
        }
        seen = now;
        moved = true;
    }
    Ok(moved)
}

/// Least side of what can be touched, in pixels.
const TARGET: f32 = 96.0;

pub(super) fn misplaced(state: &State) -> Vec<String> {
    let seen = look(state);
    let (width, _) = state.canvas.borrow().size();
    let mut faults = Vec::new();
    if more(&seen, MORE_BELOW).is_none() {
        let below = all(state)
            .into_iter()
            .filter(|one| one.area[3] > one.through[3] + 1.0);
        faults.extend(below.map(|one| {
            let past = one.area[3] - one.through[3];
            format!("{:?} is out of reach, {past} below the end", one.label)
        }));
    }
    for (at, one) in seen.iter().enumerate() {
        let [left, top, right, bottom] = one.area;
        if left < 0.0 || right > width as f32 {
            faults.push(format!(
                "{:?} leaves the window: {left}..{right}",
                one.label
            ));
        }
        // Halves of a pixel come from centring.
        if one.button && (right - left < TARGET - 0.5 || bottom - top < TARGET - 0.5) {
            faults.push(format!(
                "{:?} is too small: {}x{}",
                one.label,
                right - left,
                bottom - top
            ));
        }
        for other in seen
            .iter()
            .skip(at + 1)
            .filter(|other| other.button == one.button)
        {
            let across = right.min(other.area[2]) - left.max(other.area[0]);
            let down = bottom.min(other.area[3]) - top.max(other.area[1]);
            // One target may hold a smaller one (the idle page); two words may not share a place.
            let same_view = one.through == other.through;
            if !one.button && same_view && across > 2.0 && down > 2.0 {
                faults.push(format!("{:?} lies on {:?}", one.label, other.label));
            }
        }
    }
    faults
}

fn seen(element: &ElementHandle, through: [f32; 4]) -> Option<Seen> {
    let role = element.accessible_role()?;
    let button = role == AccessibleRole::Button;
    if !button && role != AccessibleRole::Text {
        return None;
    }
    let label = element
        .accessible_label()
        .filter(|label| !label.is_empty())?;
    Some(Seen {
        label: label.into(),
        button,
        enabled: element.accessible_enabled().unwrap_or(true),
        area: area(element),
        through,
    })
}

fn area(element: &ElementHandle) -> [f32; 4] {
    let (at, size) = (element.absolute_position(), element.size());
    [at.x, at.y, at.x + size.width, at.y + size.height]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn button(label: &str, top: f32) -> Seen {
        Seen {
            label: label.into(),
            button: true,
            enabled: true,
            area: [0.0, top, 100.0, top + 100.0],
            through: [0.0, 0.0, 100.0, 400.0],
        }
    }

    #[test]
    fn the_whole_label_wins_over_a_part_of_it() {
        let seen = [
            button("不是本市户口", 0.0),
            button("本市户口，集体户", 100.0),
            button("本市户口", 200.0),
        ];
        assert_eq!(choose(&seen, "本市户口"), Choice::Here((50.0, 250.0)));
        assert_eq!(choose(&seen, "本市"), Choice::Here((50.0, 150.0)));
        assert_eq!(choose(&seen, "不是"), Choice::Here((50.0, 50.0)));
        assert_eq!(choose(&seen, "外地"), Choice::Nowhere);
    }

    #[test]
    fn what_is_cut_by_the_edge_is_not_touched() {
        assert_eq!(choose(&[button("继续", 370.0)], "继续"), Choice::Hidden);
    }

    #[test]
    fn what_is_off_is_not_touched() {
        let off = Seen {
            enabled: false,
            ..button("继续", 0.0)
        };
        assert_eq!(choose(&[off], "继续"), Choice::Nowhere);
    }
}
