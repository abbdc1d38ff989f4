//! Texts as what can be typed for them: each Chinese character as itself or as its pinyin, each
//! other word as its letters.

use pinyin::{ToPinyin, ToPinyinMulti};

/// No more letters are looked at: nobody types more.
pub const MOST_LETTERS: usize = 100;

/// How something was typed; what the ways weigh. Of several in one text the least counts.
pub const SAME: u32 = 10;
/// Syllables in full, or whole words of letters.
pub const SPELLED: u32 = 9;
/// A last syllable or word that is only begun.
pub const BEGUN: u32 = 8;
/// Another character that sounds the same.
const SOUNDS_THE_SAME: u32 = 7;
/// Syllables in full, by a reading that is not the usual one of a character.
pub const RARE: u32 = 6;
/// Initials alone, or among syllables.
pub const INITIALS: u32 = 5;
/// The same by a reading that is not the usual one.
const RARE_INITIALS: u32 = 4;
const NOT: u32 = 0;

/// Letters enough to take them for a text inside a sentence.
const LETTERS_IN_SENTENCE: usize = 5;

/// How many other characters may stand between those of a text in a sentence: 开个小饭馆 is 开饭馆.
const MOST_BETWEEN: usize = 2;

/// A text ready to be compared.
#[derive(Debug, Clone)]
pub struct Spelled {
    pub tokens: Vec<Token>,
    /// All letters that can be typed for it.
    letters: Letters,
    /// The least number of letters or characters that it takes.
    least: usize,
}

/// A character of a text, or a word of other letters.
#[derive(Debug, Clone)]
pub struct Token {
    han: Option<char>,
    spellings: Spellings,
    /// How many of them, the first ones, are of the usual reading.
    usual: usize,
    /// With which letters it can begin.
    firsts: Letters,
}

type Spellings = Vec<Box<[char]>>;

impl Token {
    fn new(han: Option<char>, spellings: Spellings, usual: usize) -> Token {
        let firsts = spellings.iter().filter_map(|s| s.first()).copied();
        Token {
            han,
            firsts: Letters::of(firsts),
            spellings,
            usual,
        }
    }

    pub fn is_han(&self) -> bool {
        self.han.is_some()
    }

    /// Whether it is a word that means something by itself.
    fn is_word(&self) -> bool {
        !self.is_han() && self.spellings[0].len() >= 4
    }
}

/// A set of letters; rare ones share their bits. It rules out in one step most of what cannot fit.
#[derive(Debug, Clone, Copy)]
struct Letters(u64);

impl Letters {
    fn of(letters: impl IntoIterator<Item = char>) -> Letters {
        let bit = |letter: char| 1 << (u32::from(letter) % 64);
        Letters(letters.into_iter().map(bit).fold(0, |all, bit| all | bit))
    }

    fn meet(self, other: Letters) -> bool {
        self.0 & other.0 != 0
    }
}

/// What somebody typed, without spaces and signs.
pub struct Typed {
    letters: Vec<Letter>,
    han: usize,
    /// With which letters any of it begins, characters by their pinyin.
    all: Letters,
}

struct Letter {
    character: char,
    /// Of a Chinese character.
    spellings: Spellings,
    /// How many of them, the first ones, are of the usual reading.
    usual: usize,
    firsts: Letters,
}

impl Spelled {
    /// A text's tokens; signs are left out.
    pub fn new(text: &str) -> Spelled {
        let mut tokens: Vec<Token> = Vec::new();
        let mut word: Vec<char> = Vec::new();
        let end = |word: &mut Vec<char>, tokens: &mut Vec<Token>| {
            if !word.is_empty() {
                tokens.push(Token::new(None, vec![std::mem::take(word).into()], 1));
            }
        };
        for character in text.chars().map(plain).flat_map(char::to_lowercase) {
            let (spellings, usual) = spellings(character);
            if !spellings.is_empty() {
                end(&mut word, &mut tokens);
                tokens.push(Token::new(Some(character), spellings, usual));
            } else if character.is_alphanumeric() {
                word.push(character);
            } else {
                end(&mut word, &mut tokens);
            }
        }
        end(&mut word, &mut tokens);
        let letters = tokens.iter().flat_map(|t| &t.spellings).flatten();
        let least = |token: &Token| {
            let lengths = token.spellings.iter().map(|s| s.len());
            if token.is_han() {
                Some(1)
            } else {
                lengths.min()
            }
        };
        Spelled {
            letters: Letters::of(letters.copied()),
            least: tokens.iter().filter_map(least).sum(),
            tokens,
        }
    }

