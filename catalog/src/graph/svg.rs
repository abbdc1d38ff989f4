//! Boxes, arrows and wrapped text as SVG.

/// How big the letters of a box are, in pixels.
pub const SIZE: f64 = 14.0;
const LINE: f64 = 20.0;
/// Between a box's edge and its text.
pub const PADDING: f64 = 10.0;

/// A picture that grows as it is drawn.
#[derive(Debug, Default)]
pub struct Picture {
    back: String,
    front: String,
    width: f64,
    height: f64,
}

/// How a box looks.
#[derive(Debug, Clone, Copy)]
pub struct Look {
    /// What kind of thing it is, as a class for whoever restyles the picture.
    pub class: &'static str,
    /// Its background.
    pub fill: &'static str,
    /// Its border.
    pub stroke: &'static str,
    /// Whether its border is dashed.
    pub dashed: bool,
}

/// A paragraph of a box.
#[derive(Debug, Clone)]
pub struct Paragraph {
    /// Its words.
    pub text: String,
    /// Whether it is bold.
    pub bold: bool,
    /// Its colour.
    pub colour: &'static str,
}

/// Where a box stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Frame {
    /// Left.
    pub x: f64,
    /// Top.
    pub y: f64,
    /// Width.
    pub w: f64,
    /// Height.
    pub h: f64,
}

impl Frame {
    /// The lower edge.
    pub fn bottom(&self) -> f64 {
        self.y + self.h
    }

    /// The right edge.
    pub fn right(&self) -> f64 {
        self.x + self.w
    }

    /// The height of the middle.
    pub fn middle(&self) -> f64 {
        self.y + self.h / 2.0
    }
}

/// Plain words.
pub fn plain(text: impl Into<String>) -> Paragraph {
    Paragraph {
        text: text.into(),
        bold: false,
        colour: "#1f2933",
    }
}

/// Words that say less.
pub fn quiet(text: impl Into<String>) -> Paragraph {
    Paragraph {
        colour: "#52606d",
        ..plain(text)
    }
}

/// Words that say more.
pub fn bold(text: impl Into<String>) -> Paragraph {
    Paragraph {
        bold: true,
        ..plain(text)
    }
}

/// How high a box of some width must be for its paragraphs.
pub fn height(paragraphs: &[Paragraph], width: f64) -> f64 {
    let lines: usize = paragraphs
        .iter()
        .map(|p| wrapped(&p.text, width - 2.0 * PADDING, p.bold).len())
        .sum();
    #[allow(clippy::cast_precision_loss)]
    let lines = lines as f64;
    lines * LINE + 2.0 * PADDING - 4.0
}

impl Picture {
    /// Draws a box at a place, as wide as asked and as high as its text.
    pub fn block(&mut self, x: f64, y: f64, w: f64, look: Look, text: &[Paragraph]) -> Frame {
        let frame = Frame {
            x,
            y,
            w,
            h: height(text, w),
        };
        let dash = if look.dashed {
            " stroke-dasharray=\"6 4\""
        } else {
            ""
        };
        self.front += &format!(
            "<rect class=\"{}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"6\" fill=\"{}\" stroke=\"{}\"{dash}/>\n",
            look.class,
            n(x),
            n(y),
            n(w),
            n(frame.h),
            look.fill,
            look.stroke
        );
        let mut baseline = y + PADDING + SIZE - 1.0;
        for paragraph in text {
            for line in wrapped(&paragraph.text, w - 2.0 * PADDING, paragraph.bold) {
                self.words(x + PADDING, baseline, SIZE, paragraph, &line);
                baseline += LINE;
            }
        }
        self.reach(frame.right(), frame.bottom());
        frame
    }

    /// Writes one line.
    pub fn title(&mut self, x: f64, y: f64, size: f64, text: &str) {
        self.words(x, y, size, &bold(text), text);
        self.reach(x + measure(text, true) * size / SIZE, y);
    }

    /// Writes one line that is less than a title.
    pub fn label(&mut self, x: f64, y: f64, text: &Paragraph) {
        self.words(x, y, SIZE, text, &text.text);
        self.reach(x + measure(&text.text, text.bold), y);
    }

    /// An arrow to the right, from one place to another.
    pub fn arrow_right(&mut self, from: (f64, f64), to: (f64, f64), colour: &str, head: bool) {
        let bend = ((to.0 - from.0) / 2.0).max(8.0);
        let path = format!(
            "M{} {}C{} {} {} {} {} {}",
            n(from.0),
            n(from.1),
            n(from.0 + bend),
            n(from.1),
            n(to.0 - bend),
            n(to.1),
            n(to.0),
            n(to.1)
        );
        self.path(&path, colour);
        if head {
            self.head((to.0 - 1.0, to.1), to, colour);
        }
    }

    /// Straight lines through some places; the last one has the arrow's head.
    pub fn arrow_through(&mut self, places: &[(f64, f64)], colour: &str) {
        let steps: Vec<String> = places
            .iter()
            .map(|(x, y)| format!("{} {}", n(*x), n(*y)))
            .collect();
        self.path(&format!("M{}", steps.join("L")), colour);
        if let [.., before, last] = places {
            self.head(*before, *last, colour);
        }
        for (x, y) in places {
            self.reach(*x, *y);
        }
    }

    fn path(&mut self, path: &str, colour: &str) {
        self.back += &format!(
            "<path class=\"edge\" d=\"{path}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.6\"/>\n"
        );
    }

