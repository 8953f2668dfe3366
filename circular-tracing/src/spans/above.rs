//! Which spans a span is in.

/// As many spans around each other are found without the registry. So many it keeps without an allocation.
const DEEPEST: usize = 16;

/// Of as many a span keeps note.
const NEAREST: usize = 3;

/// The ids of the spans around one, the nearest first.
pub(super) struct Above {
    ids: [u64; DEEPEST - 1],
    len: usize,
}

impl Above {
    pub(super) const fn new() -> Self {
        Self {
            ids: [0; DEEPEST - 1],
            len: 0,
        }
    }

    /// Adds the next one outside; none if they are too many.
    pub(super) fn push(&mut self, id: u64) -> Option<()> {
        *self.ids.get_mut(self.len)? = id;
        self.len += 1;
        Some(())
    }

    /// From the outermost on.
    pub(super) fn ids(&self) -> impl Iterator<Item = u64> {
        self.ids[..self.len].iter().rev().copied()
    }
}

/// What is known of where a span is.
#[derive(Clone, Copy)]
pub(crate) struct Around {
    pub(super) parent: Option<u64>,
    pub(super) noted: Noted,
}

/// What a span knows of them since it was asked for the first time: they never change. Ids are not 0.
#[derive(Clone, Copy)]
pub(super) struct Noted([u64; NEAREST]);

impl Noted {
    pub(super) const UNKNOWN: Self = Self([0; NEAREST]);

    /// Nothing of more than a few.
    pub(super) fn note(above: &Above) -> Self {
        let mut noted = Self::UNKNOWN;
        if above.len <= NEAREST {
            noted.0.copy_from_slice(&above.ids[..NEAREST]);
        }
        noted
    }

    pub(super) fn above(self) -> Option<Above> {
        let mut above = Above::new();
        let ids = self.0.into_iter().take_while(|&id| id != 0);
        ids.into_iter().try_for_each(|id| above.push(id))?;
        (above.len > 0).then_some(above)
    }
}
