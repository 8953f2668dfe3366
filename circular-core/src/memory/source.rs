//! Where the words of records are read from: a ring's storage, or a window into another process's.

/// The words that records lie in, one after the other and around the end.
pub(crate) trait Source {
    /// How many words there are from the beginning to the end.
    fn len(&self) -> usize;

    /// The word at `index`, which is below [`Self::len`].
    fn load(&self, index: usize) -> u64;

    /// Fills `bytes` from the words that begin at `index`.
    fn copy_out(&self, index: usize, bytes: &mut [u8]);

    /// The index `words` further on, around the end at most once.
    #[inline(always)]
    fn step(&self, index: usize, words: usize) -> usize {
        debug_assert!(index < self.len() && words <= self.len());
        let next = index + words;
        if next >= self.len() {
            next - self.len()
        } else {
            next
        }
    }
}
