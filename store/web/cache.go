package web

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// A cache keeps ranges of files in a directory that processes share.
//
// Each version of a file has a directory, named after the SHA-256 of its address and version. The directory has a file, called a piece,
// for each range. A piece is named OFFSET-LENGTH-CHECKSUM; the checksum is a CRC-32C in hexadecimal. It is written under another name and
// renamed, so that it exists whole or not at all, even with several writers. A piece that was damaged, or truncated in a crash, does not
// match its name and counts as absent. Anything may be deleted at any time.
type cache struct {
	dir string

	mu   sync.Mutex
	kept map[string]*kept // by the names of their directories
}

// of returns the cached pieces of a version of the file at an address.
func (c *cache) of(u *url.URL, version string) *kept {
	sum := sha256.Sum256([]byte(u.Scheme + "://" + u.Host + u.EscapedPath() + "\n" + version)) // without the query, which may be signed, and without a password
	name := hex.EncodeToString(sum[:])
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.kept == nil {
		c.kept = make(map[string]*kept)
	}
	if c.kept[name] == nil {
		c.kept[name] = &kept{dir: filepath.Join(c.dir, name), checked: make(map[piece]bool)}
	}
	return c.kept[name]
}

// A kept holds the cached pieces of one version of a file.
type kept struct {
	dir string

	mu       sync.Mutex
	pieces   []piece        // sorted by offset, as of the last look
	checked  map[piece]bool // pieces with verified checksums
	verified bool           // the SHA-256 of the whole file matches
}

// A piece is a cached range.
type piece struct {
	off, n int64
	crc    uint32
}

func (p piece) String() string { return fmt.Sprintf("%d-%d-%08x", p.off, p.n, p.crc) }

// parsePiece parses the name of a piece.
func parsePiece(name string) (p piece, ok bool) {
	parts := strings.Split(name, "-")
	if len(parts) != 3 {
		return p, false
	}
	var errs [3]error
	p.off, errs[0] = strconv.ParseInt(parts[0], 10, 64)
	p.n, errs[1] = strconv.ParseInt(parts[1], 10, 64)
	crc, err := strconv.ParseUint(parts[2], 16, 32)
	errs[2], p.crc = err, uint32(crc)
	ok = cmp.Or(errs[:]...) == nil && p.off >= 0 && p.n > 0 && p.off <= 1<<62 && p.n <= 1<<62 && p.String() == name
	return p, ok
}

// look lists the pieces. The caller holds k.mu.
func (k *kept) look() {
	k.pieces = k.pieces[:0]
	entries, _ := os.ReadDir(k.dir) // if the directory does not exist, nothing is cached
	for _, e := range entries {
		if p, ok := parsePiece(e.Name()); ok {
			k.pieces = append(k.pieces, p)
		}
	}
	slices.SortFunc(k.pieces, func(a, b piece) int { return cmp.Or(cmp.Compare(a.off, b.off), cmp.Compare(a.n, b.n)) })
}

// A span is a range that is not cached.
type span struct{ off, n int64 }

// fill fills p with the cached bytes from offset off on, and returns the ranges that are not cached.
func (k *kept) fill(p []byte, off int64) (missing []span) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if missing = k.take(p, off); len(missing) > 0 {
		k.look() // another process may have added pieces
		missing = k.take(p, off)
	}
	return missing
}

// take is fill without looking for new pieces. The caller holds k.mu.
func (k *kept) take(p []byte, off int64) (missing []span) {
	end := off + int64(len(p))
	for at := off; at < end; {
		best, next := -1, end
		for i, x := range k.pieces {
			if x.off > at {
				next = min(next, x.off)
				break
			}
			if x.off+x.n > at && (best < 0 || x.off+x.n > k.pieces[best].off+k.pieces[best].n) {
				best = i
			}
		}
		if best < 0 {
			missing = append(missing, span{at, next - at})
			at = next
			continue
		}
		x := k.pieces[best]
		n := min(x.off+x.n, end) - at
		if !k.read(x, p[at-off:at-off+n], at-x.off) {
			k.pieces = slices.Delete(k.pieces, best, best+1)
			continue
		}
		at += n
	}
	return missing
}

// read fills p from a piece. It removes a piece that does not match its name. The caller holds k.mu.
func (k *kept) read(x piece, p []byte, off int64) bool {
	name := filepath.Join(k.dir, x.String())
	f, err := os.Open(name)
	if err != nil {
		return false
	}
	defer f.Close()
	if !k.checked[x] {
		sum := crc32.New(castagnoli)
		if n, err := io.Copy(sum, f); err != nil || n != x.n || sum.Sum32() != x.crc {
			_ = os.Remove(name) // another process may remove it first
			return false
		}
		k.checked[x] = true
	}
	_, err = f.ReadAt(p, off)
	return err == nil
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// add caches a range. It does nothing if the directory is not writable.
func (k *kept) add(p []byte, off int64) {
	x := piece{off, int64(len(p)), crc32.Checksum(p, castagnoli)}
	if os.MkdirAll(k.dir, 0o777) != nil {
		return
	}
	f, err := os.CreateTemp(k.dir, "new-")
	if err != nil {
		return
	}
	_, err = f.Write(p)
	if err = cmp.Or(err, f.Close(), os.Rename(f.Name(), filepath.Join(k.dir, x.String()))); err != nil {
		_ = os.Remove(f.Name()) // at worst the temporary file remains
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	at, _ := slices.BinarySearchFunc(k.pieces, x, func(a, b piece) int { return cmp.Or(cmp.Compare(a.off, b.off), cmp.Compare(a.n, b.n)) })
	k.pieces = slices.Insert(k.pieces, at, x)
}

// verify compares the SHA-256 of a file of size bytes once all of it is cached. If they differ it removes the file from the cache.
func (k *kept) verify(size int64, want string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	mark := filepath.Join(k.dir, "sha256-"+strings.ToLower(want)) // says that a process has compared it; each piece has a checksum as well
	if k.verified || size == 0 || !k.covers(size) {
		return nil
	}
	if _, err := os.Stat(mark); err == nil {
		k.verified = true
		return nil
	}
	h := sha256.New()
	buf := make([]byte, min(size, 1<<20))
	for at := int64(0); at < size; at += int64(len(buf)) {
		b := buf[:min(int64(len(buf)), size-at)]
		if len(k.take(b, at)) > 0 {
			return nil // another process has just deleted pieces
		}
		h.Write(b)
	}
	if err := sameSum(h, want); err != nil {
		k.pieces = nil
		_ = os.RemoveAll(k.dir) // remaining pieces fail the next comparison
		return err
	}
	k.verified = true
	_ = os.WriteFile(mark, nil, 0o666) // if this fails, the next process compares again
	return nil
}

// covers reports whether the pieces hold all bytes up to size. The caller holds k.mu.
func (k *kept) covers(size int64) bool {
	end := int64(0)
	for _, x := range k.pieces {
		if x.off > end {
			return false
		}
		end = max(end, x.off+x.n)
	}
	return end >= size
}

// sameSum returns an error if h does not have the expected sum.
func sameSum(h hash.Hash, want string) error {
	if got := hex.EncodeToString(h.Sum(nil)); got != strings.ToLower(want) {
		return fmt.Errorf("SHA-256 %s, expected %s: %w", got, want, ErrSum)
	}
	return nil
}
