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
    let mut left = by_asked(grid, pieces);
    let mut conditions = Vec::new();
    while let Some(region) = left.pop() {
        let wide = widen(grid, &region, pieces, &others);
        for told in told(grid, &wide) {
            left = left.iter().flat_map(|r| r.minus(&told)).collect();
        }
        conditions.push(restrictions(grid, &wide));
    }
    let mut situations: Vec<String> = Vec::new();
    for piece in pieces {
        let id = match (piece.old, piece.new) {
            (_, Place::Situation(n)) => &grid.new.situations[n].id,
            (Place::Situation(o), _) => &grid.old.situations[o].id,
            (Place::Window(_) | Place::Impossible, Place::Window(_) | Place::Impossible) => {
                continue;
            }
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

/// The answers of some pieces, cut so that each question is asked in the whole of a region or
/// nowhere in it; the first one last.
fn by_asked(grid: &Grid, pieces: &[&Piece]) -> Vec<Region> {
    let mut regions: Vec<Region> = pieces.iter().rev().map(|p| p.region.clone()).collect();
    for asked in grid.axes.iter().flat_map(|axis| &axis.asked) {
        let cut = |region: Region| -> Vec<Region> {
            let inside = region.meet(asked);
            region.minus(asked).into_iter().chain(inside).collect()
        };
        regions = regions.into_iter().flat_map(cut).collect();
    }
    regions
}

/// The part of a region in which every question that its condition names is asked: whoever is not
/// asked does not fulfil it.
fn told(grid: &Grid, wide: &Region) -> Vec<Region> {
    let mut told = vec![wide.clone()];
    for (axis, question) in grid.axes.iter().enumerate() {
        if wide.atoms(axis).count_ones() as usize == question.atoms.len() {
            continue;
        }
        let inside = |region: Region| {
            let asked = question.asked.iter();
            asked.filter_map(|a| region.meet(a)).collect::<Vec<_>>()
        };
        told = told.into_iter().flat_map(inside).collect();
    }
    told
}

/// The region made as wide as no other piece forbids: questions that need not be named at all are
/// freed, and of the rest those answers are added that some piece has. Late questions first, so
/// that what is left speaks of the early ones.
fn widen(grid: &Grid, region: &Region, pieces: &[&Piece], others: &[&Region]) -> Region {
    let free = |region: &Region| !others.iter().any(|o| o.meets(region));
    let mut wide = region.clone();
    // What is not asked cannot be named.
    for (axis, question) in grid.axes.iter().enumerate() {
        if !question.asked.iter().any(|asked| asked.meets(region)) {
            wide = wide.with(axis, every(question.atoms.len()));
        }
    }
    for (axis, questions) in grid.axes.iter().enumerate().rev() {
        let count = questions.atoms.len();
        let freed = wide.with(axis, every(count));
        if free(&freed) {
            wide = freed;
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

fn every(atoms: usize) -> u128 {
    (0..atoms).fold(0, |all, atom| all | 1 << atom)
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
