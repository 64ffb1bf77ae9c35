package growth

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/format/objectgraph"
	"github.com/gockpt/ckpt/internal/thorough"
)

// files make hostile checkpoints for the command in an empty directory, and return their prefixes.
var files = map[string]func(t *testing.T, dir string, n int) string{
	"n attributes of one object": func(t *testing.T, dir string, n int) string {
		g := graph(1)
		for i := range n {
			g.Nodes[0].Attributes = append(g.Nodes[0].Attributes, objectgraph.Attribute{Name: strconv.Itoa(i), Key: "k" + strconv.Itoa(i)})
		}
		return forge(t, dir, g)
	},
	"a chain of n objects": func(t *testing.T, dir string, n int) string {
		g := graph(n)
		for i := range n - 1 {
			g.Nodes[i].Children = []objectgraph.Child{{Name: "a", ID: i + 1}}
		}
		g.Nodes[n-1].Attributes = value("k")
		return forge(t, dir, g)
	},
	"n groups with different fields": func(t *testing.T, dir string, n int) string {
		g := graph(n + 2)
		for i := range n {
			g.Nodes[0].Children = append(g.Nodes[0].Children, objectgraph.Child{Name: "g" + strconv.Itoa(i), ID: i + 2})
			g.Nodes[i+2].Children = []objectgraph.Child{{Name: "f" + strconv.Itoa(i), ID: 1}}
		}
		g.Nodes[1].Attributes = value("k")
		return forge(t, dir, g)
	},
	"n groups with the same fields": func(t *testing.T, dir string, n int) string {
		g := graph(2*n + 1)
		for i := range n {
			g.Nodes[0].Children = append(g.Nodes[0].Children, objectgraph.Child{Name: "g" + strconv.Itoa(i), ID: 2*i + 1})
			g.Nodes[2*i+1].Children = []objectgraph.Child{{Name: "f", ID: 2*i + 2}}
			g.Nodes[2*i+2].Attributes = value("k")
		}
		return forge(t, dir, g)
	},
	"n names that become the same name in Go": func(t *testing.T, dir string, n int) string {
		g := graph(n + 1)
		for i := range n {
			g.Nodes[0].Children = append(g.Nodes[0].Children, objectgraph.Child{Name: fmt.Sprintf("\x01%x", i), ID: i + 1}, objectgraph.Child{Name: fmt.Sprintf("a%*s", i%7, ""), ID: i + 1})
			g.Nodes[i+1].Attributes = value("k")
		}
		return forge(t, dir, g)
	},
	"one object with n names": func(t *testing.T, dir string, n int) string {
		g := graph(2)
		for i := range n {
			g.Nodes[0].Children = append(g.Nodes[0].Children, objectgraph.Child{Name: "x" + strconv.Itoa(i), ID: 1})
		}
		g.Nodes[1].Attributes = value("k")
		return forge(t, dir, g)
	},
	"n slots and n views": func(t *testing.T, dir string, n int) string {
		g := graph(n + 3)
		g.Nodes[0].Children = []objectgraph.Child{{Name: "w", ID: 1}, {Name: "optimizer", ID: 2}}
		g.Nodes[1].Attributes = value("k")
		for i := range n {
			g.Nodes[2].Slots = append(g.Nodes[2].Slots, objectgraph.Slot{Original: 1, Name: "s" + strconv.Itoa(i), Variable: i + 3})
			g.Nodes[i+3].Attributes = value("k")
			g.Nodes[0].Children = append(g.Nodes[0].Children, objectgraph.Child{Name: "variables", ID: i + 3})
		}
		return forge(t, dir, g)
	},
	"a chain of n views": func(t *testing.T, dir string, n int) string {
		g := graph(2*n + 1)
		for i := range n {
			g.Nodes[2*i].Children = []objectgraph.Child{{Name: "variables", ID: 2*i + 1}, {Name: "layers", ID: 2*i + 2}}
			g.Nodes[2*i+1].Attributes = value("k")
		}
		return forge(t, dir, g)
	},
	"a list of n lists": func(t *testing.T, dir string, n int) string {
		g := graph(2*n + 1)
		for i := range n {
			g.Nodes[0].Children = append(g.Nodes[0].Children, objectgraph.Child{Name: strconv.Itoa(i), ID: 2*i + 1})
			g.Nodes[2*i+1].Children = []objectgraph.Child{{Name: "0", ID: 2*i + 2}}
			g.Nodes[2*i+2].Attributes = value("k" + strconv.Itoa(i))
		}
		return forge(t, dir, g)
	},
}

// commands lists the subcommands that read a checkpoint.
var commands = [][]string{
	{"graph", "C"}, {"graph", "--json", "C"}, {"list", "C"}, {"list", "--json", "C"}, {"stat", "C"}, {"verify", "C"}, {"diff", "C", "C"}, {"gen", "C"},
}

// TestGrowthOfCommands is [TestGrowth] for the command.
func TestGrowthOfCommands(t *testing.T) {
	if !thorough.Asked() {
		t.Skip("compiles the whole module with counters, which takes a minute: set CKPT_THOROUGH, as `.ci/run faults` does")
	}
	dir := t.TempDir()
	program := build(t, filepath.Join(dir, "ckpt"), "../../cmd/ckpt", "build")
	tool, err := exec.CommandContext(t.Context(), "go", "tool", "-n", "covdata").Output() // its path: the go command takes longer than the tool
	require.NoError(t, err)
	covdata := strings.TrimSpace(string(tool))
	for _, name := range sortedKeys(files) {
		prefixes := make(map[int]string)
		for _, args := range commands {
			t.Run(name+": "+args[0]+args[1], func(t *testing.T) {
				requireLinear(t, dir, 200, func(n int, profile string) int64 {
					counters := t.TempDir()
					if prefixes[n] == "" {
						at, err := os.MkdirTemp(dir, "")
						require.NoError(t, err)
						prefixes[n] = files[name](t, at, n)
					}
					ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute) // the test must end, although it only counts
					defer cancel()
					cmd := exec.CommandContext(ctx, program)
					for _, a := range args {
						if a == "C" {
							a = prefixes[n]
						}
						cmd.Args = append(cmd.Args, a)
					}
					cmd.Env = append(os.Environ(), "GOCOVERDIR="+counters)
					out, err := cmd.CombinedOutput() // its message and its error do not matter
					require.NoError(t, ctx.Err(), "%v", err)
					message, err := exec.CommandContext(ctx, covdata, "textfmt", "-i="+counters, "-o="+profile).CombinedOutput()
					require.NoError(t, err, "%s", message)
					return int64(len(out))
				})
			})
		}
	}
}
