use super::host::Host;

/// Counts how many different things there were, in as many octets as it has registers, to some
/// hundred over the square root of `N` percent (Flajolet et al., "HyperLogLog", 2007).
///
/// The same things give the same count, today and tomorrow. Who chooses them can therefore make the
/// count too low; no verdict rests on it alone.
#[derive(Clone, Debug)]
pub(super) struct Sketch<const N: usize> {
    registers: [u8; N],
    /// What the registers that are set come to: the sum of 2^-register over all of them.
    sum: f64,
    empty: u32,
}

impl<const N: usize> Default for Sketch<N> {
    fn default() -> Self {
        Self { registers: [0; N], sum: N as f64, empty: N as u32 }
    }
}

impl<const N: usize> Sketch<N> {
    /// Takes in one thing by its hash.
    pub(super) fn add(&mut self, hash: u64) {
        let register = &mut self.registers[(hash >> 48) as usize % N];
        let rank = (hash << 16 | 1 << 15).leading_zeros() as u8 + 1;
        if rank > *register {
            self.sum += half_to_the(rank) - half_to_the(*register);
            self.empty -= u32::from(*register == 0);
            *register = rank;
        }
    }

    /// About how many there were.
    pub(super) fn count(&self) -> u64 {
        let registers = N as f64;
        let raw = 0.7213 / (1.0 + 1.079 / registers) * registers * registers / self.sum;
        let count = if raw <= 2.5 * registers && self.empty > 0 {
            // Where most registers are empty, how many are tells more.
            registers * (registers / f64::from(self.empty)).ln()
        } else {
            raw
        };
        count.round() as u64
    }
}

/// 2^-n, written down as it stands in a number (IEEE 754): the library's function would be called for it.
const fn half_to_the(n: u8) -> f64 {
    f64::from_bits((1023 - n as u64) << 52)
}

/// A number to know an address and a port by.
#[cfg(test)]
pub(super) fn hash(host: Host, port: u16) -> u64 {
    with_port(stem(host), port)
}

/// What the numbers of an address with any port begin with.
#[inline]
pub(super) fn stem(Host { high, low, .. }: Host) -> u64 {
    fold(fold(low ^ 0x243f_6a88_85a3_08d3) ^ high)
}

/// A number to know an address, of which this is the stem, and a port by; 0 is the address alone.
#[inline]
pub(super) fn with_port(stem: u64, port: u16) -> u64 {
    fold(stem ^ u64::from(port) << 17)
}

/// Has every bit depend on every other (the finalizer of SplitMix64).
fn fold(bits: u64) -> u64 {
    let bits = (bits ^ bits >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let bits = (bits ^ bits >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ bits >> 31
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_of_a_half_are_exact() {
        assert!((0..=64).all(|n| half_to_the(n).to_bits() == (-f64::from(n)).exp2().to_bits()));
    }

    #[test]
    fn what_comes_twice_counts_once_and_many_are_counted_to_a_few_percent() {
        for many in [1_u32, 10, 1000, 20_000, 1_000_000] {
            let mut sketch = Sketch::<1024>::default();
            for n in 0..many {
                for _ in 0..2 {
                    sketch.add(hash(std::net::IpAddr::V4((0x0a00_0000 + n).into()).into(), 0));
                }
            }
            let off = sketch.count() as f64 / f64::from(many) - 1.0;
            assert!(off.abs() < 0.1, "{many}: {}", sketch.count());
        }
    }
}
