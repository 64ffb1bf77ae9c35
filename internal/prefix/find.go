package prefix

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/internal/fsx"
	"github.com/gockpt/ckpt/internal/whatis"
)

// A Place is where checkpoints and their state files are looked for, and how.
type Place struct {
	FS        fsx.ReadFS
	StateFile string // its name in a directory of checkpoints
	Elsewhere bool   // absolute paths of a state file may lead out of its directory
	Log       *slog.Logger
	// IgnoreDamaged takes a state file that cannot be parsed, or names nothing, for none.
	IgnoreDamaged bool
}

// savedModel returns the prefix of a SavedModel's variables, or the directory itself where it is not a SavedModel's.
func savedModel(fsys fsx.ReadFS, dir string) (string, error) {
	for _, name := range []string{"saved_model.pb", "saved_model.pbtxt"} {
		if ok, err := IsFile(fsys, filepath.Join(dir, name)); ok || err != nil {
			return filepath.Join(dir, "variables", "variables"), err
		}
	}
	return dir, nil
}

// Find returns the prefix that a user means by path. The error satisfies errors.Is(err, [format.ErrNotFound]) where path is a
// directory without a checkpoint, [format.ErrFormat] where that is of another program; where it is a state file, or has one, that does not lead to a checkpoint, the error
// says what the file has and which checkpoints lie beside it. A path that is none of these is returned as it is.
func (p Place) Find(path string) (string, error) {
	if path == "" {
		return "", fmt.Errorf("ckpt: open: the path is empty: %w", format.ErrNotFound)
	}
	index, denied := IsFile(p.FS, path+".index")
	if index || denied != nil && !errors.Is(denied, fs.ErrPermission) { // which servers also say where there is nothing
		return path, denied
	}
	switch kind, err := Look(p.FS, path); {
	case err != nil:
		return "", err
	case kind == Directory:
		return p.findIn(path)
	case kind == Nothing:
		return path, denied // shards of the V1 format, or nothing
	}
	if whole, ok := strings.CutSuffix(path, ".index"); ok {
		return whole, nil
	}
	if whole, ok := CutDataFile(path); ok {
		return whole, nil
	}
	if dir, base := filepath.Split(path); base == p.StateFile {
		return p.mustLatest(dir)
	}
	return path, nil
}

// findIn returns the prefix that a user means by a directory.
func (p Place) findIn(dir string) (string, error) {
	if prefix, err := savedModel(p.FS, dir); prefix != dir || err != nil {
		return prefix, err
	}
	if ok, err := IsFile(p.FS, p.stateFile(dir)); err != nil {
		return "", err
	} else if ok {
		return p.mustLatest(dir)
	}
	empty := strings.TrimSuffix(dir, "/") + "/" // the checkpoint with an empty base name
	for _, prefix := range []string{empty, filepath.Join(dir, "variables", "variables")} {
		if ok, err := IsFile(p.FS, prefix+".index"); ok || err != nil {
			return prefix, err
		}
	}
	if file, err := p.weightsIn(dir); file != "" || err != nil {
		return file, err
	}
	if what, todo, ok := whatis.Describe(p.FS, dir); ok {
		return "", notCheckpoint(dir, what, todo)
	}
	return "", Hint(p.FS, dir, fmt.Errorf("%s: Couldn't find 'checkpoint' file or checkpoints in given directory, and it is not a SavedModel: it has no file %s that names the latest; %s: %w",
		dir, p.StateFile, p.choose(dir), format.ErrNotFound))
}

// choose says which checkpoints a directory has, and how to open one.
func (p Place) choose(dir string) string {
	there, err := indexed(p.FS, dir)
	if err != nil || len(there) == 0 {
		return listed(p.FS, dir)
	}
	return fmt.Sprintf("%s: open one by its prefix, such as %s", listed(p.FS, dir), filepath.Join(dir, there[len(there)-1]))
}

// weightsIn returns the file in dir that stands for a checkpoint of another library, "" where there is none: the list of its shards,
// as Hugging Face's directories and Keras's have it, or the only weights.
func (p Place) weightsIn(dir string) (string, error) {
	entries, err := p.FS.ReadDir(filepath.Clean(dir))
	if err != nil {
		return "", fmt.Errorf("ckpt: %w", err)
	}
	has := func(name string) bool {
		return slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return e.Name() == name && !e.IsDir() })
	}
	const weights = "model.weights.h5"
	if has(weights) && has("metadata.json") { // a .keras archive that was unpacked
		return filepath.Join(dir, weights), nil
	}
	for _, ending := range []string{".safetensors.index.json", ".safetensors", ".bin.index.json", ".weights.json"} {
		var found []string
		for _, e := range entries {
			if !e.IsDir() && strings.HasSuffix(e.Name(), ending) {
				found = append(found, filepath.Join(dir, e.Name()))
			}
		}
		if len(found) == 1 {
			return found[0], nil
		}
	}
	return "", nil
}
