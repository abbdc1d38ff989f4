//! The 256 bytes of text on a card, from the standard's tables.

use super::people::{Kind, Person};

/// Writes a person's fields where the person's kind of card has them.
///
/// # Errors
/// The name of the field that does not fit.
pub fn text(person: &Person) -> Result<[u8; 256], String> {
    let mut block = Block([0; 256]);
    for pair in block.0.chunks_mut(2) {
        pair[0] = b' ';
    }
    let english = person.english_name.as_deref().unwrap_or_default();
    match person.kind {
        Kind::Citizen | Kind::J => {
            block.put("name", 0, 30, &person.name)?;
            block.put("sex", 30, 2, &person.sex)?;
            block.put("nation", 32, 4, &person.nation)?;
            block.put("birth", 36, 16, &person.birth)?;
            block.put("address", 52, 70, &person.address)?;
            block.put("number", 122, 36, &person.number)?;
            block.put("issuer", 158, 30, &person.issuer)?;
            block.put(
                "pass_number",
                220,
                18,
                person.pass_number.as_deref().unwrap_or_default(),
            )?;
            block.put(
                "issue_count",
                238,
                4,
                person.issue_count.as_deref().unwrap_or_default(),
            )?;
        }
        Kind::Y => {
            let (first, second) = english.split_at(
                english
                    .char_indices()
                    .nth(35)
                    .map_or(english.len(), |(at, _)| at),
            );
            block.put("name", 0, 30, &person.name)?;
            block.put("sex", 30, 2, &person.sex)?;
            block.put(
                "issue_count",
                32,
                4,
                person.issue_count.as_deref().unwrap_or_default(),
            )?;
            block.put("birth", 36, 16, &person.birth)?;
            block.put("english_name", 52, 70, first)?;
            block.put("number", 122, 36, &person.number)?;
            block.put("english_name", 220, 22, second)?;
            block.put(
                "nationality",
                242,
                6,
                person.nationality.as_deref().unwrap_or_default(),
            )?;
        }
        Kind::I => {
            block.put("english_name", 0, 120, english)?;
            block.put("sex", 120, 2, &person.sex)?;
            block.put("number", 122, 30, &person.number)?;
            block.put(
                "nationality",
                152,
                6,
                person.nationality.as_deref().unwrap_or_default(),
            )?;
            block.put("name", 158, 30, &person.name)?;
            block.put("birth", 220, 16, &person.birth)?;
            block.put("version", 236, 4, "01")?;
            block.put("issuer", 240, 8, &person.issuer)?;
        }
    }
    block.put("valid_from", 188, 16, &person.valid_from)?;
    block.put("valid_to", 204, 16, &person.valid_to)?;
    block.put("kind", 248, 2, person.kind.flag())?;
    Ok(block.0)
}

/// A new address as the card carries it: 70 bytes.
///
/// # Errors
/// If it does not fit.
pub fn new_address(address: &str) -> Result<Vec<u8>, String> {
    let mut block = Block([0; 256]);
    for pair in block.0.chunks_mut(2) {
        pair[0] = b' ';
    }
    block.put("new_address", 0, 70, address)?;
    Ok(block.0[..70].to_vec())
}

struct Block([u8; 256]);

impl Block {
    fn put(&mut self, name: &str, at: usize, length: usize, text: &str) -> Result<(), String> {
        let bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        if bytes.len() > length {
            return Err(format!(
                "{name}: at most {} characters fit on the card",
                length / 2
            ));
        }
        self.0[at..at + bytes.len()].copy_from_slice(&bytes);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::card::{people, person};

    #[test]
    fn everybody_fits_on_a_card() {
        for name in people() {
            text(&person(&name).unwrap()).unwrap();
        }
        let long = person("long").unwrap();
        assert_eq!(long.name.chars().count(), 15, "fills its field");
        let mut longer = long;
        longer.name.push('长');
        assert!(text(&longer).unwrap_err().starts_with("name"));
    }
}