    /// Whether all that was typed, but for some slips, can occur in the text.
    pub fn may_have(&self, typed: &Typed, slips: usize) -> bool {
        let strange = typed
            .letters
            .iter()
            .filter(|l| !l.firsts.meet(self.letters));
        strange.take(slips + 1).count() <= slips
    }

    /// Whether the whole text can occur in what was typed.
    fn may_be_part_of(&self, typed: &Typed) -> bool {
        self.least < typed.len() && self.tokens.iter().all(|t| t.firsts.meet(typed.all))
    }
}

/// The readings of a Chinese character as they are typed: v for ü, and u for whoever knows no
/// better. Also how many of them, the first ones, are of the usual reading.
fn spellings(character: char) -> (Spellings, usize) {
    let mut spellings = Spellings::new();
    let mut usual = 0;
    // None of what is plain has a reading, and most of what is typed is plain.
    if character.is_ascii() {
        return (spellings, usual);
    }
    let all = character.to_pinyin_multi().into_iter().flatten();
    for reading in character.to_pinyin().into_iter().chain(all) {
        let is_usual = spellings.is_empty();
        for u in ['v', 'u'] {
            let typed = reading.plain().chars();
            let typed: Box<[char]> = typed.map(|c| if c == 'ü' { u } else { c }).collect();
            let is_typable = typed.iter().all(char::is_ascii_lowercase);
            if is_typable && !typed.is_empty() && !spellings.contains(&typed) {
                spellings.push(typed);
            }
        }
        if is_usual {
            usual = spellings.len();
        }
    }
    (spellings, usual)
}

/// Full-width letters and digits as plain ones.
fn plain(character: char) -> char {
    match character {
        '！'..='～' => char::from_u32(u32::from(character) - 0xFEE0).unwrap_or(character),
        'ü' | 'Ü' => 'v',
        other => other,
    }
}

impl Typed {
    pub fn new(words: &str) -> Typed {
        let characters = words.chars().map(plain).flat_map(char::to_lowercase);
        let letters: Vec<Letter> = characters
            .filter(|c| c.is_alphanumeric())
            .take(MOST_LETTERS)
            .map(Letter::new)
            .collect();
        let all = letters.iter().fold(0, |all, letter| all | letter.firsts.0);
        Typed {
            han: letters.iter().filter(|l| l.is_han()).count(),
            all: Letters(all),
            letters,
        }
    }

    /// How many letters and characters.
    pub fn len(&self) -> usize {
        self.letters.len()
    }

    /// Whether no Chinese character is among them.
    pub fn is_letters(&self) -> bool {
        self.han == 0
    }

    /// Whether it is long enough to tell a slip from another word.
    pub fn may_slip(&self) -> bool {
        self.may_slip_letter() || self.may_slip_character()
    }

    fn may_slip_letter(&self) -> bool {
        self.len() - self.han >= 4
    }

    fn may_slip_character(&self) -> bool {
        self.han >= 3
    }

    /// How many letters of a word stand from a place on.
    fn common(&self, from: usize, word: &[char]) -> usize {
        let typed = self.letters.get(from..).unwrap_or_default();
        let pairs = typed.iter().zip(word);
        pairs.take_while(|(l, c)| l.character == **c).count()
    }
}

impl Letter {
    fn new(character: char) -> Letter {
        let (spellings, usual) = spellings(character);
        let firsts = spellings.iter().filter_map(|s| s.first()).copied();
        Letter {
            firsts: if spellings.is_empty() {
                Letters::of([character])
            } else {
                Letters::of(firsts)
            },
            character,
            spellings,
            usual,
        }
    }

    fn is_han(&self) -> bool {
        !self.spellings.is_empty()
    }

    fn sounds_as(&self, token: &Token) -> bool {
        let usual = &token.spellings[..token.usual];
        token.is_han()
            && self.spellings[..self.usual]
                .iter()
                .any(|s| usual.contains(s))
    }
}

