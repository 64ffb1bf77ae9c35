package retain

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// listOf returns a list of checkpoints. Each is named after the second in which it was written.
func listOf(lastPreserved float64, written ...float64) *List {
	l := &List{LastPreserved: lastPreserved}
	for _, at := range written {
		l = l.Add(name(at), at)
	}
	return l
}

func name(at float64) string { return string(rune('a' + int(at))) }

func TestRetire(t *testing.T) {
	two, period := 2, 3*time.Second
	for label, tt := range map[string]struct {
		rules          Rules
		written        []float64
		active, doomed []string
		lastPreserved  float64
	}{
		"without a limit all stay":           {Rules{Every: &period}, []float64{1, 2, 3}, []string{"b", "c", "d"}, []string{}, 0},
		"the oldest exceeds the limit":       {Rules{Last: &two}, []float64{1, 2, 3}, []string{"c", "d"}, []string{"b"}, 0},
		"one per period":                     {Rules{Last: &two, Every: &period}, []float64{1, 4, 5, 8, 9, 10}, []string{"j", "k"}, []string{"b", "f"}, 8},
		"one per period, with fixed periods": {Rules{Last: &two, Every: &period, FixedPeriods: true}, []float64{1, 4, 5, 8, 9, 10}, []string{"j", "k"}, []string{"b", "f"}, 6},
	} {
		t.Run(label, func(t *testing.T) {
			l := listOf(0, tt.written...)
			l.Retire(tt.rules)
			require.Equal(t, tt.active, l.Names())
			require.Equal(t, tt.doomed, names(l.Doomed))
			require.Equal(t, tt.lastPreserved, l.LastPreserved)
		})
	}
	t.Run("a fixed period begins at the end of the previous one", func(t *testing.T) {
		for fixed, doomed := range map[bool][]string{false: {"g"}, true: {}} { // the checkpoint at 5 is kept; the one at 6 begins the second period of 3
			l := listOf(0, 5, 6, 7, 8)
			l.Retire(Rules{Last: &two, Every: &period, FixedPeriods: fixed})
			require.Equal(t, doomed, names(l.Doomed), "fixed: %v", fixed)
		}
	})
}

func TestSweep(t *testing.T) {
	one := 1
	l := listOf(0, 1, 2, 3)
	l.Retire(Rules{Last: &one})
	var asked []string
	l.Sweep(func(names []string) map[string]error {
		asked = append(asked, names...)
		return map[string]error{"b": errors.New("the file is in use")}
	})
	require.Equal(t, []string{"b", "c"}, asked)
	require.Equal(t, []string{"b"}, names(l.Doomed), "the deletion is tried again")
	require.Empty(t, l.Add("b", 4).Doomed, "a name that is written again is not deleted")
	require.Equal(t, []string{"b"}, names(l.Doomed), "Add does not change the list that it is called on")
}
