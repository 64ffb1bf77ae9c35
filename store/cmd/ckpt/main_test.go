package main

import (
	"bytes"
	"crypto/rand"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gockpt/ckpt/internal/cli"
)

// Every command reads what is in a store as it reads what is in files.
func TestCommandsOnServers(t *testing.T) {
	for scheme, variable := range map[string]string{"s3": "CKPT_S3", "gs": "CKPT_GCS"} {
		t.Run(scheme, func(t *testing.T) {
			address := os.Getenv(variable)
			if address == "" {
				if os.Getenv("CKPT_SERVERS") == "required" {
					t.Fatal(variable + " names no bucket")
				}
				t.Skip(variable + " names no bucket: .ci/servers starts servers")
			}
			dir := rand.Text()
			upload(t, address, dir)
			u, err := url.Parse(address)
			if err != nil {
				t.Fatal(err)
			}
			at := func(name string) string { return u.JoinPath(dir, name).String() }
			out := filepath.Join(t.TempDir(), "m.safetensors")
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
				{[]string{"gen", at("ckpt-1")}, 0, "package"},
				{[]string{"convert", at(""), out}, 0, "tensors"},
				{[]string{"list", out}, 0, "save_counter"},
				{[]string{"convert", out, at("m.safetensors")}, 0, "tensors"},
				{[]string{"verify", at("m.safetensors")}, 0, "structure checked"},
				{[]string{"convert", at("m.safetensors"), at("m.safetensors")}, 1, ""},
				{[]string{"convert", at("m.safetensors"), at("m.npz")}, 0, "tensors"},
				{[]string{"verify", at("m.npz")}, 0, "all checksums of the archive right"},
				{[]string{"digest", at("ckpt-1")}, 0, "2 files"},
				{[]string{"digest", "--check", at("ckpt-1")}, 0, "as written"},
				{[]string{"list", at("nothing")}, 1, ""},
			} {
				var stdout, stderr bytes.Buffer
				p := cli.Program{Stdin: strings.NewReader(""), Stdout: &stdout, Stderr: &stderr, Stores: stores}
				if status := p.Run(t.Context(), test.args); status != test.status || !strings.Contains(stdout.String(), test.stdout) {
					t.Errorf("%v: status %d, want %d with %q\n%s%s", test.args, status, test.status, test.stdout, &stdout, &stderr)
				}
			}
		})
	}
}

// upload puts a checkpoint of three saves into a directory of the bucket.
func upload(t *testing.T, address, dir string) {
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	s, _, err := stores[u.Scheme](t.Context(), u)
	if err != nil {
		t.Fatal(err)
	}
	from := filepath.Join("..", "..", "..", "testdata", "golden", "saved-numbered", "train")
	files, err := os.ReadDir(from)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		b, err := os.ReadFile(filepath.Join(from, f.Name()))
		if err == nil {
			_, err = s.Put(t.Context(), dir+"/"+f.Name(), bytes.NewReader(b), int64(len(b)))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}
