package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The command runs from go vet and by itself. Its exit status tells whether it found a mistake.
func TestCommand(t *testing.T) {
	dir := t.TempDir()
	tool := filepath.Join(dir, "ckptvet.exe")
	if out, err := exec.Command("go", "build", "-o", tool, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	write("go.mod", "module example.com/m\n\ngo 1.26\n")
	for _, c := range []struct {
		name, tag, want string
	}{
		{"a good tag", "c,optional", ""},
		{"an unknown option", "c,optinal", `m.go:4:10: field C: tag`},
	} {
		t.Run(c.name, func(t *testing.T) {
			write("m.go", "package m\n\ntype M struct {\n\tC int64 `ckpt:\""+c.tag+"\"`\n}\n")
			for _, args := range [][]string{{"go", "vet", "-vettool=" + tool, "./..."}, {tool, "./..."}} {
				run := exec.Command(args[0], args[1:]...)
				run.Dir = dir
				out, err := run.CombinedOutput()
				if (err != nil) != (c.want != "") || !strings.Contains(string(out), c.want) {
					t.Errorf("%v: %v\n%s", args, err, out)
				}
			}
		})
	}
}
