package sections

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"

	"github.com/gockpt/ckpt/internal/fsx"
)

// A Manifest records that a section is complete and describes its files.
type Manifest struct {
	Format  int    `json:"format"`
	Attempt string `json:"attempt"`
	Worker  int    `json:"worker"`
	Of      int    `json:"of"`
	Nonce   string `json:"nonce"` // of the process that wrote the files, and their name
	// Slot, in an object store, says which of the section's possible numbers its data file has.
	Slot  int   `json:"slot,omitempty"`
	Data  int64 `json:"data_bytes"`
	Index Sum   `json:"index"`
	Graph Sum   `json:"graph"`
	// Checksum is that of the manifest itself, without this field.
	Checksum uint32 `json:"crc32c"`
}

// A Sum is the size and the checksum of a file.
type Sum struct {
	Bytes    int64  `json:"bytes"`
	Checksum uint32 `json:"crc32c"`
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// SumOf returns the sum of a file with the contents b.
func SumOf(b []byte) Sum { return Sum{int64(len(b)), crc32.Checksum(b, castagnoli)} }

// Encode returns the contents of the manifest's file, with the checksum.
func (m Manifest) Encode() []byte {
	m.Checksum = 0
	bare, _ := json.Marshal(m) // numbers and strings: it cannot fail
	m.Checksum = crc32.Checksum(bare, castagnoli)
	whole, _ := json.Marshal(m)
	return append(whole, '\n')
}

// DecodeManifest is the inverse of [Manifest.Encode].
func DecodeManifest(b []byte) (m Manifest, err error) {
	if err := json.Unmarshal(b, &m); err != nil {
		return m, fmt.Errorf("it cannot be parsed: %w", err)
	}
	if !bytes.Equal(m.Encode(), b) {
		return m, errors.New("its checksum does not match")
	}
	if m.Format != 1 {
		return m, fmt.Errorf("it has format %d, this release supports 1", m.Format)
	}
	return m, nil
}

// manifestLimit is the largest size of a manifest.
const manifestLimit = 64 << 10

// hasSlot reports whether the slot of a section's data file is valid.
func (a *attempt) hasSlot(m Manifest) bool {
	return m.Slot == 0 || m.Slot > 0 && m.Slot < roomyShards && a.shard(m.Worker, m.Slot) < a.shards()
}

// readManifest reads the manifest of section i and checks that it belongs to it.
func (a *attempt) readManifest(i int) (Manifest, error) {
	name := a.manifestFile(i)
	b, err := fsx.ReadFile(a.fsys, name, manifestLimit)
	if errors.Is(err, fs.ErrNotExist) {
		return Manifest{}, fmt.Errorf("ckpt: %s: section %d of %d is missing from attempt %s: %w", a.prefix, i, a.of, a.name, ErrSection)
	}
	var m Manifest
	if err == nil {
		m, err = DecodeManifest(b)
	}
	if err == nil && (m.Attempt != a.name || m.Of != a.of || m.Worker != i || !a.hasSlot(m) || !attemptName.MatchString(m.Nonce)) {
		err = fmt.Errorf("it belongs to section %d of %d of attempt %q", m.Worker, m.Of, m.Attempt)
	}
	if err != nil {
		return m, fmt.Errorf("ckpt: %s: invalid manifest for section %d: %w: %w", name, i, err, ErrSection)
	}
	return m, nil
}
