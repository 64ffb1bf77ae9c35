package cli

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/internal/cli/input"
	"github.com/gockpt/ckpt/internal/fsx"
)

func newDigestCommand(in *input.Streams) *cobra.Command {
	var check bool
	cmd := &cobra.Command{
		Use:   "digest PATH...",
		Short: "Write or check the hashes of a checkpoint's files",
		Long: `Write the SHA-256 of each of a checkpoint's files to a file beside them, in the form
that sha256sum -c reads. Its name is the checkpoint's name with the ending .sha256.

With --check, read the files and compare them with these hashes. The exit status is 1 if a file
differs, is missing or is new. If PATH is - the hash of standard input is printed.`,
		Example: `  ckpt digest model.safetensors
  ckpt digest --check model/ckpt-7`,
		Args:              somePaths,
		ValidArgsFunction: completePaths,
	}
	cmd.Flags().BoolVar(&check, "check", false, "compare the files with the hashes")
	v := visit{in: in, what: "hashing"}
	v.do = func(cmd *cobra.Command, o *opened) error {
		return digest(cmd.Context(), o, check, in.IsStdin(o.Prefix()))
	}
	cmd.RunE = v.run
	return cmd
}

// maxManifest is the largest size in bytes of a file of hashes.
const maxManifest = 1 << 30

// digest writes or compares the hashes of a checkpoint's files. To compare, only the files that list the checkpoint's files must be
// intact. For standard input it prints the hash.
func digest(ctx context.Context, r *opened, check, piped bool) error {
	if piped && check {
		return errors.New("--check compares a file with the .sha256 file next to it, and standard input does not have one: name the file by its path")
	}
	files, err := input.Files(r.files, r.Reader)
	if err != nil {
		return err
	}
	manifest := strings.TrimSuffix(r.Prefix(), "/") + ".sha256"
	var total int64
	for _, f := range files {
		if info, err := r.files.Stat(f); err == nil {
			total += info.Size()
		}
	}
	r.bar.expect(total)
	var text bytes.Buffer
	for _, f := range files {
		hash, err := fileHash(ctx, r.files, f, r.bar)
		if err != nil {
			return err
		}
		if piped {
			_, err := fmt.Fprintf(r.out, "%s  -\n", hash)
			return err
		}
		text.WriteString(digestLine(hash, filepath.Base(f)))
	}
	if !check {
		if err := fsx.WriteFile(ctx, r.files, manifest, text.Bytes()); err != nil {
			return err
		}
		_, err := fmt.Fprintf(r.out, "%s: %s\n", safe(manifest), count(len(files), "file"))
		return err
	}
	before, err := fsx.ReadFile(r.files, manifest, maxManifest)
	if err != nil {
		return fmt.Errorf("%w: write it first, with ckpt digest %s", err, safe(r.name))
	}
	if err := sameDigest(manifest, string(before), text.String()); err != nil {
		return err
	}
	_, err = fmt.Fprintf(r.out, "%s: %s as written\n", safe(r.Prefix()), count(len(files), "file"))
	return err
}

// digestLine returns the line for a file in sha256sum's format. If the name has a line break or a backslash, these are escaped, and the
// line begins with a backslash.
func digestLine(hash, name string) string {
	if escaped := strings.NewReplacer("\\", `\\`, "\n", `\n`, "\r", `\r`).Replace(name); escaped != name {
		return `\` + hash + "  " + escaped + "\n"
	}
	return hash + "  " + name + "\n"
}

// A digestEntry is a line of a .sha256 file.
type digestEntry struct{ hash, name string }

// parseDigest parses the lines of a .sha256 file. It skips empty lines and comments.
func parseDigest(manifest, text string) (entries []digestEntry, err error) {
	n := 0
	for line := range strings.Lines(text) {
		n++
		line = strings.TrimRight(line, "\r\n")
		if line == "" || line[0] == '#' {
			continue
		}
		hash, name, ok := strings.Cut(line, " ")
		if !ok || len(name) < 2 || name[0] != ' ' && name[0] != '*' { // '*' marks binary mode
			return nil, fmt.Errorf("%s: line %d: expected a hash and a name as sha256sum writes them, got %.100q: %w", manifest, n, line, ckpt.ErrCorrupt)
		}
		entries = append(entries, digestEntry{strings.ToLower(hash), name[1:]})
	}
	return entries, nil
}

// sameDigest returns an error that names the first file with a changed line.
func sameDigest(manifest, before, now string) error {
	old, err := parseDigest(manifest, before)
	if err != nil {
		return err
	}
	current, err := parseDigest(manifest, now)
	if err != nil {
		return err
	}
	hashes := make(map[string]string, len(current))
	for _, e := range current {
		hashes[e.name] = e.hash
	}
	listed := make(map[string]bool, len(old))
	for _, e := range old {
		listed[e.name] = true
		switch hash, ok := hashes[e.name]; {
		case !ok:
			return fmt.Errorf("%s: it lists %s, which is not a file of the checkpoint", manifest, e.name)
		case hash != e.hash:
			return fmt.Errorf("%s: the SHA-256 of %s has changed: expected %s, found %s: %w", manifest, e.name, e.hash, hash, ckpt.ErrCorrupt)
		}
	}
	for _, e := range current {
		if !listed[e.name] {
			return fmt.Errorf("%s: it does not list %s, which is a file of the checkpoint", manifest, e.name)
		}
	}
	return nil
}

func fileHash(ctx context.Context, fsys fsx.ReadFS, name string, bar *bar) (string, error) {
	file, err := fsys.Open(name)
	if err != nil {
		return "", err
	}
	defer file.Close()
	f := io.NewSectionReader(file, 0, file.Size())
	h := sha256.New()
	buf := make([]byte, 1<<20)
	for {
		n, err := f.Read(buf)
		h.Write(buf[:n])
		bar.add(int64(n))
		switch {
		case err == io.EOF:
			return fmt.Sprintf("%x", h.Sum(nil)), nil
		case err != nil:
			return "", err
		case ctx.Err() != nil:
			return "", ctx.Err()
		}
	}
}
