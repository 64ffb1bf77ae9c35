package sections

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"regexp"

	"github.com/gockpt/ckpt/format/bundle"
	"github.com/gockpt/ckpt/internal/fsx"
	"github.com/gockpt/ckpt/internal/prefix"
)

// ErrSection is in the error of a merge if a section is missing or damaged. The merge did not change anything.
var ErrSection = errors.New("incomplete sections")

var attemptName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$`)

// An attempt has the files of one attempt to write one checkpoint.
type attempt struct {
	fsys   fsx.FS
	prefix string
	name   string
	agreed bool // the workers agreed on the name; the caller gave none
	of     int  // the number of sections
}

// Dir returns the directory for the sections of a checkpoint until they are merged.
func Dir(prefix string) string { return prefix + ".sections" }

func (a *attempt) dir() string { return filepath.Join(Dir(a.prefix), "a-"+a.name) }

func (a *attempt) manifestFile(i int) string {
	return filepath.Join(a.dir(), fmt.Sprintf("section-%05d-of-%05d", i, a.of))
}

func (a *attempt) file(nonce string) string { return filepath.Join(a.dir(), nonce) }

func (a *attempt) decisionFile() string { return filepath.Join(Dir(a.prefix), "decision") }

// shards is the number of data files in their names: one for each section, and one for the object graph; in an object store many
// more.
func (a *attempt) shards() int {
	if _, ok := a.objects(); ok {
		return roomyShards
	}
	return a.of + 1
}

// committed reports whether the checkpoint has its index.
func (a *attempt) committed() (bool, error) { return prefix.IsFile(a.fsys, bundle.IndexFile(a.prefix)) }

// decision returns the name of the attempt that is merged.
func (a *attempt) decision() (string, error) {
	b, err := fsx.ReadFile(a.fsys, a.decisionFile(), 128)
	return string(b), err
}

// join returns the attempt name, or, if name is empty, the attempt that the first worker chooses for all.
func join(fsys fsx.FS, prefix, name string, of int) (*attempt, error) {
	a := &attempt{fsys: fsys, prefix: prefix, name: name, agreed: name == "", of: of}
	if !a.agreed {
		return a, a.checkName()
	}
	if err := fsx.MkdirAll(fsys, Dir(prefix)); err != nil {
		return a, fmt.Errorf("ckpt: %w", err)
	}
	if err := fsx.WriteOnce(fsys, a.agreementFile(), []byte(newNonce())); err != nil && !errors.Is(err, fs.ErrExist) {
		return a, fmt.Errorf("ckpt: agree on an attempt: %w", err)
	}
	return a, a.readAgreement()
}

// find returns the attempt name, or the one that the workers agreed on.
func find(fsys fsx.FS, prefix, name string) (*attempt, error) {
	a := &attempt{fsys: fsys, prefix: prefix, name: name, agreed: name == ""}
	if a.agreed {
		return a, a.readAgreement()
	}
	return a, a.checkName()
}

func (a *attempt) agreementFile() string { return filepath.Join(Dir(a.prefix), "attempt") }

func (a *attempt) readAgreement() error {
	name, err := fsx.ReadFile(a.fsys, a.agreementFile(), 128)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("ckpt: %s: %w", a.prefix, err)
	}
	if err != nil {
		return fmt.Errorf("ckpt: merge %s: the workers did not agree on an attempt; name it with the option Attempt: %w: %w", a.prefix, err, ErrSection)
	}
	a.name = string(name)
	return a.checkName()
}

func (a *attempt) checkName() error {
	if !attemptName.MatchString(a.name) {
		return fmt.Errorf("ckpt: %q cannot be the name of an attempt: want at most 128 letters, digits, '.', '_' and '-'", a.name)
	}
	return nil
}

func newNonce() string {
	var b [16]byte
	rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}
