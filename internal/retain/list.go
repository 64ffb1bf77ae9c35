package retain

import (
	"slices"
	"time"
)

// A Checkpoint is a checkpoint that may be deleted.
type Checkpoint struct {
	Name    string
	Written float64 // in seconds since 1970
}

// Seconds returns t as Python's time.time does, in seconds since 1970.
func Seconds(t time.Time) float64 { return float64(t.Unix()) + float64(t.Nanosecond())/1e9 }

// A List has the checkpoints that may be deleted.
type List struct {
	Active []Checkpoint // oldest first
	Doomed []Checkpoint // to be deleted; after a failure they are tried again
	// LastPreserved is the beginning of the last period for which a checkpoint is kept.
	LastPreserved float64
}

// Rules say which checkpoints are kept.
type Rules struct {
	Last  *int           // the number of newest checkpoints; nil keeps all
	Every *time.Duration // keeps one of the older ones for each such period; nil keeps none of them
	// FixedPeriods makes each period begin at the end of the previous one, as in tf.compat.v1.train.Saver. Otherwise a period
	// begins with the checkpoint that was kept, as with tf.train.CheckpointManager.
	FixedPeriods bool
}

// Add returns l with a checkpoint that was just written. It replaces one with the same name.
func (l *List) Add(name string, written float64) *List {
	return &List{
		Active:        append(without(l.Active, name), Checkpoint{name, written}),
		Doomed:        without(l.Doomed, name),
		LastPreserved: l.LastPreserved,
	}
}

func without(all []Checkpoint, name string) []Checkpoint {
	return slices.DeleteFunc(slices.Clone(all), func(c Checkpoint) bool { return c.Name == name })
}

// Retire removes surplus checkpoints from the active ones. A checkpoint that begins a new period is no longer listed, and so kept
// forever; the others become doomed.
func (l *List) Retire(r Rules) {
	if r.Last == nil {
		return
	}
	for len(l.Active) > *r.Last {
		oldest := l.Active[0]
		l.Active = l.Active[1:]
		switch {
		case r.Every == nil || oldest.Written-r.Every.Seconds() < l.LastPreserved:
			l.Doomed = append(l.Doomed, oldest)
		case r.FixedPeriods:
			l.LastPreserved += r.Every.Seconds()
		default:
			l.LastPreserved = oldest.Written
		}
	}
}

// Sweep calls remove to delete the doomed checkpoints. remove returns errors for those that it could not delete; these stay
// doomed.
func (l *List) Sweep(remove func(names []string) (failed map[string]error)) {
	if len(l.Doomed) == 0 {
		return
	}
	failed := remove(names(l.Doomed))
	l.Doomed = slices.DeleteFunc(l.Doomed, func(c Checkpoint) bool { return failed[c.Name] == nil })
}

// Names returns the names of the active checkpoints, oldest first.
func (l *List) Names() []string { return names(l.Active) }

func names(all []Checkpoint) []string {
	out := make([]string, len(all))
	for i, c := range all {
		out[i] = c.Name
	}
	return out
}
