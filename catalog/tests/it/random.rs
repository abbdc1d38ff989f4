//! Small random questionnaires, and what they mean by the words of the format: by trying every
//! answer. Shared with the tests of the verifier.

use std::fmt::Write as _;

/// Question and options that it must be answered with, by number.
pub type When = Vec<(usize, Vec<usize>)>;

pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % limit
    }

    fn subset(&mut self, of: &[usize]) -> Vec<usize> {
        loop {
            let some: Vec<usize> = of.iter().copied().filter(|_| self.below(2) == 0).collect();
            if !some.is_empty() {
                return some;
            }
        }
    }
}

/// How a question is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// By one of its options.
    Choice,
    /// By a number: option `n` is the band from `2n` until `2n + 2`, the first and the last are open.
    Number,
    /// By a day: the bands are the same years of age.
    Date,
}

/// A question as it may be asked.
#[derive(Debug, Clone)]
pub struct Asked {
    pub kind: Kind,
    /// How many options or bands.
    pub options: usize,
    /// "I don't know" goes on as this option.
    pub unsure: Option<usize>,
    /// When it is asked.
    pub when: When,
}

impl Asked {
    /// The option of everything that can be answered: each option itself, the edges of each band, and
    /// what lies far beyond the last.
    fn answers(&self) -> Vec<usize> {
        let last = self.options - 1;
        let mut answers: Vec<usize> = match self.kind {
            Kind::Choice => (0..self.options).collect(),
            Kind::Number | Kind::Date => {
                let values = (0..2 * self.options).chain([1_000]);
                values.map(|value| (value / 2).min(last)).collect()
            }
        };
        answers.extend(self.unsure);
        answers.sort_unstable();
        answers.dedup();
        answers
    }

    /// The bounds of a band, as a file has them.
    fn bounds(&self, option: usize) -> String {
        let (unit, mark) = match self.kind {
            Kind::Choice => return String::new(),
            Kind::Number => ("", ""),
            Kind::Date => ("Y", "\""),
        };
        let start = if self.kind == Kind::Date { "P" } else { "" };
        let bound = |name: &str, at: usize| format!("{name} = {mark}{start}{at}{unit}{mark}\n");
        let mut text = String::new();
        if option > 0 {
            text += &bound("from", 2 * option);
        }
        if option + 1 < self.options {
            text += &bound("until", 2 * option + 2);
        }
        text
    }
}

/// Question `n` is `q<n>`, its options `a`, `b`, … in order.
#[derive(Debug, Clone)]
pub struct Paper {
    pub questions: Vec<Asked>,
    pub windows: Vec<When>,
    pub situations: Vec<When>,
}

/// The windows and situations that apply to one set of answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applying {
    /// Question and option of every question that is asked.
    pub given: Vec<(usize, usize)>,
    pub windows: Vec<usize>,
    pub situations: Vec<usize>,
}

impl Paper {
    /// Often exhaustive and exclusive, and often nearly so.
    pub fn random(random: &mut Random) -> Paper {
        let mut paper = Paper {
            questions: Vec::new(),
            windows: Vec::new(),
            situations: Vec::new(),
        };
        for q in 0..1 + random.below(5) {
            let when = match q > 0 && random.below(2) == 0 {
                true => vec![paper.entry(random.below(q), random)],
                false => Vec::new(),
            };
            let options = 1 + random.below(4);
            let kind = match random.below(4) {
                0 if options > 1 => Kind::Number,
                1 if options > 1 => Kind::Date,
                _ => Kind::Choice,
            };
            let unsure = (random.below(3) == 0).then(|| random.below(options));
            paper.questions.push(Asked {
                kind,
                options,
                unsure,
                when,
            });
        }
        for _ in 0..random.below(3) {
            let q = random.below(paper.questions.len());
            let mut when = vec![paper.entry(q, random)];
            let other = random.below(paper.questions.len());
            if other != q {
                when.push(paper.entry(other, random));
            }
            paper.windows.push(when);
        }
        paper.cut(Vec::new(), random, 0);
        match random.below(6) {
            0 => {
                let s = random.below(paper.situations.len());
                paper.situations.remove(s);
            }
            1 => {
                let s = random.below(paper.situations.len());
                paper.situations[s].pop();
            }
            2 => {
                let s = random.below(paper.situations.len());
                if let Some((q, options)) = paper.situations[s].last_mut() {
                    *options = random.subset(&(0..paper.questions[*q].options).collect::<Vec<_>>());
                }
            }
            3 => {
                let q = random.below(paper.questions.len());
                let when = vec![paper.entry(q, random)];
                paper.situations.push(when);
            }
            _ => {}
        }
        paper
    }

    fn entry(&self, q: usize, random: &mut Random) -> (usize, Vec<usize>) {
        (
            q,
            random.subset(&(0..self.questions[q].options).collect::<Vec<_>>()),
        )
    }

