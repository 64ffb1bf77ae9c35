package prefix

import (
	"fmt"
	"log/slog"
	"path/filepath"
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

// SavedModel returns the prefix of a SavedModel's variables, or path itself where it is not a SavedModel's directory.
func SavedModel(fsys fsx.ReadFS, path string) string {
	if IsDir(fsys, path) && (IsFile(fsys, filepath.Join(path, "saved_model.pb")) || IsFile(fsys, filepath.Join(path, "saved_model.pbtxt"))) {
		return filepath.Join(path, "variables", "variables")
	}
	return path
}

// Find returns the prefix that a user means by path. The error satisfies errors.Is(err, [format.ErrNotFound]) where path is a
// directory without a checkpoint, [format.ErrFormat] where that is of another program; where it is a state file, or has one, that does not lead to a checkpoint, the error
// says what the file has and which checkpoints lie beside it. A path that is none of these is returned as it is.
func (p Place) Find(path string) (string, error) {
	switch {
	case path == "":
		return "", fmt.Errorf("ckpt: open: the path is empty: %w", format.ErrNotFound)
	case IsFile(p.FS, path+".index"):
		return path, nil
	case IsDir(p.FS, path):
		return p.findIn(path)
	case !IsFile(p.FS, path):
		return path, nil // shards of the V1 format, or nothing
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
	if prefix := SavedModel(p.FS, dir); prefix != dir {
		return prefix, nil
	}
	empty := strings.TrimSuffix(dir, "/") + "/" // the checkpoint with an empty base name
	variables := filepath.Join(dir, "variables", "variables")
	switch {
	case IsFile(p.FS, p.stateFile(dir)):
		return p.mustLatest(dir)
	case IsFile(p.FS, empty+".index"):
		return empty, nil
	case IsFile(p.FS, variables+".index"):
		return variables, nil
	}
	if file := p.weightsIn(dir); file != "" {
		return file, nil
	}
	if what, todo, ok := whatis.Describe(p.FS, dir); ok {
		return "", notCheckpoint(dir, what, todo)
	}
	return "", Hint(p.FS, dir, fmt.Errorf("%s: Couldn't find 'checkpoint' file or checkpoints in given directory, and it is not a SavedModel: it has no file %s that names the latest; %s: %w",
		dir, p.StateFile, p.choose(dir), format.ErrNotFound))
}

// choose says which checkpoints a directory has, and how to open one.
func (p Place) choose(dir string) string {
	there := indexed(p.FS, dir)
	if len(there) == 0 {
		return listed(p.FS, dir)
	}
	return fmt.Sprintf("%s: open one by its prefix, such as %s", listed(p.FS, dir), filepath.Join(dir, there[len(there)-1]))
}

// weightsIn returns the file in dir that stands for a checkpoint of another library, "" where there is none: the list of its shards,
// as Hugging Face's directories and Keras's have it, or the only weights.
func (p Place) weightsIn(dir string) string {
	entries, _ := p.FS.ReadDir(filepath.Clean(dir))
	if weights := filepath.Join(dir, "model.weights.h5"); IsFile(p.FS, weights) && IsFile(p.FS, filepath.Join(dir, "metadata.json")) {
		return weights // a .keras archive that was unpacked
	}
	for _, ending := range []string{".safetensors.index.json", ".safetensors", ".bin.index.json", ".weights.json"} {
		var found []string
		for _, e := range entries {
			if !e.IsDir() && strings.HasSuffix(e.Name(), ending) {
				found = append(found, filepath.Join(dir, e.Name()))
			}
		}
		if len(found) == 1 {
			return found[0]
		}
	}
	return ""
}
