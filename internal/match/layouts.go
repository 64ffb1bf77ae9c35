package match

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/gockpt/ckpt/internal/derived"
	"github.com/gockpt/ckpt/internal/transfer"
	"github.com/gockpt/ckpt/internal/wording"
	"github.com/gockpt/ckpt/layout"
)

// Layouts apply the layouts of other makers that types declare, while the objects of a file are matched.
type Layouts struct {
	Graph *derived.Graph
	// Rules returns the rules that the type of an object, or of a nil list, declares. stored returns the names below the stored
	// object.
	Rules func(v reflect.Value, stored func() []string) []layout.Rule

	applied []AppliedRule
	asked   map[int][]layout.Rule // the declared rules of each stored object
}

// An AppliedRule is a rule that made a value, and the stored object in which it was applied.
type AppliedRule struct {
	derived.Applied
	Object int
}

// extend adds to a stored object the values that the rules of v, or of the list that v could be, make from its values.
func (l *Layouts) extend(stored int, v reflect.Value) error {
	if l == nil || !v.IsValid() || len(l.Graph.Nodes[stored].Children) == 0 {
		return nil
	}
	rules := l.Rules(v, children{l.Graph.Graph, stored}.Names)
	if len(rules) == 0 {
		return nil
	}
	if l.asked == nil {
		l.asked = make(map[int][]layout.Rule)
	}
	l.asked[stored] = rules
	applied, err := l.Graph.Extend(stored, rules)
	if err != nil {
		return &transfer.Mismatch{Problem: err.Error()}
	}
	for _, a := range applied {
		l.applied = append(l.applied, AppliedRule{a, stored})
	}
	return nil
}

// lacks returns the stored names from which a rule would have made the value own of a stored object, or "" if there is no rule.
func (l *Layouts) lacks(stored int, own string) string {
	if l == nil {
		return ""
	}
	for i := range l.asked[stored] {
		if rule := &l.asked[stored][i]; slices.Contains(rule.Own, own) {
			return fmt.Sprintf("%s's %s", rule.Maker, wording.Quote(rule.Stored))
		}
	}
	return ""
}

// used reports whether a rule has used a stored node's value.
func (l *Layouts) used(id int) bool { return l != nil && l.Graph.Used(id) }

// Applied returns the applied rules in the order of their application.
func (l *Layouts) Applied() []AppliedRule {
	if l == nil {
		return nil
	}
	return l.applied
}
