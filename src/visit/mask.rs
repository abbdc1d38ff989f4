//! Personal data as it may stand on a screen that others can see.

/// `张小满` as `张**`, `John Smith` as `J**`.
pub fn name(name: &str) -> String {
    let mut characters = name.chars();
    match characters.next() {
        Some(first) => {
            let hidden = characters.count().clamp(1, 2);
            format!("{first}{}", "*".repeat(hidden))
        }
        None => String::new(),
    }
}

/// `37010219910203004X` as `370102********004X`; shorter permit numbers keep less.
pub fn number(number: &str) -> String {
    let length = number.chars().count();
    let (head, tail) = if length >= 18 {
        (6, 4)
    } else {
        (length / 5, length / 5)
    };
    number
        .chars()
        .enumerate()
        .map(|(at, character)| {
            if at < head || at + tail >= length {
                character
            } else {
                '*'
            }
        })
        .collect()
}

/// `13912345678` as `139****5678`.
pub fn mobile(number: &str) -> String {
    let mask = |(at, character)| if (3..7).contains(&at) { '*' } else { character };
    number.chars().enumerate().map(mask).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn masks_keep_no_more_than_needed() {
        assert_eq!(super::name("李小满"), "李**");
        assert_eq!(super::name("王五"), "王*");
        assert_eq!(super::name("阿"), "阿*");
        assert_eq!(super::name(""), "");
        assert_eq!(super::number("11010519491231002X"), "110105********002X");
        assert_eq!(super::number("CHN370123456789"), "CHN*********789");
        assert_eq!(super::number("123"), "***");
        assert_eq!(super::mobile("13900001234"), "139****1234");
    }
}
