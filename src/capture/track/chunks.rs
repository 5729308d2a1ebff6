/// Elements in a chunk, a power of two.
const CHUNK: usize = 1 << 14;

/// A list that grows by whole chunks: what it holds stays where it is, and none of it is ever
/// copied to make it larger.
#[derive(Debug)]
pub(super) struct Chunks<T> {
    chunks: Vec<Vec<T>>,
}

impl<T> Default for Chunks<T> {
    fn default() -> Self {
        Self { chunks: Vec::new() }
    }
}

impl<T> Chunks<T> {
    pub(super) fn len(&self) -> usize {
        self.chunks.last().map_or(0, |last| (self.chunks.len() - 1) * CHUNK + last.len())
    }

    pub(super) fn push(&mut self, element: T) {
        match self.chunks.last_mut() {
            Some(last) if last.len() < CHUNK => last.push(element),
            _ => {
                let mut chunk = Vec::with_capacity(CHUNK);
                // A list that has one chunk may stay small.
                if !self.chunks.is_empty() {
                    prefer_large_pages(chunk.spare_capacity_mut());
                }
                chunk.push(element);
                self.chunks.push(chunk);
            }
        }
    }

    #[inline]
    pub(super) fn get(&self, at: usize) -> Option<&T> {
        self.chunks.get(at / CHUNK)?.get(at % CHUNK)
    }

    #[inline]
    pub(super) fn get_mut(&mut self, at: usize) -> Option<&mut T> {
        self.chunks.get_mut(at / CHUNK)?.get_mut(at % CHUNK)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.chunks.iter().flatten()
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.chunks.iter_mut().flatten()
    }
}

#[cfg(all(feature = "live", target_os = "linux"))]
pub(crate) use crate::sys::memory::prefer_large_pages;

#[cfg(not(all(feature = "live", target_os = "linux")))]
pub(crate) fn prefer_large_pages<T>(_room: &mut [T]) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_keep_their_places_over_many_chunks() {
        let mut list = Chunks::default();
        for element in 0..3 * CHUNK + 7 {
            assert_eq!(list.len(), element);
            list.push(element);
        }
        assert!(list.iter().copied().eq(0..3 * CHUNK + 7));
        *list.get_mut(CHUNK).expect("the first of the second chunk") = 1;
        assert_eq!((list.get(CHUNK), list.get(CHUNK - 1), list.get(4 * CHUNK)), (Some(&1), Some(&(CHUNK - 1)), None));
    }
}
