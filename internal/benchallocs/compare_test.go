package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const before = `goos: linux
pkg: example.com/ckpt
cpu: some processor
BenchmarkStageWalk/structs-2         	      20	    524288 ns/op	  300000 B/op	    3003 allocs/op
BenchmarkStageWalk/structs-2         	      20	    424288 ns/op	  299000 B/op	    3005 allocs/op
BenchmarkStageRead-2                 	      20	   1500000 ns/op	 700.5 MB/s	   12345 B/op	      67 allocs/op
BenchmarkStagePlan                   	      20	      1000 ns/op	       0 B/op	       0 allocs/op
BenchmarkUnmeasured-2                	      20	      1000 ns/op
PASS
ok  	example.com/ckpt	1.234s
pkg: example.com/ckpt/format
BenchmarkStageRead-2                 	      20	      1500 ns/op	     100 B/op	       1 allocs/op
`

func parsed(t *testing.T, text string) map[string]usage {
	t.Helper()
	got, err := parse(strings.NewReader(text))
	require.NoError(t, err)
	return got
}

func TestParse(t *testing.T) {
	require.Equal(t, map[string]usage{
		"example.com/ckpt BenchmarkStageWalk/structs": {299000, 3003},
		"example.com/ckpt BenchmarkStageRead":         {12345, 67},
		"example.com/ckpt BenchmarkStagePlan":         {0, 0},
		"example.com/ckpt/format BenchmarkStageRead":  {100, 1},
	}, parsed(t, before))
	_, err := parse(strings.NewReader("BenchmarkX-2 1 many ns/op few B/op 1 allocs/op\n"))
	require.ErrorContains(t, err, "few B/op")
}

func TestCompare(t *testing.T) {
	for _, test := range []struct {
		name     string
		old, new string // replacements in the old output
		want     map[string]verdict
	}{
		{"nothing changes", "", "", nil},
		{"time is ignored", " 1500000 ns/op", " 9900000 ns/op", nil},
		{"a tenth more allocations are allowed", "67 allocs/op", "75 allocs/op", nil},
		{"more allocations are not allowed", "67 allocs/op", "76 allocs/op", map[string]verdict{"example.com/ckpt BenchmarkStageRead": regressed}},
		{"more bytes are not allowed", "12345 B/op", "15000 B/op", map[string]verdict{"example.com/ckpt BenchmarkStageRead": regressed}},
		{"two allocations instead of zero are allowed", "       0 allocs/op", "       2 allocs/op", nil},
		{"three allocations instead of zero are not allowed", "       0 allocs/op", "       3 allocs/op", map[string]verdict{"example.com/ckpt BenchmarkStagePlan": regressed}},
		{"the same name in another package is another benchmark", "     100 B/op", "   10000 B/op", map[string]verdict{"example.com/ckpt/format BenchmarkStageRead": regressed}},
		{"fewer allocations are reported", "67 allocs/op", "7 allocs/op", map[string]verdict{"example.com/ckpt BenchmarkStageRead": improved}},
		{"a new benchmark is not compared", "BenchmarkStagePlan ", "BenchmarkStageNew ", map[string]verdict{
			"example.com/ckpt BenchmarkStagePlan": removed, "example.com/ckpt BenchmarkStageNew": added}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := map[string]verdict{}
			for _, c := range compare(parsed(t, before), parsed(t, strings.Replace(before, test.old, test.new, 1))) {
				if c.verdict != same {
					got[c.name] = c.verdict
				}
			}
			if test.want == nil {
				test.want = map[string]verdict{}
			}
			require.Equal(t, test.want, got)
		})
	}
}

func TestRun(t *testing.T) {
	dir := t.TempDir()
	file := func(name, contents string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(contents), 0o666))
		return path
	}
	old, empty := file("before", before), file("empty", "FAIL	example.com/ckpt [build failed]\n")
	worse := file("worse", strings.ReplaceAll(before, "67 allocs/op", "670 allocs/op"))
	require.NoError(t, run([]string{old, old}, ""))
	require.EqualError(t, run([]string{old, worse}, ""), "1 allocate more than before")
	require.NoError(t, run([]string{old, worse}, "the results are kept for the next call"))
	require.NoError(t, run([]string{empty, old}, ""), "without old benchmarks, nothing is worse")
	require.ErrorContains(t, run([]string{old, empty}, ""), "has no benchmarks")
	require.ErrorIs(t, run([]string{old, filepath.Join(dir, "none")}, ""), os.ErrNotExist)
	require.Error(t, run([]string{old}, ""))
}
