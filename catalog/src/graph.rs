//! A matter as a picture: how it asks, which situations it tells apart, and the flow of its items.
//! For authors and reviewers; as SVG with Chinese or English words.

mod svg;

use std::collections::{BTreeMap, BTreeSet};

use crate::diff::option_words;
use crate::model::{Catalog, Condition, Item, Lang, Matter, Question, Text};
use svg::{Frame, Look, Paragraph, Picture, bold, plain, quiet};

const QUESTION: Look = look("question", "#e8f1fb", "#3572b0", false);
const OPTION: Look = look("option", "#ffffff", "#9fb3c8", false);
const UNSURE: Look = look("unsure", "#ffffff", "#9fb3c8", true);
const WINDOW: Look = look("window", "#fdf0e6", "#c05621", false);
const SITUATION: Look = look("situation", "#e9f7ef", "#2f855a", false);
const ITEM: Look = look("item", "#f3eefb", "#6b46c1", false);
const SOMETIMES: Look = look("item", "#ffffff", "#6b46c1", true);

/// The colours of the lines that lead to questions asked of some people only.
const LANES: [&str; 6] = [
    "#b83280", "#2c7a7b", "#b7791f", "#553c9a", "#2b6cb0", "#9b2c2c",
];

const WIDE: f64 = 440.0;
const BESIDE: f64 = 340.0;
const STEP: f64 = 230.0;

const fn look(class: &'static str, fill: &'static str, stroke: &'static str, dashed: bool) -> Look {
    Look {
        class,
        fill,
        stroke,
        dashed,
    }
}

/// Draws a matter.
pub fn graph(catalog: &Catalog, matter: &Matter, lang: Lang) -> String {
    let mut drawing = Drawing {
        catalog,
        matter,
        lang,
        picture: Picture::default(),
    };
    drawing.heading();
    drawing.questions();
    drawing.situations();
    drawing.flow();
    drawing.picture.svg(matter.name.get(lang))
}

struct Drawing<'m> {
    catalog: &'m Catalog,
    matter: &'m Matter,
    lang: Lang,
    picture: Picture,
}

