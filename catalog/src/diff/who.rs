//! For whom: the fewest and widest conditions that hold for some pieces of a grid and for no
//! other piece that is served here before or after.

use super::effects::{atom_value, atom_words};
use super::grid::{Grid, Piece, Place, Region};
use super::{Restriction, Who};

/// Describes the answers of some pieces.
pub fn who(grid: &Grid, pieces: &[&Piece]) -> Who {
    let settled = |place: Place| matches!(place, Place::Situation(_));
    let others: Vec<&Region> = grid
        .pieces
        .iter()
        .filter(|p| settled(p.old) || settled(p.new))
        .filter(|p| !pieces.iter().any(|mine| std::ptr::eq(*mine, *p)))
        .map(|p| &p.region)
        .collect();
    let mut left: Vec<Region> = pieces.iter().map(|p| p.region.clone()).collect();
    let mut conditions = Vec::new();
    while let Some(region) = left.first() {
        let wide = widen(grid, region, pieces, &others);
        left = left.iter().flat_map(|r| r.minus(&wide)).collect();
        conditions.push(restrictions(grid, &wide));
    }
    let mut situations: Vec<String> = Vec::new();
    for piece in pieces {
        let id = match (piece.old, piece.new) {
            (_, Place::Situation(n)) => &grid.new.situations[n].id,
            (Place::Situation(o), _) => &grid.old.situations[o].id,
            (
                Place::Window(_) | Place::Nothing | Place::Impossible,
                Place::Window(_) | Place::Nothing | Place::Impossible,
            ) => continue,
        };
        if !situations.contains(id) {
            situations.push(id.clone());
        }
    }
    let all_new = pieces.iter().all(|p| settled(p.new));
    Who {
        conditions,
        situations,
        of: if all_new { grid.new } else { grid.old }.situations.len(),
    }
}

/// The region made as wide as no other piece forbids: questions that need not be named at all are
/// freed, and of the rest those answers are added that some piece has. Late questions first, so
/// that what is left speaks of the early ones.
fn widen(grid: &Grid, region: &Region, pieces: &[&Piece], others: &[&Region]) -> Region {
    let free = |region: &Region| !others.iter().any(|o| o.meets(region));
    let mut wide = region.clone();
    for (axis, questions) in grid.axes.iter().enumerate().rev() {
        let count = questions.atoms.len();
        let every = (0..count).fold(0, |all, atom| all | 1 << atom);
        if free(&wide.with(axis, every)) {
            wide = wide.with(axis, every);
            continue;
        }
        let mut atoms = wide.atoms(axis);
        for atom in (0..count).map(|atom| 1 << atom) {
            let added = wide.with(axis, atom);
            if free(&added) && pieces.iter().any(|p| p.region.meets(&added)) {
                atoms |= atom;
            }
        }
        wide = wide.with(axis, atoms);
    }
    wide
}

fn restrictions(grid: &Grid, region: &Region) -> Vec<Restriction> {
    let mut restrictions = Vec::new();
    for (a, axis) in grid.axes.iter().enumerate() {
        let (held, free): (Vec<usize>, Vec<usize>) =
            (0..axis.atoms.len()).partition(|atom| region.atoms(a) & (1 << atom) != 0);
        if implied(grid, region, a) {
            continue;
        }
        let Some(question) = axis.new.or(axis.old).filter(|_| !free.is_empty()) else {
            continue;
        };
        let words = |atoms: &[usize]| atoms.iter().map(|atom| atom_words(axis, *atom)).collect();
        restrictions.push(Restriction {
            question: question.id.clone(),
            text: question.text.clone(),
            values: held.iter().map(|atom| atom_value(axis, *atom)).collect(),
            options: words(&held),
            others: words(&free),
        });
    }
    restrictions
}

/// Whether another question that is named is asked of nobody else.
fn implied(grid: &Grid, region: &Region, axis: usize) -> bool {
    grid.axes.iter().enumerate().any(|(other, named)| {
        let restricts = region.atoms(other).count_ones() as usize != named.atoms.len();
        let within = |asked: &Region| asked.atoms(axis) & !region.atoms(axis) == 0;
        other != axis && restricts && !named.asked.is_empty() && named.asked.iter().all(within)
    })
}
