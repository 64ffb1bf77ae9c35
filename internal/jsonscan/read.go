package jsonscan

import (
	"bytes"
	"errors"
	"io"
)

// pieceSize is how much of a text is read at once.
const pieceSize = 1 << 20

// ErrZeros is in the error of a text that has a zero byte, which JSON has nowhere.
var ErrZeros = errors.New("it has a zero byte, and JSON has none")

// Read returns the n bytes of JSON at offset off of r. It reads them piece by piece and ends at the first zero byte: a sparse file
// looks as long as it likes. The error is io.ErrUnexpectedEOF where r ends before.
func Read(r io.ReaderAt, off, n int64) ([]byte, error) {
	var text []byte
	for at := int64(0); at < n; {
		piece := int(min(n-at, pieceSize))
		if cap(text)-len(text) < piece {
			grown := make([]byte, len(text), min(n, int64(2*len(text)+piece)))
			copy(grown, text)
			text = grown
		}
		p := text[len(text) : len(text)+piece]
		if m, err := r.ReadAt(p, off+at); m < piece {
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return nil, err
		}
		if bytes.IndexByte(p, 0) >= 0 {
			return nil, ErrZeros
		}
		text = text[:len(text)+piece]
		at += int64(piece)
	}
	return text, nil
}
