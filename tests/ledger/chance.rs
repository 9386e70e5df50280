//! What histories by chance are drawn from.

/// Some bytes of chance, read one after the other; after the last come zeros, which are the plainest choice.
pub(crate) struct Chance<'a>(pub(crate) &'a [u8], pub(crate) usize);

impl Chance<'_> {
    pub(crate) fn below(&mut self, bound: u8) -> u8 {
        let byte = self.0.get(self.1).copied().unwrap_or(0);
        self.1 += 1;
        byte % bound
    }

    /// True once in so many.
    pub(crate) fn rarely(&mut self, of: u8) -> bool {
        self.below(of) == of - 1
    }

    pub(crate) fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[usize::from(self.below(u8::try_from(of.len()).expect("few")))]
    }
}
