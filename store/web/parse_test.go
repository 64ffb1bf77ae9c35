package web

import (
	"testing"
)

func FuzzParseRange(f *testing.F) {
	for _, s := range []string{"bytes 0-9/100", "bytes 5-5/6", "bytes */5", "bytes 0-9/*", "bytes 9-0/10", "bytes 0-9223372036854775807/9223372036854775807", "bytes -1-2/3", "bits 0-9/10", "bytes 0-9/10/11", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		first, last, size, ok := parseRange(s)
		if ok && (first < 0 || last < first || size <= last) {
			t.Errorf("%q: %d-%d/%d", s, first, last, size)
		}
	})
}

func FuzzParsePiece(f *testing.F) {
	for _, s := range []string{"0-1-00000000", "4096-8388608-deadbeef", "1-0-00000000", "-1-5-00000000", "0-1-0", "00-1-00000000", "9223372036854775807-1-00000000", "new-12345", "0-1-DEADBEEF", "+1-1-00000000"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, ok := parsePiece(s)
		if ok && (p.String() != s || p.off < 0 || p.n <= 0 || p.off+p.n < p.off) {
			t.Errorf("%q is %+v", s, p)
		}
	})
}
