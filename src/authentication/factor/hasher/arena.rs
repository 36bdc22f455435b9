//! The memory that one thread hashes in.

use argon2::Block;
use kevy_madvise::advise_hugepage;
use zeroize::Zeroize;

/// Blocks kept between calls: zeroing and mapping 19 MiB anew costs a fifth of a hash. In huge pages, as each step reads a
/// block somewhere else: finding small ones costs another fourth.
#[derive(Debug, Default)]
pub(super) struct Arena(Vec<Block>);

impl Arena {
    /// Memory of `count` blocks of 1 KiB; its content is whatever the last hash left.
    pub(super) fn blocks(&mut self, count: usize) -> &mut [Block] {
        if self.0.len() < count {
            self.0.reserve_exact(count - self.0.len());
            advise_hugepage(self.0.as_ptr().cast(), self.0.capacity() * Block::SIZE);
            self.0.resize(count, Block::new());
        }
        &mut self.0[..count]
    }

    /// Overwrites the memory and gives it to the allocator, which gives it to the system within ten seconds.
    pub(super) fn release(&mut self) {
        self.0.zeroize();
        self.0 = Vec::new();
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
