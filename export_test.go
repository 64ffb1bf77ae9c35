package ckpt

import (
	"github.com/gockpt/ckpt/internal/object"
	"github.com/gockpt/ckpt/internal/walk"
)

// These functions show the package's internals to its tests.
var (
	SnakeCase = snakeCase
	Language  = goTypes.Language
)

// WalkOf returns the graph of the program with the given root.
func WalkOf(root any) (*object.Graph, error) {
	w := newWalker(new(walk.StandIns), nil)
	if err := w.AddRoot(root, nil); err != nil {
		return nil, err
	}
	return w.Graph(), w.ExpandAll()
}

// Walk returns the graph of the program.
func (c *Checkpoint) Walk() (*object.Graph, error) { return c.walk() }

// Restorations returns how many restores still wait for objects.
func (c *Checkpoint) Restorations() int { return len(c.restorations) }

// Modules returns how many modules refer to the Checkpoint.
func (c *Checkpoint) Modules() int { return len(c.modules) }

// StandIns returns how many objects have stand-ins.
func (c *Checkpoint) StandIns() int { return c.standIns.Len() }

// Counter returns the save counter, or nil if there is none yet.
func (c *Checkpoint) Counter() *int64 { return c.counter }

// NextRestore returns the number of the next restore.
func (c *Checkpoint) NextRestore() uint64 { return c.history.Next() }

// Owners returns the Checkpoints that are notified of new children.
func (m *Module) Owners() []*Checkpoint { return m.owners }
