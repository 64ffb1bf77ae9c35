package torch

import (
	"encoding/binary"
	"fmt"
	"io"

	"github.com/gockpt/ckpt/format/raw"
	"github.com/gockpt/ckpt/internal/pickle"
)

// legacyVersion is the only version of the older form.
const legacyVersion = 1001

// readLegacy reads the form that PyTorch used up to 1.5.
func (f *file) readLegacy() error {
	d := f.decoder()
	var header [3]pickle.Value // magic number, version, description of the machine
	for i := range header {
		var err error
		if header[i], err = d.Decode(); err != nil {
			return in(f.name, "", err)
		}
	}
	if header[1] != int64(legacyVersion) {
		return in(f.name, "", unsupported("it has version %v, the only supported version is %d", header[1], legacyVersion))
	}
	begin := d.Offset()
	var err error
	if f.root, err = d.Decode(); err != nil {
		return in(f.name, "", err)
	}
	f.pickleSize = d.Offset() - begin
	keys, err := d.Decode()
	if err != nil {
		return in(f.name, "", err)
	}
	return in(f.name, "", f.findStorages(keys, d.Offset()))
}

// decoder returns a decoder of the pickles at the beginning of the file.
func (f *file) decoder() *pickle.Decoder {
	return pickle.NewDecoder(io.NewSectionReader(f.blobs[0], 0, f.size), f.size, f.options())
}

// findStorages locates the bytes of the storages. They begin at an offset and follow in the order of the keys.
func (f *file) findStorages(keys pickle.Value, at int64) error {
	list, ok := keys.(*pickle.List)
	if !ok {
		return corrupt("the list of storages is %s", kind(keys))
	}
	for _, k := range list.Items {
		key, _ := k.(string)
		s := f.storages[key]
		switch {
		case s == nil:
			return corrupt("no tensor uses storage %s, so its size is unknown", raw.Quote(key))
		case s.blob > 0:
			return corrupt("it has storage %s twice", raw.Quote(key))
		}
		var count [8]byte
		if n, err := f.blobs[0].ReadAt(count[:], at); n < len(count) {
			if err == io.EOF {
				return corrupt("it ends before storage %s: it was cut off", raw.Quote(key))
			}
			return fmt.Errorf("read storage %s: %w", raw.Quote(key), err)
		}
		if n := binary.LittleEndian.Uint64(count[:]); n != uint64(s.bytes/s.size) {
			return corrupt("storage %s has %d elements, but its tensors say %d", raw.Quote(key), n, s.bytes/s.size)
		}
		at += int64(len(count))
		b, err := f.blobs[0].Part(f.name, at, s.bytes)
		if err != nil {
			return err
		}
		s.blob = len(f.blobs)
		f.blobs = append(f.blobs, b)
		at += s.bytes
	}
	for _, s := range f.storages {
		if s.blob == 0 && !s.meta {
			return corrupt("the bytes of storage %s are missing", raw.Quote(s.key))
		}
	}
	return nil
}

// readPickle reads a pickle that torch.save did not write. It may hold NumPy arrays.
func (f *file) readPickle() error {
	d := f.decoder()
	var err error
	f.root, err = d.Decode()
	f.pickleSize = d.Offset()
	return in(f.name, "", err)
}
