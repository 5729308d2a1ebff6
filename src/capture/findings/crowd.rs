//! Who was met at a listener: the first few exactly, all of them about.

use super::host::Host;
use super::sketch::Sketch;

/// Addresses that are known exactly.
const FEW: usize = 4;

/// Hashes that are kept until there are so many that they are better sketched.
const EARLY: usize = 8;

/// The addresses that were met.
#[derive(Debug)]
pub(super) struct Crowd {
    few: [Host; FEW],
    known: u8,
    /// How many of the hashes stand, in the order in which they were met.
    early: u8,
    /// Whether what was met is in the sketch, and no more in the hashes.
    sketched: bool,
    hashes: [u64; EARLY],
    sketch: Option<Box<Sketch<1024>>>,
}

impl Default for Crowd {
    fn default() -> Self {
        Self { few: [Host::NONE; FEW], known: 0, early: 0, sketched: false, hashes: [0; EARLY], sketch: None }
    }
}

impl Crowd {
    /// Nobody yet.
    pub(super) fn begin(&mut self) {
        (self.known, self.early, self.sketched) = (0, 0, false);
    }

    /// Takes in one that is known by `hash`.
    pub(super) fn meet(&mut self, host: Host, hash: u64) {
        if usize::from(self.known) < FEW
            && !self.first().contains(&host)
            && let Some(free) = self.few.get_mut(usize::from(self.known))
        {
            *free = host;
            self.known += 1;
        }
        if self.sketched {
            if let Some(sketch) = &mut self.sketch {
                sketch.add(hash);
            }
        } else if !self.hashes().contains(&hash) {
            self.keep(hash);
        }
    }

    fn keep(&mut self, hash: u64) {
        if let Some(free) = self.hashes.get_mut(usize::from(self.early)) {
            *free = hash;
            self.early += 1;
            return;
        }
        let mut sketch = self.sketch.take().unwrap_or_default();
        *sketch = Sketch::default();
        for hash in self.hashes().iter().chain([&hash]) {
            sketch.add(*hash);
        }
        self.sketch = Some(sketch);
        self.sketched = true;
    }

    fn hashes(&self) -> &[u64] {
        self.hashes.get(..usize::from(self.early)).unwrap_or_default()
    }

    /// The first few.
    pub(super) fn first(&self) -> &[Host] {
        self.few.get(..usize::from(self.known)).unwrap_or_default()
    }

    /// Whether there are more than can be known one by one, or as many.
    pub(super) fn are_many(&self) -> bool {
        usize::from(self.known) == FEW
    }

    /// About how many there are.
    pub(super) fn count(&self) -> u64 {
        match &self.sketch {
            Some(sketch) if self.sketched => sketch.count(),
            _ => {
                let mut sketch = Sketch::<1024>::default();
                self.hashes().iter().for_each(|hash| sketch.add(*hash));
                sketch.count()
            }
        }
    }
}
