package growth

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/internal/thorough"
)

// sizeVariable is the environment variable with the size of TestCases's input; see TestGrowth.
const sizeVariable = "CKPT_GROWTH_SIZE"

// everyday is the size of the input if nothing is counted.
const everyday = 40

// TestCases passes hostile input of one size to the code that reads it.
func TestCases(t *testing.T) {
	n := everyday
	if s := os.Getenv(sizeVariable); s != "" {
		var err error
		n, err = strconv.Atoi(s)
		require.NoError(t, err)
	}
	for _, name := range sortedKeys(cases) {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			dir := t.TempDir()
			runtime.ReadMemStats(&before)
			cases[name](t, dir, n)
			runtime.ReadMemStats(&after)
			t.Logf("allocated %d bytes", after.TotalAlloc-before.TotalAlloc)
		})
	}
}

// TestGrowth runs TestCases with input of three sizes, each twice the one before, in a program that counts
// how often its statements run. If the counts are linear in n, the second doubling adds twice as much as the
// first. If they grow with n², it adds four times as much.
func TestGrowth(t *testing.T) {
	if !thorough.Asked() {
		t.Skip("compiles the whole module with counters, which takes a minute: set CKPT_THOROUGH, as `.ci/run faults` does")
	}
	dir := t.TempDir()
	program := build(t, filepath.Join(dir, "growth.test"), ".", "test", "-c")
	for _, name := range sortedKeys(cases) {
		t.Run(name, func(t *testing.T) {
			requireLinear(t, dir, baseSize(name), func(n int, profile string) (bytes int64) {
				cmd := exec.CommandContext(t.Context(), program, "-test.v", "-test.run=^TestCases$/^"+regexp.QuoteMeta(name)+"$", "-test.coverprofile="+profile)
				// The garbage collector may empty pools at any time, which causes new allocations.
				cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%d", sizeVariable, n), "GOGC=off", "GOMEMLIMIT=2GiB")
				out, err := cmd.CombinedOutput()
				require.NoError(t, err, "%s", out)
				match := allocated.FindSubmatch(out)
				require.NotNil(t, match, "%s", out)
				bytes, err = strconv.ParseInt(string(match[1]), 10, 64)
				require.NoError(t, err)
				return bytes
			})
		})
	}
}

var allocated = regexp.MustCompile(`allocated (\d+) bytes`)

// baseSize is the smallest size of input for which a case is counted.
func baseSize(name string) int {
	if n, ok := sizes[name]; ok {
		return n
	}
	return 400
}

// build compiles a program that counts how often statements run, in this module and in the packages that
// search and sort.
func build(t *testing.T, program, of string, command ...string) string {
	t.Helper()
	args := append(command, "-cover", "-covermode=count", "-coverpkg=github.com/gockpt/ckpt/...,slices,strings,bytes,sort", "-o", program, of)
	out, err := exec.CommandContext(t.Context(), "go", args...).CombinedOutput()
	require.NoError(t, err, "%s", out)
	return program
}

// requireLinear calls run for sizes n, 2n and 4n, which writes a profile. It requires that the count of each statement and the
// allocated bytes grow linearly with n. It keeps files in dir. It measures again before it fails the test,
// because the number of comparisons in a sort may depend on addresses.
func requireLinear(t *testing.T, dir string, n int, run func(n int, profile string) (bytes int64)) {
	t.Helper()
	var grown []string
	for range 3 {
		if grown = faster(t, dir, n, run); len(grown) == 0 {
			return
		}
	}
	for _, what := range grown {
		t.Error(what)
	}
}

// faster describes the counts that grow faster than the input.
func faster(t *testing.T, dir string, n int, run func(n int, profile string) (bytes int64)) (grown []string) {
	t.Helper()
	var counts [3]map[string]int64
	var bytes [3]int64
	for i := range counts {
		profile := filepath.Join(dir, "profile")
		bytes[i] = run(n<<i, profile)
		counts[i] = statements(t, profile)
	}
	for _, statement := range sortedKeys(counts[2]) {
		var c [3]int64
		for i := range c {
			c[i] = counts[i][statement]
		}
		// Statements that run less often do not matter at this size.
		if few := int64(100 * 4 * n); c[2]-c[1] > few && float64(c[2]-c[1]) > 3.4*float64(c[1]-c[0]) {
			grown = append(grown, fmt.Sprintf("%s runs %d, %d and %d times for input of %d, %d and %d", statement, c[0], c[1], c[2], n, 2*n, 4*n))
		}
	}
	if float64(bytes[2]-bytes[1]) > 3.2*float64(bytes[1]-bytes[0]) && bytes[2] > int64(10_000*4*n) {
		grown = append(grown, fmt.Sprintf("allocates %d, %d and %d bytes for input of %d, %d and %d", bytes[0], bytes[1], bytes[2], n, 2*n, 4*n))
	}
	t.Logf("%d, %d, %d bytes", bytes[0], bytes[1], bytes[2])
	return grown
}

// statements returns how often each statement that ran has run, by its position. A line of a profile is "file:line.column,line.column
// statements count".
func statements(t *testing.T, profile string) map[string]int64 {
	t.Helper()
	text, err := os.ReadFile(profile)
	require.NoError(t, err)
	counts := make(map[string]int64)
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if len(fields) != 3 || fields[2] == "0" { // the first line, and statements that did not run
			continue
		}
		counts[fields[0]], err = strconv.ParseInt(fields[2], 10, 64)
		require.NoError(t, err)
	}
	require.NotEmpty(t, counts)
	return counts
}