impl Drawing<'_> {
    fn word(&self, zh: &'static str, en: &'static str) -> &'static str {
        self.lang.pick(zh, en)
    }

    fn says(&self, text: &Text) -> String {
        text.get(self.lang).to_owned()
    }

    fn heading(&mut self) {
        let (name, lang) = (&self.matter.name, self.lang);
        self.picture.title(30.0, 48.0, 22.0, name.get(lang));
        let about = match lang {
            Lang::Zh => format!(
                "目录 {}（{}）　{}个问题　{}种情形　{}个事项　承诺{}个工作日",
                self.catalog.version,
                self.catalog.region.zh,
                self.matter.questions.len(),
                self.matter.situations.len(),
                self.matter.items.len(),
                self.matter.guide.promised_working_days
            ),
            Lang::En => format!(
                "Catalogue {} ({}), {} questions, {} situations, {} items, {} working days promised",
                self.catalog.version,
                self.catalog.region.en,
                self.matter.questions.len(),
                self.matter.situations.len(),
                self.matter.items.len(),
                self.matter.guide.promised_working_days
            ),
        };
        self.picture.label(30.0, 74.0, &quiet(about));
    }

    fn section(&mut self, zh: &'static str, en: &'static str) -> f64 {
        let y = self.picture.bottom() + 50.0;
        let word = self.word(zh, en);
        self.picture.title(30.0, y, 18.0, word);
        y + 24.0
    }

    /// The questions from top to bottom with their options; to the right the windows that an
    /// answer leads to, on the left lines from an answer to the questions that only it leads to.
    fn questions(&mut self) {
        if self.matter.questions.is_empty() {
            return;
        }
        let mut y = self.section("一、怎么问", "1. What is asked");
        let matter = self.matter;
        let conditional = matter.questions.iter().filter(|q| !q.when.is_empty());
        let lanes: BTreeMap<&str, usize> = conditional
            .enumerate()
            .map(|(lane, q)| (q.id.as_str(), lane))
            .collect();
        let left = 40.0 + count(lanes.len()) * 14.0;
        let mut windows_end = y;
        let mut options: BTreeMap<(&str, &str), Frame> = BTreeMap::new();
        let mut before: Option<f64> = None;
        for (q, question) in matter.questions.iter().enumerate() {
            let head = self.question(q, question);
            let frame = self.picture.block(left, y, WIDE, QUESTION, &head);
            if let Some(from) = before {
                let x = left + WIDE / 2.0;
                self.picture
                    .arrow_through(&[(x, from), (x, frame.y)], "#829ab1");
            }
            if let Some(lane) = lanes.get(question.id.as_str()) {
                self.lane(*lane, &question.when, frame, &options);
            }
            y = frame.bottom() + 6.0;
            for option in &question.options {
                let mut text = vec![plain(option_words(question, option).get(self.lang))];
                text.extend(option.note.as_ref().map(|note| quiet(self.says(note))));
                let at = self
                    .picture
                    .block(left + 30.0, y, WIDE - 30.0, OPTION, &text);
                options.insert((&question.id, &option.id), at);
                y = at.bottom() + 4.0;
            }
            if let Some(text) = self.unsure(question) {
                y = self
                    .picture
                    .block(left + 30.0, y, WIDE - 30.0, UNSURE, &[quiet(text)])
                    .bottom()
                    + 4.0;
            }
            before = Some(y - 4.0);
            y += 34.0;
            windows_end = self.windows(q, &options, left + WIDE + 90.0, windows_end.max(frame.y));
        }
    }

    fn question(&self, q: usize, question: &Question) -> Vec<Paragraph> {
        let mut text = vec![bold(format!("{}. {}", q + 1, self.says(&question.text)))];
        if !question.when.is_empty() {
            let when = self.condition(&question.when);
            text.push(quiet(match self.lang {
                Lang::Zh => format!("只问：{when}的人"),
                Lang::En => format!("Only if {when}"),
            }));
        }
        text.extend(question.resource.as_ref().map(|resource| {
            let source = self.catalog.resource(&resource.id);
            let name = source.map_or(resource.id.clone(), |s| self.says(&s.name));
            quiet(match self.lang {
                Lang::Zh => format!("可以自动回答：{name}"),
                Lang::En => format!("Can be answered by: {name}"),
            })
        }));
        text
    }

    fn unsure(&self, question: &Question) -> Option<String> {
        let unsure = question.unsure.as_ref()?;
        let instead = unsure.instead.as_ref().and_then(|id| question.option(id));
        Some(match (instead, self.lang) {
            (Some(option), Lang::Zh) => format!("不清楚：按“{}”往下走", option.label(Lang::Zh)),
            (Some(option), Lang::En) => {
                format!("I don't know: goes on as \"{}\"", option.label(Lang::En))
            }
            (None, Lang::Zh) => "不清楚：请工作人员帮忙".to_owned(),
            (None, Lang::En) => "I don't know: staff help".to_owned(),
        })
    }

    /// A line on the left from the answers that lead to a question.
    fn lane(
        &mut self,
        lane: usize,
        when: &Condition,
        to: Frame,
        options: &BTreeMap<(&str, &str), Frame>,
    ) {
        let x = 36.0 + count(lane) * 14.0;
        let colour = LANES[lane % LANES.len()];
        let y = to.y + 16.0;
        for (question, wanted) in when {
            for option in wanted {
                if let Some(from) = options.get(&(question.as_str(), option.as_str())) {
                    let way = [
                        (from.x, from.middle()),
                        (x, from.middle()),
                        (x, y),
                        (to.x, y),
                    ];
                    self.picture.arrow_through(&way, colour);
                }
            }
        }
    }

    /// The windows whose last answer is one of a question's.
    fn windows(
        &mut self,
        q: usize,
        options: &BTreeMap<(&str, &str), Frame>,
        x: f64,
        mut y: f64,
    ) -> f64 {
        let matter = self.matter;
        let question = &matter.questions[q];
        for window in &matter.windows {
            let place = |id: &String| matter.questions.iter().position(|q| q.id == *id);
            if window.when.keys().filter_map(place).max() != Some(q) {
                continue;
            }
            let mut others = window.when.clone();
            let own = others.remove(&question.id).unwrap_or_default();
            let mut text = vec![bold(self.word("到窗口办", "At a window"))];
            if !others.is_empty() {
                let others = self.condition(&others);
                text.push(quiet(match self.lang {
                    Lang::Zh => format!("同时：{others}"),
                    Lang::En => format!("And {others}"),
                }));
            }
            text.push(plain(self.says(&window.reason)));
            let first = own
                .first()
                .and_then(|o| options.get(&(question.id.as_str(), o.as_str())));
            y = y.max(first.map_or(y, |f| f.y));
            let frame = self.picture.block(x, y, BESIDE, WINDOW, &text);
            for option in &own {
                if let Some(from) = options.get(&(question.id.as_str(), option.as_str())) {
                    let (from, to) = ((from.right(), from.middle()), (frame.x, frame.middle()));
                    self.picture.arrow_right(from, to, WINDOW.stroke, true);
                }
            }
            y = frame.bottom() + 12.0;
        }
        y
    }

    fn situations(&mut self) {
        let top = self.section("二、分成哪些情形", "2. Which situations there are");
        let note = self.word(
            "方括号里的事项只在其中一部分情形里办。",
            "Items in brackets take part in some of these situations only.",
        );
        self.picture.label(40.0, top - 2.0, &quiet(note));
        let top = top + 14.0;
        let mut bases: Vec<(&str, usize)> = Vec::new();
        for situation in &self.matter.situations {
            match bases.iter_mut().find(|(base, _)| *base == situation.base) {
                Some((_, count)) => *count += 1,
                None => bases.push((&situation.base, 1)),
            }
        }
        let mut ends = [top, top];
        for (n, (base, number)) in bases.iter().enumerate() {
            let text = self.situation(base, *number);
            let side = n % 2;
            let x = 40.0 + if side == 0 { 0.0 } else { WIDE + 24.0 };
            let frame = self.picture.block(x, ends[side], WIDE, SITUATION, &text);
            ends[side] = frame.bottom() + 16.0;
            // Pairs stand side by side.
            if side == 1 {
                ends = [ends[0].max(ends[1]); 2];
            }
        }
    }

    fn situation(&self, base: &str, number: usize) -> Vec<Paragraph> {
        let of_base = || {
            self.matter
                .situations
                .iter()
                .filter(move |s| s.base == base)
        };
        let mut splits: BTreeMap<usize, BTreeSet<&str>> = BTreeMap::new();
        for (question, option) in of_base().flat_map(|s| &s.split) {
            let place = self.matter.questions.iter().position(|q| q.id == *question);
            splits.entry(place.unwrap_or(0)).or_default().insert(option);
        }
        let mut text = Vec::new();
        let written = of_base().next().map(|s| self.written(s));
        text.extend(written.map(bold));
        text.push(quiet(match (self.lang, number) {
            (Lang::Zh, 1) => format!("1种情形（{base}）"),
            (Lang::Zh, _) => format!("细分成{number}种情形（{base}），按："),
            (Lang::En, 1) => format!("1 situation ({base})"),
            (Lang::En, _) => format!("{number} situations ({base}), told apart by:"),
        }));
        for (q, _) in splits.iter().filter(|(_, options)| options.len() > 1) {
            let question = &self.matter.questions[*q];
            text.push(quiet(format!("· {}", self.says(&question.text))));
        }
        let items: BTreeSet<&String> = of_base().flat_map(|s| &s.items).collect();
        let names: Vec<String> = self
            .matter
            .items
            .iter()
            .filter(|i| items.contains(&i.id))
            .map(|i| {
                let every = of_base().all(|s| s.items.contains(&i.id));
                let name = self.says(&i.name);
                if every { name } else { format!("[{name}]") }
            })
            .collect();
        let list = names.join(self.word("、", ", "));
        text.push(plain(match self.lang {
            Lang::Zh => format!("办：{list}"),
            Lang::En => format!("Items: {list}"),
        }));
        text
    }

    /// The first words of a situation's sentence, before the phrases of its options.
    fn written(&self, situation: &crate::model::Situation) -> String {
        let mut sentence = self.says(&situation.text);
        for (question, option) in situation.split.iter().rev() {
            let option = self
                .matter
                .question(question)
                .and_then(|q| q.option(option));
            let phrase = option.and_then(|o| o.phrase.as_ref());
            if let Some(phrase) = phrase {
                let end = format!("{}{}", self.word("，", ", "), phrase.get(self.lang));
                sentence = sentence.strip_suffix(&end).unwrap_or(&sentence).to_owned();
            }
        }
        sentence
    }

    /// The items in steps from left to right: those of one step run side by side, as on the
    /// terminal's page. A line that passes a step gets a place of its own there.
    fn flow(&mut self) {
        let top = self.section("三、怎么办", "3. The flow");
        let note = self.word(
            "虚线框的事项只在有些情形里办；箭头是“要用前一个的结果”，没有箭头相连的同时办。",
            "Items in dashed boxes take part in some situations only; an arrow means that the result is needed, all else runs side by side.",
        );
        self.picture.label(40.0, top - 2.0, &quiet(note));
        let items: Vec<&Item> = self.matter.items.iter().collect();
        let flow = Flow::new(&items);
        let top = top + 16.0;
        let mut places: Vec<Vec<(f64, f64, f64)>> = Vec::new();
        for (c, column) in flow.columns.iter().enumerate() {
            let x = 40.0 + count(c) * (STEP + 80.0);
            let step = match self.lang {
                Lang::Zh => format!("第{}步", c + 1),
                Lang::En => format!("Step {}", c + 1),
            };
            self.picture.label(x, top + 14.0, &bold(step));
            let mut y = top + 28.0;
            let mut here = Vec::new();
            for slot in column {
                match slot {
                    Slot::Item(i) => {
                        let (look, text) = self.item(items[*i]);
                        let frame = self.picture.block(x, y, STEP, look, &text);
                        here.push((frame.x, frame.right(), frame.middle()));
                        y = frame.bottom() + 18.0;
                    }
                    Slot::Passing(_, _) => {
                        here.push((x, x + STEP, y + 4.0));
                        y += 22.0;
                    }
                }
            }
            places.push(here);
        }
        for edge in &flow.edges {
            let ends = (
                places[edge.column - 1][edge.from],
                places[edge.column][edge.to],
            );
            let ((_, from, from_y), (to, end, to_y)) = ends;
            let head = matches!(flow.columns[edge.column][edge.to], Slot::Item(_));
            self.picture
                .arrow_right((from, from_y), (to, to_y), ITEM.stroke, head);
            if !head {
                // The line goes on through the step.
                self.picture
                    .arrow_right((to, to_y), (end, to_y), ITEM.stroke, false);
            }
        }
    }

    fn item(&self, item: &Item) -> (Look, Vec<Paragraph>) {
        let unit = self.says(&self.catalog.unit(&item.unit).short);
        let days = match (self.lang, item.working_days) {
            (Lang::Zh, 0) => "当场".to_owned(),
            (Lang::Zh, days) => format!("{days}个工作日"),
            (Lang::En, 0) => "at once".to_owned(),
            (Lang::En, 1) => "1 working day".to_owned(),
            (Lang::En, days) => format!("{days} working days"),
        };
        let separator = self.word("，", ", ");
        let mut text = vec![
            bold(self.says(&item.name)),
            plain(format!("{unit}{separator}{days}")),
        ];
        if item.in_person {
            text.push(quiet(self.word("要本人到场", "In person")));
        }
        if item.required {
            text.push(quiet(self.word("不能去掉", "Cannot be left out")));
        }
        if item.when.is_empty() {
            return (ITEM, text);
        }
        let when = self.condition(&item.when);
        text.push(quiet(match self.lang {
            Lang::Zh => format!("条件：{when}"),
            Lang::En => format!("If {when}"),
        }));
        (SOMETIMES, text)
    }

    /// A condition in the words of its questions.
    fn condition(&self, when: &Condition) -> String {
        let mut parts = Vec::new();
        // In the order asked.
        for question in &self.matter.questions {
            let Some(wanted) = when.get(&question.id) else {
                continue;
            };
            let words: Vec<String> = question
                .options
                .iter()
                .filter(|o| wanted.contains(&o.id))
                .map(|o| option_words(question, o).get(self.lang).to_owned())
                .collect();
            let text = self.says(&question.text);
            parts.push(match self.lang {
                Lang::Zh => format!("“{text}”答“{}”", words.join("”或“")),
                Lang::En => format!("\"{text}\" is \"{}\"", words.join("\" or \"")),
            });
        }
        parts.join(self.word("，并且", " and "))
    }
}

