package pickle

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// Options are the callbacks of a Decoder.
type Options struct {
	// Call is called for every global that the pickle calls, before an [Object] represents the call. If it returns an error,
	// decoding ends. If Call is nil, all calls are accepted as data.
	Call func(*Global) error
	// Persistent returns the value of a persistent id. The id is any value of the pickle, or a string in protocol 0. If it
	// returns an error, decoding ends. If Persistent is nil, persistent ids are errors.
	Persistent func(id Value) (Value, error)
}

// A Decoder reads consecutive pickles.
type Decoder struct {
	r    *bufio.Reader
	off  int64 // offset of the next byte
	size int64
	opts Options

	at int64 // offset of the current instruction
	machine
}

// NewDecoder returns a Decoder of the pickles at the beginning of r. r has size bytes. No length in a pickle may exceed the
// number of bytes that are left.
func NewDecoder(r io.Reader, size int64, opts Options) *Decoder {
	return &Decoder{r: bufio.NewReader(r), size: size, opts: opts}
}

// Decode reads one pickle.
func (d *Decoder) Decode() (Value, error) {
	d.machine = machine{}
	for {
		d.at = d.off
		op, err := d.byte()
		if err != nil {
			return nil, err
		}
		if op == opStop {
			return d.result()
		}
		if err := d.carryOut(op); err != nil {
			return nil, d.located(err)
		}
	}
}

// Offset returns the offset after the last pickle, where the next pickle or other data begins.
func (d *Decoder) Offset() int64 { return d.off }

// located adds the offset to err, which may come from a callback.
func (d *Decoder) located(err error) error {
	if errors.As(err, new(*Error)) {
		return err
	}
	return &Error{Offset: d.at, Err: err}
}

// result returns the value of a pickle that has ended.
func (d *Decoder) result() (Value, error) {
	if len(d.stack) != 1 || len(d.marks) > 0 {
		return nil, d.corrupt("it ends with %d values, expected one", len(d.stack)+len(d.marks))
	}
	v := d.stack[0]
	d.machine = machine{}
	return v, nil
}

func (d *Decoder) byte() (byte, error) {
	if d.off >= d.size {
		return 0, d.ended()
	}
	b, err := d.r.ReadByte()
	if err != nil {
		return 0, d.readFault(err)
	}
	d.off++
	return b, nil
}

// maxBytes is the largest size of a string or a line. A string may hold the numbers of an array. A sparse file may have any size.
const maxBytes = 1 << 30

// read returns the next n bytes. If n is small they are valid until the next read; otherwise they belong to the caller.
func (d *Decoder) read(n uint64) ([]byte, error) {
	if n > uint64(d.size-d.off) {
		return nil, d.corrupt("expected %d bytes, but only %d are left", n, d.size-d.off)
	}
	if n > maxBytes {
		return nil, d.corrupt("expected %d bytes, but at most %d are read at once", n, int64(maxBytes))
	}
	if n <= uint64(d.r.Size()) {
		b, err := d.r.Peek(int(n))
		if err != nil {
			return nil, d.readFault(err)
		}
		d.off += int64(n)
		_, err = d.r.Discard(int(n)) // the bytes are in the buffer
		return b, err
	}
	// Memory grows with the bytes that arrive, because size is not trusted.
	var buf bytes.Buffer
	if _, err := io.CopyN(&buf, d.r, int64(n)); err != nil {
		return nil, d.readFault(err)
	}
	d.off += int64(n)
	return buf.Bytes(), nil
}

// line returns the bytes up to the next newline, without the newline. They are valid until the next read.
func (d *Decoder) line() ([]byte, error) {
	var whole []byte
	for {
		part, err := d.r.ReadSlice('\n')
		d.off += int64(len(part))
		if d.off > d.size {
			return nil, d.ended()
		}
		if err == nil && whole == nil {
			return part[:len(part)-1], nil
		}
		if len(whole)+len(part) > maxBytes {
			return nil, d.corrupt("a line has more than %d bytes", int64(maxBytes))
		}
		if len(part) == d.r.Size() && len(bytes.Trim(part, "\x00")) == 0 {
			return nil, d.corrupt("a line has %d zero bytes, which a pickle would escape: this part of the file was not written", len(part))
		}
		whole = append(whole, part...)
		switch {
		case err == nil:
			return whole[:len(whole)-1], nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, d.readFault(err)
		}
	}
}

func (d *Decoder) ended() error { return d.corrupt("the pickle is cut off: its end is missing") }

func (d *Decoder) readFault(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return d.ended()
	}
	return &Error{Offset: d.at, Err: fmt.Errorf("read: %w", err)}
}