/// For each number of letters the best way in which they stand for the tokens so far.
type Reach = [u32; MOST_LETTERS + 1];

/// Adds the ways in which a token is typed from a place on: with `part`, also in part.
fn steps(
    token: &Token,
    typed: &Typed,
    from: usize,
    with_parts: bool,
    mut found: impl FnMut(usize, u32),
) {
    let Some(letter) = typed.letters.get(from) else {
        return;
    };
    if token.han == Some(letter.character) {
        found(1, SAME);
    } else if letter.is_han() {
        if letter.sounds_as(token) && typed.han > 1 {
            found(1, SOUNDS_THE_SAME);
        }
        return;
    }
    for (s, spelling) in token.spellings.iter().enumerate() {
        let (in_full, begun, initial) = if s < token.usual {
            (SPELLED, BEGUN, INITIALS)
        } else {
            (RARE, RARE_INITIALS, RARE_INITIALS)
        };
        let length = spelling.len();
        let common = typed.common(from, spelling);
        if common == 0 {
            continue;
        }
        if common == length {
            found(length, in_full);
        } else if with_parts && from + common == typed.len() {
            found(common, begun);
        }
        if with_parts && token.is_han() && length > 1 {
            found(1, initial);
            if common > 1 && spelling.get(1) == Some(&'h') {
                found(2, initial);
            }
        }
    }
}

/// Whether all that was typed stands for the tokens from `start` on: in which way, and the token
/// after the last one that it stands for.
pub fn typed_from(tokens: &[Token], start: usize, typed: &Typed) -> Option<(u32, usize)> {
    let can_begin = |token: &Token| {
        typed
            .letters
            .first()
            .is_some_and(|l| l.firsts.meet(token.firsts))
    };
    if !tokens.get(start).is_some_and(can_begin) {
        return None;
    }
    let mut reach: Reach = [NOT; MOST_LETTERS + 1];
    reach[0] = SAME;
    let mut first = 0;
    for (t, token) in tokens.iter().enumerate().skip(start) {
        let mut next: Reach = [NOT; MOST_LETTERS + 1];
        let mut next_first = usize::MAX;
        let reached = reach.iter().enumerate().take(typed.len()).skip(first);
        for (from, so_far) in reached.filter(|(_, way)| **way != NOT) {
            steps(token, typed, from, true, |length, way| {
                let to = from + length;
                next[to] = next[to].max(way.min(*so_far));
                next_first = next_first.min(to);
            });
        }
        if next[typed.len()] != NOT {
            return Some((next[typed.len()], t + 1));
        }
        if next_first == usize::MAX {
            return None;
        }
        (reach, first) = (next, next_first);
    }
    None
}

/// Whether the whole text stands somewhere in a typed sentence: how much of it the text is, and
/// how long the sentence is.
pub fn part_of_sentence(text: &Spelled, typed: &Typed) -> Option<(usize, usize)> {
    let tokens = &text.tokens[..];
    let first = tokens.first()?;
    if !text.may_be_part_of(typed) || (tokens.len() < 2 && !first.is_word()) {
        return None;
    }
    let found = (0..typed.len()).find_map(|from| {
        if !typed.letters[from].firsts.meet(first.firsts) {
            return None;
        }
        let end = tokens_end(tokens, typed, from)?;
        let is_letters = typed.letters[from..end].iter().all(|l| !l.is_han());
        let is_long = !is_letters || end - from >= LETTERS_IN_SENTENCE || first.is_word();
        is_long.then_some(end - from)
    });
    let found = found.or_else(|| spread(tokens, typed))?;
    Some((found, typed.len()))
}

/// Where tokens end that are typed in full from a place on: the last place of several.
fn tokens_end(tokens: &[Token], typed: &Typed, from: usize) -> Option<usize> {
    let Some((token, others)) = tokens.split_first() else {
        return Some(from);
    };
    let mut end = None;
    steps(token, typed, from, false, |length, way| {
        if way >= SPELLED {
            end = end.max(tokens_end(others, typed, from + length));
        }
    });
    end
}