    /// Cuts what a condition allows into disjoint situations.
    fn cut(&mut self, when: When, random: &mut Random, depth: usize) {
        let allowed = |q: usize| match when.iter().find(|(w, _)| *w == q) {
            Some((_, options)) => options.clone(),
            None => (0..self.questions[q].options).collect(),
        };
        // Only where a question is asked for sure do its answers cut.
        let is_asked = |q: usize| {
            self.questions[q].when.iter().all(|(on, options)| {
                when.iter()
                    .any(|(w, have)| w == on && have.iter().all(|o| options.contains(o)))
            })
        };
        let q = random.below(self.questions.len());
        let options = allowed(q);
        if depth > 4 || options.len() < 2 || !is_asked(q) || random.below(6) == 0 {
            if depth <= 4 && random.below(3) > 0 {
                return self.cut(when, random, depth + 1);
            }
            self.situations.push(when);
            return;
        }
        let some = loop {
            let some = random.subset(&options);
            if some.len() < options.len() {
                break some;
            }
        };
        let rest = options
            .iter()
            .copied()
            .filter(|o| !some.contains(o))
            .collect();
        for part in [some, rest] {
            let mut next: When = when.iter().filter(|(w, _)| *w != q).cloned().collect();
            next.push((q, part));
            self.cut(next, random, depth + 1);
        }
    }

    /// What applies, for every set of answers: by the definition.
    pub fn all(&self) -> Vec<Applying> {
        let mut all = vec![Vec::new()];
        for (q, asked) in self.questions.iter().enumerate() {
            let answers = asked.answers();
            all = all
                .into_iter()
                .flat_map(
                    |given: Vec<(usize, usize)>| match holds(&asked.when, &given) {
                        true => answers
                            .iter()
                            .map(|o| [given.as_slice(), &[(q, *o)]].concat())
                            .collect(),
                        false => vec![given],
                    },
                )
                .collect();
        }
        let which = |all: &[When], given: &[(usize, usize)]| {
            (0..all.len()).filter(|n| holds(&all[*n], given)).collect()
        };
        all.into_iter()
            .map(|given| Applying {
                windows: which(&self.windows, &given),
                situations: which(&self.situations, &given),
                given,
            })
            .collect()
    }

    /// As a file has it: what decides where answers lead, and nothing else.
    pub fn toml(&self) -> String {
        let mut text = String::new();
        for (q, asked) in self.questions.iter().enumerate() {
            let kind = match asked.kind {
                Kind::Choice => "\"choice\"",
                Kind::Number => "\"number\"\nmin = 0\nmax = 1000",
                Kind::Date => "\"date\"",
            };
            write!(text, "[[question]]\nid = \"q{q}\"\nkind = {kind}\ntext = {{ zh = \"问{q}\", en = \"question {q}\" }}\n{}", condition(&asked.when)).unwrap();
            if let Some(unsure) = asked.unsure {
                let option = option(unsure);
                writeln!(
                    text,
                    "unsure = {{ help = {{ zh = \"看\", en = \"look\" }}, as = \"{option}\" }}"
                )
                .unwrap();
            }
            for o in 0..asked.options {
                write!(
                    text,
                    "[[question.option]]\nid = \"{0}\"\ntext = {{ zh = \"{0}\", en = \"{0}\" }}\n{1}",
                    option(o),
                    asked.bounds(o)
                )
                .unwrap();
            }
        }
        for (w, when) in self.windows.iter().enumerate() {
            write!(text, "[[window]]\nid = \"w{w}\"\nreason = {{ zh = \"因\", en = \"why\" }}\nwhere = {{ zh = \"窗\", en = \"there\" }}\n{}", condition(when)).unwrap();
        }
        for (s, when) in self.situations.iter().enumerate() {
            write!(
                text,
                "[[situation]]\nid = \"s{s}\"\ntext = {{ zh = \"情形\", en = \"situation\" }}\n{}",
                condition(when)
            )
            .unwrap();
        }
        text
    }
}

pub fn holds(when: &When, given: &[(usize, usize)]) -> bool {
    when.iter()
        .all(|(q, options)| given.iter().any(|(g, o)| g == q && options.contains(o)))
}

pub fn option(o: usize) -> char {
    (b'a' + o as u8) as char
}

fn condition(when: &When) -> String {
    let entries: Vec<String> = when
        .iter()
        .map(|(q, options)| {
            let options: Vec<String> = options
                .iter()
                .map(|o| format!("\"{}\"", option(*o)))
                .collect();
            format!("q{q} = [{}]", options.join(", "))
        })
        .collect();
    match entries.is_empty() {
        true => String::new(),
        false => format!("when = {{ {} }}\n", entries.join(", ")),
    }
}
