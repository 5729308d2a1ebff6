use crate::capture::wish;

/// Elements in the first chunk, a power of two.
const FIRST: usize = 1 << 12;

/// A list that grows by whole chunks: what it holds stays where it is, and none of it is ever
/// copied to make it larger. Each chunk is twice as large as the one before, so that most of a large
/// list lies in large pages: a page that is touched first takes 2 us, and of small ones a million
/// connections take 70,000.
#[derive(Debug)]
pub(super) struct Chunks<T> {
    chunks: Vec<Vec<T>>,
    len: usize,
}

impl<T> Default for Chunks<T> {
    fn default() -> Self {
        Self { chunks: Vec::new(), len: 0 }
    }
}

/// The chunk in which the element `at` is, and where it is there.
#[inline]
fn place(at: usize) -> (usize, usize) {
    // Counted as if there were a chunk before, as large as the first: then the highest bit tells.
    let at = at + FIRST;
    let high = at.ilog2();
    ((high - FIRST.ilog2()) as usize, at & !(1 << high))
}

impl<T> Chunks<T> {
    #[inline]
    pub(super) const fn len(&self) -> usize {
        self.len
    }

    pub(super) fn push(&mut self, element: T) {
        self.len += 1;
        let chunks = self.chunks.len();
        match self.chunks.last_mut() {
            Some(last) if last.len() < FIRST << (chunks - 1) => last.push(element),
            _ => {
                let mut chunk = Vec::with_capacity(FIRST << chunks);
                // A list that has one chunk may stay small.
                if chunks > 0 {
                    wish::prefer_large_pages(chunk.spare_capacity_mut());
                }
                chunk.push(element);
                self.chunks.push(chunk);
            }
        }
    }

    #[inline]
    pub(super) fn get(&self, at: usize) -> Option<&T> {
        let (chunk, at) = place(at);
        self.chunks.get(chunk)?.get(at)
    }

    #[inline]
    pub(super) fn get_mut(&mut self, at: usize) -> Option<&mut T> {
        let (chunk, at) = place(at);
        self.chunks.get_mut(chunk)?.get_mut(at)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.chunks.iter().flatten()
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.chunks.iter_mut().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_keep_their_places_over_many_chunks() {
        let mut list = Chunks::default();
        let all = 7 * FIRST + 7;
        for element in 0..all {
            assert_eq!(list.len(), element);
            list.push(element);
        }
        assert!(list.iter().copied().eq(0..all));
        assert!((0..all).all(|at| list.get(at) == Some(&at)) && list.get(all).is_none());
        *list.get_mut(FIRST).expect("the first of the second chunk") = 1;
        assert_eq!((list.get(FIRST), list.get(FIRST - 1), list.get(8 * FIRST)), (Some(&1), Some(&(FIRST - 1)), None));
    }
}