/// What stands in a column of the flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Slot {
    /// An item, by its number.
    Item(usize),
    /// A line from one item to another that passes.
    Passing(usize, usize),
}

/// A line from a slot of the column before to one of a column.
struct Edge {
    column: usize,
    from: usize,
    to: usize,
}

struct Flow {
    columns: Vec<Vec<Slot>>,
    edges: Vec<Edge>,
}

impl Flow {
    fn new(items: &[&Item]) -> Flow {
        let waits: Vec<Vec<usize>> = items
            .iter()
            .map(|item| {
                let place = |id: &String| items.iter().position(|i| i.id == *id);
                item.after.iter().filter_map(place).collect()
            })
            .collect();
        let always: Vec<bool> = items.iter().map(|item| item.when.is_empty()).collect();
        let depths = depths(&waits);
        let mut columns: Vec<Vec<Slot>> = Vec::new();
        columns.resize(depths.iter().max().map_or(0, |d| d + 1), Vec::new());
        for (i, depth) in depths.iter().enumerate() {
            columns[*depth].push(Slot::Item(i));
        }
        for (to, befores) in waits.iter().enumerate() {
            for from in befores
                .iter()
                .filter(|from| !reached(&waits, &always, **from, to))
            {
                for column in &mut columns[depths[*from] + 1..depths[to]] {
                    column.push(Slot::Passing(*from, to));
                }
            }
        }
        order(&mut columns, &waits);
        let mut edges = Vec::new();
        for (to, befores) in waits.iter().enumerate() {
            for from in befores
                .iter()
                .filter(|from| !reached(&waits, &always, **from, to))
            {
                let mut slot = Slot::Item(*from);
                for column in depths[*from] + 1..=depths[to] {
                    let next = if column == depths[to] {
                        Slot::Item(to)
                    } else {
                        Slot::Passing(*from, to)
                    };
                    let at = |column: &[Slot], slot| column.iter().position(|s| *s == slot);
                    let ends = at(&columns[column - 1], slot).zip(at(&columns[column], next));
                    edges.extend(ends.map(|(from, to)| Edge { column, from, to }));
                    slot = next;
                }
            }
        }
        Flow { columns, edges }
    }
}

