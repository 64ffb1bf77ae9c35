package torch

import (
	"bytes"
	"errors"
	"strconv"
	"strings"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/format/raw"
	"github.com/gockpt/ckpt/internal/pickle"
	"github.com/gockpt/ckpt/internal/zipfile"
)

// readArchive reads the form that PyTorch has used since 1.6.
func (f *file) readArchive() error {
	a, err := zipfile.Open(f.blobs[0])
	if err != nil {
		return err
	}
	dir, err := directory(a)
	if err != nil {
		return in(f.name, "", err)
	}
	if err := f.readHeaders(a, dir); err != nil {
		return err
	}
	f.pickleName = f.name + ": " + dir + "data.pkl"
	data, err := a.ReadFile(dir+"data.pkl", maxPickle)
	if err != nil {
		return err
	}
	f.pickleSize = int64(len(data))
	f.locate = func(s *storage) error { return f.member(s, a, dir+"data/"+s.key) }
	f.root, err = pickle.NewDecoder(bytes.NewReader(data), f.pickleSize, f.options()).Decode()
	return in(f.pickleName, "", err)
}

// directory returns the name of the archive's directory, with a slash at the end.
func directory(a *zipfile.Archive) (dir string, err error) {
	for name := range a.Names() {
		switch {
		case !isData(name):
		case dir != "":
			return "", corrupt("the archive has two pickles of a saved object, %s and %s", raw.Quote(dir+"data.pkl"), raw.Quote(name))
		default:
			dir = strings.TrimSuffix(name, "data.pkl")
		}
	}
	switch {
	case dir == "":
		return "", unsupported("it is a ZIP archive without a member DIRECTORY/data.pkl, so torch.save did not write it")
	case a.Has(dir + "constants.pkl"):
		return "", unsupported("it is a TorchScript archive, a program and its weights; save the weights alone in Python: " +
			`torch.save(torch.jit.load(path).state_dict(), "weights.pt")`)
	}
	return dir, nil
}

// readHeaders reads the small members that describe the format of the others.
func (f *file) readHeaders(a *zipfile.Archive, dir string) error {
	const most = 64
	order, err := a.ReadFile(dir+"byteorder", most)
	if err != nil && !errors.Is(err, format.ErrNotFound) {
		return err
	}
	switch text := string(bytes.TrimSpace(order)); text {
	case "big":
		f.bigEndian = true
	case "little", "":
	default:
		return in(f.name, "", corrupt("its byte order is %q, which is neither little nor big", text))
	}
	version, err := a.ReadFile(dir+"version", most)
	if errors.Is(err, format.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(string(bytes.TrimSpace(version)))
	if err != nil {
		return in(f.name, "", corrupt("its version is %q, which is not a number", version))
	}
	if n > maxVersion {
		return in(f.name, "", unsupported("it has version %d of the archive format, the newest supported version is %d", n, maxVersion))
	}
	return nil
}

// member locates a storage's bytes in an archive.
func (f *file) member(s *storage, a *zipfile.Archive, name string) error {
	if s.meta {
		return nil
	}
	b, err := a.Blob(name)
	if errors.Is(err, format.ErrNotFound) {
		return corrupt("the archive has no member %s for storage %s", raw.Quote(name), raw.Quote(s.key))
	}
	if err != nil {
		return err
	}
	if b.Size() < s.bytes {
		return corrupt("storage %s has %d bytes, but its member of the archive has %d", raw.Quote(s.key), s.bytes, b.Size())
	}
	s.blob = len(f.blobs)
	f.blobs = append(f.blobs, b)
	return nil
}
