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

/// What a span knows of those around it, the nearest first, and then 0, which is no id: its parent, and the others
/// since it was asked for them the first time. They never change.
#[derive(Clone, Copy)]
pub(crate) struct Around([u64; NEAREST]);

impl Around {
    /// In the second place: it was not asked yet, or there are too many.
    const UNKNOWN: u64 = u64::MAX;

    pub(super) fn new(parent: Option<u64>) -> Self {
        let mut ids = [0; NEAREST];
        if let Some(parent) = parent {
            ids[0] = parent;
            ids[1] = Self::UNKNOWN;
        }
        Self(ids)
    }

    pub(super) fn parent(self) -> Option<u64> {
        Some(self.0[0]).filter(|&parent| parent != 0)
    }

    pub(super) fn note(&mut self, above: &Above) {
        if above.len <= NEAREST {
            self.0.copy_from_slice(&above.ids[..NEAREST]);
        }
    }

    pub(super) fn above(self) -> Option<Above> {
        if self.0[1] == Self::UNKNOWN {
            return None;
        }
        let mut above = Above::new();
        let mut ids = self.0.into_iter().take_while(|&id| id != 0);
        ids.try_for_each(|id| above.push(id))?;
        Some(above)
    }
}