    /// The head of an arrow. Drawn as a shape: markers that take over a line's colour are not
    /// known everywhere.
    fn head(&mut self, from: (f64, f64), to: (f64, f64), colour: &str) {
        let (dx, dy) = (to.0 - from.0, to.1 - from.1);
        let length = dx.hypot(dy).max(0.1);
        let (ux, uy) = (dx / length, dy / length);
        let (x, y) = (to.0 - 9.0 * ux, to.1 - 9.0 * uy);
        self.back += &format!(
            "<path class=\"head\" d=\"M{} {}L{} {}L{} {}z\" fill=\"{colour}\"/>\n",
            n(to.0),
            n(to.1),
            n(x - 4.5 * uy),
            n(y + 4.5 * ux),
            n(x + 4.5 * uy),
            n(y - 4.5 * ux)
        );
    }

    fn words(&mut self, x: f64, y: f64, size: f64, look: &Paragraph, text: &str) {
        let weight = if look.bold {
            " font-weight=\"bold\""
        } else {
            ""
        };
        self.front += &format!(
            "<text x=\"{}\" y=\"{}\" font-size=\"{size}\" fill=\"{}\"{weight}>{}</text>\n",
            n(x),
            n(y),
            look.colour,
            escaped(text)
        );
    }

    fn reach(&mut self, x: f64, y: f64) {
        self.width = self.width.max(x);
        self.height = self.height.max(y);
    }

    /// The lower end of what was drawn.
    pub fn bottom(&self) -> f64 {
        self.height
    }

    /// The whole picture.
    pub fn svg(&self, title: &str) -> String {
        let (w, h) = (n(self.width + 30.0), n(self.height + 30.0));
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{w}\" height=\"{h}\" viewBox=\"0 0 {w} {h}\" \
             font-family=\"'Noto Sans CJK SC','Noto Sans SC','Microsoft YaHei','PingFang SC',sans-serif\">\n\
             <title>{}</title>\n\
             <rect width=\"{w}\" height=\"{h}\" fill=\"#ffffff\"/>\n{}{}</svg>\n",
            escaped(title),
            self.back,
            self.front
        )
    }
}

/// A number with one decimal, without a useless zero.
fn n(number: f64) -> String {
    let text = format!("{number:.1}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        match c {
            '&' => escaped += "&amp;",
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            c if c.is_control() => escaped.push(' '),
            c => escaped.push(c),
        }
    }
    escaped
}

/// How wide words are: a Chinese character is as wide as high, Latin letters are narrower. No font
/// is at hand; the widths are those of common ones, rounded up.
fn measure(text: &str, bold: bool) -> f64 {
    let width = |c: char| match c {
        'i' | 'l' | 'j' | 't' | 'f' | 'r' | '.' | ',' | ':' | ';' | '\'' | '|' | '(' | ')'
        | ' ' | '-' => 0.40,
        'm' | 'w' | 'M' | 'W' => 0.95,
        'A'..='Z' => 0.74,
        '\u{20}'..='\u{24f}' => 0.62,
        _ => 1.0,
    };
    let weight = if bold { 1.04 } else { 1.0 };
    text.chars().map(width).sum::<f64>() * SIZE * weight
}

/// Text in lines. Latin words stay whole where they fit, and no line begins with a mark that
/// closes.
fn wrapped(text: &str, width: f64, bold: bool) -> Vec<String> {
    const CLOSING: &str = "，。、；：？！）》”’…,.;:?!)%]";
    const OPENING: &str = "（《“‘([";
    let mut lines = Vec::new();
    let mut line = String::new();
    for piece in pieces(text) {
        let full = measure(&line, bold) + measure(&piece, bold) > width;
        if full && !line.is_empty() {
            let closes = |c: char| CLOSING.contains(c);
            let cut = if piece.starts_with(closes) {
                // The last character that is no such mark goes along to the next line.
                line.char_indices()
                    .rfind(|(_, c)| !closes(*c))
                    .map(|(at, _)| at)
            } else {
                let last = line.char_indices().next_back();
                last.filter(|(_, c)| OPENING.contains(*c)).map(|(at, _)| at)
            };
            let rest = line.split_off(cut.filter(|at| *at > 0).unwrap_or(line.len()));
            lines.push(line.trim_end().to_owned());
            line = rest;
            if line.is_empty() && piece == " " {
                continue;
            }
        }
        line += &piece;
    }
    if !line.is_empty() || lines.is_empty() {
        lines.push(line);
    }
    lines
}

/// What may not be broken: a Chinese character, or a Latin word; a long one is broken all the same.
fn pieces(text: &str) -> Vec<String> {
    const LONGEST: usize = 24;
    let mut pieces: Vec<String> = Vec::new();
    let mut latin = false;
    for c in text.chars() {
        let is_latin = c.is_ascii_graphic();
        match pieces.last_mut() {
            Some(last) if is_latin && latin && last.len() < LONGEST => last.push(c),
            Some(_) | None => pieces.push(c.to_string()),
        }
        latin = is_latin;
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_begins_with_a_closing_mark_or_ends_with_an_opening_one() {
        let text =
            "孩子不是在医院出生的，要先由工作人员核实（多半还要做“亲子鉴定”），才能发出生证。";
        for width in 60..400 {
            for line in wrapped(text, f64::from(width), false) {
                assert!(
                    !line.starts_with(['，', '）', '”', '。']),
                    "{width}: {line}"
                );
                assert!(!line.ends_with(['（', '“']), "{width}: {line}");
            }
        }
        assert_eq!(wrapped(text, 200.0, false).concat(), text);
    }
}
