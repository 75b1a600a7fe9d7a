package table

import "hash/fnv"

const (
	bitsPerKey = 10
	// With 10 bits for a key, 7 hashes give the fewest wrong answers, about 1 %.
	hashes = 7
)

// filter is a Bloom filter: it may say that a key is there when it is not, never the other way round.
type filter struct {
	bits []byte
}

func newFilter(keys int) *filter {
	size := (max(keys, 1)*bitsPerKey + 7) / 8
	return &filter{bits: make([]byte, size)}
}

func (f *filter) add(key []byte) {
	one, other := hash(key)
	for n := uint64(0); n < hashes; n++ {
		bit := f.bit(one, other, n)
		f.bits[bit/8] |= 1 << (bit % 8)
	}
}

func (f *filter) mayContain(key []byte) bool {
	if len(f.bits) == 0 {
		return true
	}
	one, other := hash(key)
	for n := uint64(0); n < hashes; n++ {
		bit := f.bit(one, other, n)
		if f.bits[bit/8]&(1<<(bit%8)) == 0 {
			return false
		}
	}
	return true
}

func (f *filter) bit(one, other, n uint64) uint64 {
	return (one + n*other) % uint64(len(f.bits)*8)
}

// hash gives two numbers of which all further hashes are made.
func hash(key []byte) (uint64, uint64) {
	sum := fnv.New64a()
	sum.Write(key)
	one := sum.Sum64()
	// An even step would reach only half of the bits.
	return one, (one>>33 | one<<31) | 1
}
