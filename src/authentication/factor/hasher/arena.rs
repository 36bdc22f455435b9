//! The memory that one thread hashes in.

use argon2::Block;
use zeroize::Zeroize;

/// Blocks kept between calls: zeroing and mapping 19 MiB anew costs a third of a hash.
#[derive(Debug, Default)]
pub(super) struct Arena(Vec<Block>);

impl Arena {
    /// glibc raises its threshold for mapping memory up to this size whenever a smaller mapping is freed, and then keeps
    /// the next freed block for itself. A larger reservation is always mapped and always returned; what is not
    /// touched of it costs nothing.
    const RESERVED_BLOCKS: usize = 33 << 10;

    /// Memory of `count` blocks of 1 KiB; its content is whatever the last hash left.
    pub(super) fn blocks(&mut self, count: usize) -> &mut [Block] {
        if self.0.len() < count {
            self.0.reserve_exact(count.max(Self::RESERVED_BLOCKS) - self.0.len());
            self.0.resize(count, Block::new());
        }
        &mut self.0[..count]
    }

    /// Overwrites the memory and gives it back.
    pub(super) fn release(&mut self) {
        self.0.zeroize();
        self.0 = Vec::new();
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
