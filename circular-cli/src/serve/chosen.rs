//! Which rings are shown at the beginning, and of which programs those that come.

use std::collections::HashSet;

use crate::args::serve::Serve;
use crate::failure::Failure;
use crate::find::news::News;
use crate::find::pick;
use crate::find::rings::{self, Found, Listing};

/// What was asked for, and what is there of it.
#[derive(Debug)]
pub(crate) struct Chosen {
    /// The oldest first; there may be none.
    pub(crate) rings: Vec<Found>,
    /// The one program that was asked for.
    pub(crate) program: Option<String>,
    /// The programs that have ended and are not shown, as nobody asked for them and others run.
    pub(crate) left_out: Vec<String>,
    /// Where it was looked.
    pub(crate) listing: Listing,
    pub(crate) coming: Coming,
}

/// What is shown of what is made from then on.
#[derive(Debug)]
pub(crate) struct Coming {
    /// Whose rings; everybody's if there are none.
    programs: Option<HashSet<String>>,
    news: News,
}

impl Chosen {
    /// # Errors
    ///
    /// One that was asked for is not there, or a directory cannot be read.
    pub(crate) fn of(serve: &Serve) -> Result<Self, Failure> {
        let mut dirs = serve.place.dirs.clone();
        let mut left_out = Vec::new();
        let (listing, mut rings) = if serve.rings.is_empty() {
            let listing = rings::list(&dirs)?;
            let rings = unasked(&listing, &mut left_out);
            (listing, rings)
        } else {
            let (mut picked, mut listed) = (Vec::new(), None);
            for typed in &serve.rings {
                picked.push(pick::pick(typed, &dirs, false, &mut listed)?);
            }
            let are_by_path = picked.iter().all(|picked| picked.is_by_path);
            let rings: Vec<_> = picked.into_iter().flat_map(|picked| picked.rings).collect();
            if dirs.is_empty() && are_by_path {
                dirs = rings.iter().map(|ring| ring.dir().to_path_buf()).collect();
            }
            let listing = listed.map_or_else(|| rings::list(&dirs), Ok)?;
            (listing, rings)
        };
        // What a command has left behind is of its run, and the other way round.
        let others = rings.iter().flat_map(|ring| ring.others_of_run(&listing));
        let others: Vec<_> = others.cloned().collect();
        rings.extend(others);
        let mut seen = HashSet::new();
        rings.retain(|ring| seen.insert(ring.info.ring));
        rings.sort_by_key(|ring| ring.info.created);
        let program = |ring: &Found| ring.info.program.clone();
        let there = listing.rings.iter().map(|ring| ring.info.ring);
        let coming = Coming {
            programs: (!serve.rings.is_empty()).then(|| rings.iter().map(program).collect()),
            news: News::new(dirs, there.chain(seen).collect()),
        };
        Ok(Self {
            program: rings
                .first()
                .filter(|_| serve.rings.len() == 1)
                .map(program),
            rings,
            left_out,
            listing,
            coming,
        })
    }
}

impl Coming {
    /// Returns what has been made since, of the programs that are shown. `None` if the directories are as they were, or it is not yet
    /// time to look again.
    pub(crate) fn news(&mut self) -> Option<Vec<Found>> {
        let programs = &self.programs;
        let is_wanted = |ring: &Found| {
            let programs = programs.as_ref();
            programs.is_none_or(|programs| programs.contains(&ring.info.program))
        };
        let is_due = self.news.is_due();
        is_due.then(|| self.news.look(is_wanted)).flatten()
    }
}

/// Where nothing is asked for: all that run; if none does, the last run of each program.
fn unasked(listing: &Listing, left_out: &mut Vec<String>) -> Vec<Found> {
    let running = listing.rings.iter().filter(|ring| ring.is_running());
    let running: Vec<_> = running.cloned().collect();
    let shown: HashSet<_> = running.iter().map(|ring| &ring.info.program).collect();
    // They are in the order of their programs.
    let mut programs: Vec<_> = listing
        .rings
        .iter()
        .map(|ring| &ring.info.program)
        .collect();
    programs.dedup();
    programs.retain(|program| !shown.contains(program));
    if running.is_empty() {
        let newest = |program: &String| listing.of_program(program).first().copied().cloned();
        return programs.into_iter().filter_map(newest).collect();
    }
    left_out.extend(programs.into_iter().cloned());
    running
}
