package jsonscan

import (
	"bytes"
	"errors"
	"io"
	"strings"
)

const (
	pieceSize   = 1 << 20  // number of bytes that are read at a time
	trustedSize = 16 << 20 // largest buffer that is allocated before any bytes arrive
)

// ErrZeros is wrapped by the error for a text with a zero byte, which JSON does not allow.
var ErrZeros = errors.New("it has a zero byte, and JSON has none")

// Read returns the n bytes of JSON at offset off of r. It reads in pieces and ends at the first zero byte, because a sparse file
// can have any size. The error is io.ErrUnexpectedEOF if r ends early.
func Read(r io.ReaderAt, off, n int64) (string, error) {
	var text strings.Builder
	text.Grow(int(min(n, trustedSize)))
	p := make([]byte, min(n, pieceSize))
	for at := int64(0); at < n; at += int64(len(p)) {
		p = p[:min(n-at, pieceSize)]
		if m, err := r.ReadAt(p, off+at); m < len(p) {
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return "", err
		}
		if bytes.IndexByte(p, 0) >= 0 {
			return "", ErrZeros
		}
		if text.Cap()-text.Len() < len(p) {
			before := text.String()
			text.Reset()
			text.Grow(int(n))
			text.WriteString(before)
		}
		text.Write(p)
	}
	return text.String(), nil
}