/// For each item how many must come before it. There is no cycle: the loader saw to it, and the
/// number of rounds is bounded all the same.
fn depths(waits: &[Vec<usize>]) -> Vec<usize> {
    let mut depths = vec![0; waits.len()];
    for _ in 0..waits.len() {
        for (i, befores) in waits.iter().enumerate() {
            depths[i] = befores.iter().map(|b| depths[*b] + 1).max().unwrap_or(0);
        }
    }
    depths
}

/// Whether an item is also waited for through others that take part in every situation: their
/// lines say it already.
fn reached(waits: &[Vec<usize>], always: &[bool], from: usize, to: usize) -> bool {
    let between = |b: &usize| always[*b];
    let mut seen = BTreeSet::new();
    let mut left: Vec<usize> = waits[to]
        .iter()
        .copied()
        .filter(|b| *b != from && between(b))
        .collect();
    while let Some(at) = left.pop() {
        if waits[at].contains(&from) {
            return true;
        }
        if seen.insert(at) {
            left.extend(waits[at].iter().copied().filter(between));
        }
    }
    false
}

/// Orders each column by where its lines come from, so that few of them cross.
fn order(columns: &mut [Vec<Slot>], waits: &[Vec<usize>]) {
    for c in 1..columns.len() {
        let (before, rest) = columns.split_at_mut(c);
        let before = &before[c - 1];
        let place = |slot: Slot| before.iter().position(|s| *s == slot);
        let middle = |slot: &Slot| -> usize {
            let sources: Vec<usize> = match slot {
                Slot::Item(to) => waits[*to]
                    .iter()
                    .filter_map(|from| {
                        place(Slot::Item(*from)).or_else(|| place(Slot::Passing(*from, *to)))
                    })
                    .collect(),
                Slot::Passing(from, to) => place(Slot::Passing(*from, *to))
                    .or_else(|| place(Slot::Item(*from)))
                    .into_iter()
                    .collect(),
            };
            let sum: usize = sources.iter().map(|p| p * 100).sum();
            sum / sources.len().max(1)
        };
        rest[0].sort_by_key(middle);
    }
}

/// A small number as a length.
fn count(number: usize) -> f64 {
    u32::try_from(number).map_or(0.0, f64::from)
}
