package sections

import (
	"path/filepath"
	"strings"

	"github.com/gockpt/ckpt/internal/prefix"
)

// sweepOlder removes what is left of the sections of committed checkpoints with lower numbers: of a merge that was killed after its
// commit, which nobody repeats when the program goes on, and of workers that came late. Of a checkpoint with a higher number, or none, the
// merge may still be at work.
func (a *attempt) sweepOlder() {
	dir, base := filepath.Split(a.prefix)
	name, number, ok := prefix.CutNumber(base)
	entries, err := a.fsys.ReadDir(filepath.Clean(dir))
	if err != nil || !ok {
		return
	}
	for _, e := range entries {
		other, found := strings.CutSuffix(e.Name(), Dir(""))
		if !found || !e.IsDir() {
			continue
		}
		if of, n, ok := prefix.CutNumber(other); !ok || of != name || n >= number {
			continue
		}
		older := &attempt{fsys: a.fsys, prefix: filepath.Join(dir, other)}
		if committed, err := older.committed(); committed && err == nil { // else the next merge looks again
			older.cleanUp()
		}
	}
}