/// Whether three or more characters stand in a sentence in their order, with few others between.
fn spread(tokens: &[Token], typed: &Typed) -> Option<usize> {
    if tokens.len() < 3 || !tokens.iter().all(Token::is_han) {
        return None;
    }
    (0..typed.len()).find_map(|from| {
        let window = typed.letters.iter().skip(from);
        let mut window = window.take(tokens.len() + MOST_BETWEEN);
        let is_first = typed.letters[from].character == tokens[0].han?;
        let all = tokens
            .iter()
            .all(|token| window.any(|letter| Some(letter.character) == token.han));
        (is_first && all).then_some(tokens.len())
    })
}

/// Whether all that was typed stands for the tokens from `start` on with at most one slip; the
/// token after the last one.
pub fn slipped_from(tokens: &[Token], start: usize, typed: &Typed) -> Option<usize> {
    Slipped {
        tokens,
        start,
        typed,
    }
    .from(start, 0, true)
}

struct Slipped<'a> {
    tokens: &'a [Token],
    start: usize,
    typed: &'a Typed,
}

impl Slipped<'_> {
    /// A slip, if one is still allowed, is looked for at the first place that differs: one further
    /// on would have to explain that difference, too, and one before it can as well stand there.
    fn from(&self, t: usize, at: usize, may_slip: bool) -> Option<usize> {
        let typed = self.typed;
        let Some(letter) = typed.letters.get(at) else {
            return Some(t);
        };
        let may_slip_letter = may_slip && typed.may_slip_letter();
        let Some(token) = self.tokens.get(t) else {
            let is_one_too_many = at + 1 == typed.len() && !letter.is_han() && may_slip_letter;
            return is_one_too_many.then_some(t);
        };
        if letter.is_han() {
            if token.han == Some(letter.character) || letter.sounds_as(token) {
                return self.from(t + 1, at + 1, may_slip);
            }
            let may_slip = may_slip && typed.may_slip_character() && token.is_han();
            return may_slip.then(|| self.from(t + 1, at + 1, false))?;
        }
        token
            .spellings
            .iter()
            .find_map(|spelling| self.spelled(t, spelling, at, may_slip_letter))
    }

    fn spelled(&self, t: usize, spelling: &[char], at: usize, may_slip: bool) -> Option<usize> {
        let typed = self.typed;
        let common = typed.common(at, spelling);
        let rest = &spelling[common..];
        let at = at + common;
        let Some((first, others)) = rest.split_first() else {
            return self.from(t + 1, at, may_slip);
        };
        let Some(letter) = typed.letters.get(at) else {
            return self.may_be_begun(t, common).then_some(t + 1);
        };
        if !may_slip {
            return None;
        }
        let is_at = |at: usize, c: char| typed.letters.get(at).is_some_and(|l| l.character == c);
        let wrong_or_extra = || {
            let one = self.rest(t, others, at + 1);
            one.or_else(|| self.rest(t, rest, at + 1))
        };
        let missing = || self.rest(t, others, at);
        let swapped = || {
            let second = others.first()?;
            let is_swapped = is_at(at, *second) && is_at(at + 1, *first);
            is_swapped.then(|| self.rest(t, &others[1..], at + 2))?
        };
        let swapped_with_next = || {
            let next = self.tokens.get(t + 1).filter(|_| others.is_empty())?;
            next.spellings.iter().find_map(|spelling| {
                let (second, others) = spelling.split_first()?;
                let is_swapped = is_at(at, *second) && is_at(at + 1, *first);
                is_swapped.then(|| self.rest(t + 1, others, at + 2))?
            })
        };
        let found = (!letter.is_han()).then(wrong_or_extra).flatten();
        found
            .or_else(missing)
            .or_else(swapped)
            .or_else(swapped_with_next)
    }

    /// Goes on after a slip within a syllable or word.
    fn rest(&self, t: usize, rest: &[char], at: usize) -> Option<usize> {
        let common = self.typed.common(at, rest);
        if common == rest.len() {
            self.from(t + 1, at + common, false)
        } else {
            let is_end = at + common == self.typed.len();
            (is_end && self.may_be_begun(t, common)).then_some(t + 1)
        }
    }

    /// Few letters with a slip must be syllables in full, or they would fit too much.
    fn may_be_begun(&self, t: usize, letters: usize) -> bool {
        letters > 0 && t > self.start && self.typed.len() >= super::LETTERS_FOR_SLIP_INSIDE
    }
}
