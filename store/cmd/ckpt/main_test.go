package main

import (
	"bytes"
	"encoding/json"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/gockpt/ckpt/internal/cli"
	"github.com/gockpt/ckpt/store/internal/servertest"
)

// run runs the command.
func run(t *testing.T, args ...string) (stdout, stderr string, status int) {
	var out, errs bytes.Buffer
	p := cli.Program{Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errs, Stores: stores}
	status = p.Run(t.Context(), args)
	return out.String(), errs.String(), status
}

// Every command reads checkpoints in a store as it reads files.
func TestCommandsOnServers(t *testing.T) {
	for scheme, variable := range map[string]string{"s3": "CKPT_S3", "gs": "CKPT_GCS"} {
		t.Run(scheme, func(t *testing.T) {
			u, err := url.Parse(servertest.Fresh(servertest.Address(t, variable)))
			if err != nil {
				t.Fatal(err)
			}
			upload(t, u)
			at := func(name string) string { return u.JoinPath(name).String() }
			dir := t.TempDir()
			here := func(name string) string { return filepath.Join(dir, name) }
			writeInput(t, here("in.json"))
			used := make(map[string]bool)
			for _, test := range []struct {
				args   []string
				status int
				stdout string
			}{
				{[]string{"list", at("")}, 0, "save_counter"},
				{[]string{"graph", at("ckpt-1")}, 0, "save_counter"},
				{[]string{"stat", at("ckpt-2")}, 0, "MEAN"},
				{[]string{"verify", at("ckpt-3.index")}, 0, "all checksums right"},
				{[]string{"show", at("ckpt-3"), "w"}, 0, "float32"},
				{[]string{"diff", at("ckpt-1"), at("ckpt-2")}, 1, "differences"},
				{[]string{"diff", at("ckpt-1"), at("ckpt-1")}, 0, ""},
				{[]string{"gen", at("ckpt-1")}, 0, "package"},
				{[]string{"view", at("ckpt-1"), "-o", here("report.html")}, 0, ""},
				{[]string{"run", "--config", at("model.keras"), "--input", here("in.json")}, 0, "outputs"},
				{[]string{"export", at("ckpt-1"), "w", here("w.npy")}, 0, "float32"},
				{[]string{"list", here("w.npy")}, 0, "float32"},
				{[]string{"export", at("ckpt-1"), "w", at("w.npy")}, 0, "float32"},
				{[]string{"list", at("w.npy")}, 0, "float32"},
				{[]string{"view", at("ckpt-1"), "-o", at("report.html")}, 0, "report.html"},
				{[]string{"convert", at(""), here("m.safetensors")}, 0, "tensors"},
				{[]string{"list", here("m.safetensors")}, 0, "save_counter"},
				{[]string{"convert", here("m.safetensors"), at("m.safetensors")}, 0, "tensors"},
				{[]string{"verify", at("m.safetensors")}, 0, "structure checked"},
				{[]string{"convert", at("m.safetensors"), at("m.safetensors")}, 1, ""},
				{[]string{"convert", at("m.safetensors"), at("m.npz")}, 0, "tensors"},
				{[]string{"verify", at("m.npz")}, 0, "all checksums of the archive right"},
				{[]string{"reshard", at("ckpt-3"), at("of-2/ckpt-3"), "--workers", "2"}, 0, ""},
				{[]string{"verify", at("of-2/ckpt-3")}, 0, "all checksums right"},
				{[]string{"diff", at("ckpt-3"), at("of-2/ckpt-3")}, 0, ""},
				{[]string{"digest", at("ckpt-1")}, 0, "2 files"},
				{[]string{"digest", "--check", at("ckpt-1")}, 0, "as written"},
				{[]string{"list", at("nothing")}, 1, ""},
			} {
				used[test.args[0]] = true
				if stdout, stderr, status := run(t, test.args...); status != test.status || !strings.Contains(stdout, test.stdout) {
					t.Errorf("%v: status %d, want %d with %q\n%s%s", test.args, status, test.status, test.stdout, stdout, stderr)
				}
			}
			help, _, _ := run(t, "--help")
			_, commands, _ := strings.Cut(help, "Available Commands:\n")
			commands, _, _ = strings.Cut(commands, "\n\n")
			for _, c := range regexp.MustCompile(`(?m)^ +(\w+)`).FindAllStringSubmatch(commands, -1) {
				if name := c[1]; !used[name] && name != "help" && name != "completion" {
					t.Errorf("ckpt %s has no case here", name)
				}
			}
			if len(used) < 10 {
				t.Errorf("only %d commands", len(used))
			}
		})
	}
}

// upload writes the checkpoints of three saves and a Keras model to an address.
func upload(t *testing.T, address *url.URL) {
	s, dir, err := stores[address.Scheme](t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	root := filepath.Join("..", "..", "..")
	files, err := filepath.Glob(filepath.Join(root, "testdata", "golden", "saved-numbered", "train", "*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no files: %v", err)
	}
	for _, f := range append(files, filepath.Join(root, "format", "keras", "testdata", "model.keras")) {
		b, err := os.ReadFile(f)
		if err == nil {
			_, err = s.Put(t.Context(), dir+"/"+filepath.Base(f), bytes.NewReader(b), int64(len(b)))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// writeInput writes an input of the Keras model in the form that ckpt run reads.
func writeInput(t *testing.T, path string) {
	text, err := os.ReadFile(filepath.Join("..", "..", "..", "format", "keras", "testdata", "model.io.json"))
	var given struct{ Input json.RawMessage }
	if err == nil {
		err = json.Unmarshal(text, &given)
	}
	if err == nil {
		text, err = json.Marshal(map[string]any{"inputs": []any{given.Input}})
	}
	if err == nil {
		err = os.WriteFile(path, text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}
