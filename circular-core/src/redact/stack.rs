//! A few things, the last of which is the first to go, without memory of their own.

/// At most `N` things.
#[derive(Clone, Copy)]
pub(super) struct Stack<T, const N: usize> {
    all: [T; N],
    len: usize,
}

impl<T: Copy + Default, const N: usize> Stack<T, N> {
    /// Puts one on top; `false`, and nothing, if there is no room.
    pub(super) fn push(&mut self, one: T) -> bool {
        let free = self.all.get_mut(self.len);
        let has_room = free.is_some();
        if let Some(free) = free {
            *free = one;
            self.len += 1;
        }
        has_room
    }

    pub(super) fn pop(&mut self) {
        self.len = self.len.saturating_sub(1);
    }

    pub(super) fn all(&self) -> &[T] {
        self.all.get(..self.len).unwrap_or_default()
    }

    pub(super) fn last_mut(&mut self) -> Option<&mut T> {
        self.all.get_mut(..self.len)?.last_mut()
    }
}

impl<T: Copy + Default, const N: usize> Default for Stack<T, N> {
    fn default() -> Self {
        Self {
            all: [T::default(); N],
            len: 0,
        }
    }
}
