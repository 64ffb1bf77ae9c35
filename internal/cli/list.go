package cli

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/internal/cli/input"
	"github.com/gockpt/ckpt/internal/cli/names"
	"github.com/gockpt/ckpt/tensor"
)

func newListCommand(in *input.Streams) *cobra.Command {
	var asJSON, hashes, keys, metadata bool
	var only string
	cmd := &cobra.Command{
		Use:   "list PATH...",
		Short: "List the tensors of a checkpoint",
		Long: `List the tensors of a checkpoint by the paths of their objects, with numbers in numeric
order. A partitioned tensor is listed once. Keras numbers layers and variables: for its files,
the column NAME has the names of the layers. --keys prints the keys of the tensors instead.
--only selects tensors. Only the index is read, unless --sha256 (the default with --json) asks
for hashes.

A PATH may be a quoted glob, or - for standard input. Several checkpoints are listed one after
the other; with --json the output is an object that maps each path to a list.

With --json the output is an array of objects in the order of keys, with the members

  key      the key, text; invalid UTF-8 becomes U+FFFD
  dtype    TensorFlow's name of the type: "float32", "bfloat16", "string", …
  shape    the length of each axis
  bytes    the size of the tensor in the data files
  sha256   of the whole tensor as in a little-endian data file; null if it
           cannot be read, or if its stored parts do not cover it

With --metadata --json the output is an object of strings. Such a string holds JSON if the value
in a GGUF file is not a string.

If the object graph cannot be read, or names missing keys, the exit status is 1 after all
tensors have been listed.`,
		Example: `  ckpt list model/ckpt-7
  ckpt list 'runs/*.safetensors' --only '*kernel*'
  ckpt list --json --sha256=false model/ | jq -r '.[].key'`,
		Args:              somePaths,
		ValidArgsFunction: completePaths,
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print a JSON array")
	cmd.Flags().BoolVar(&metadata, "metadata", false, "print the metadata of a safetensors or GGUF file instead of its tensors")
	cmd.Flags().BoolVar(&keys, "keys", false, "print the keys beside the paths")
	cmd.Flags().StringVar(&only, "only", "", onlyUsage)
	cmd.Flags().BoolVar(&hashes, "sha256", false, "read the tensors and print their hashes (the default with --json)")
	v := visit{in: in, asJSON: &asJSON, titled: true, what: "hashing"}
	v.do = func(cmd *cobra.Command, o *opened) error {
		if metadata {
			return listMetadata(o, asJSON)
		}
		if asJSON {
			return listJSON(cmd.Context(), visibleJSON{o.out}, o, only, hashes || !cmd.Flags().Changed("sha256"))
		}
		return listTable(cmd.Context(), o, only, listColumns{hashes, keys})
	}
	cmd.RunE = v.run
	return cmd
}

// listJSON prints a checkpoint's tensors as it reads them. It stops at an error without closing the array, so that a partial list
// is not mistaken for the whole.
func listJSON(ctx context.Context, out io.Writer, r *opened, only string, hashes bool) error {
	type object struct {
		Key    string          `json:"key"`
		DType  string          `json:"dtype"`
		Shape  tensor.Shape    `json:"shape"`
		Bytes  int64           `json:"bytes"`
		SHA256 json.RawMessage `json:"sha256,omitempty"`
	}
	if hashes {
		r.bar.expect(allBytes(r.Reader))
	}
	list := jsonArray{out: out}
	for e, err := range names.Entries(r.Reader, only) {
		if err != nil {
			return err
		}
		o := object{Key: e.Key, DType: e.Type(), Shape: e.Shape, Bytes: e.Bytes}
		if o.Shape == nil {
			o.Shape = tensor.Shape{}
		}
		if hashes {
			switch hash, err := storedHash(ctx, r.Reader, e.Key); {
			case unreadable(err) != "":
				o.SHA256 = json.RawMessage("null")
			case err != nil:
				return err
			default:
				o.SHA256 = json.RawMessage(`"` + hash + `"`)
			}
			r.bar.add(e.Bytes)
		}
		if err := list.add(o); err != nil {
			return err
		}
	}
	if err := list.end(); err != nil {
		return err
	}
	if _, err := fmt.Fprintln(out); err != nil {
		return err
	}
	if !hashes {
		return nil // without hashes, list does not verify tensors or the graph
	}
	var first error
	err := r.VerifyGraph(ctx, func(p ckpt.Problem) {
		if first == nil && !p.Warning {
			first = p.Err
		}
	})
	return errors.Join(first, err)
}

// unreadable returns, in parentheses, why the values of a tensor in an intact checkpoint cannot be read. err is the error of reading
// them. It returns "" for nil and for all other errors.
func unreadable(err error) string {
	switch {
	case errors.Is(err, ckpt.ErrIncomplete):
		return "(incomplete)"
	case errors.Is(err, errors.ErrUnsupported):
		return "(cannot be read)"
	}
	return ""
}

// storedHash returns the SHA-256 of a tensor's bytes in the data file.
func storedHash(ctx context.Context, r *ckpt.Reader, key string) (string, error) {
	h := sha256.New()
	if err := r.WriteStored(ctx, key, h); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// listColumns selects the optional columns of a list.
type listColumns struct{ hashes, keys bool }

// listTable prints a table sorted by path, with numbers in numeric order.
func listTable(ctx context.Context, r *opened, only string, columns listColumns) error {
	const maxShape, maxPath = 40, 60                               // wider values shift the columns after them
	second, title := func(key string) string { return key }, "KEY" // what follows the path
	if !columns.keys {
		readable, err := r.ReadableNames() // Keras's files number layers: these are their names
		if err != nil {
			return err
		}
		second, title = func(key string) string { return readable[key] }, "NAME"
		if len(readable) == 0 {
			title = ""
		}
	}
	dtype, shape, path, total := len("DTYPE"), len("SHAPE"), len("PATH"), int64(0)
	var all []ckpt.VariableInfo
	for e, err := range names.Entries(r.Reader, only) {
		if err != nil {
			return err
		}
		all = append(all, e)
		dtype, shape = max(dtype, len(safe(e.Type()))), max(shape, min(maxShape, len(e.Shape.String())))
		path, total = max(path, min(maxPath, len(safe(names.Object(e.Key))))), total+e.Bytes
	}
	if only != "" && len(all) == 0 {
		return names.NoneMatches(r.Reader, only)
	}
	slices.SortFunc(all, func(a, b ckpt.VariableInfo) int { return names.Compare(a.Key, b.Key) })
	hash, titles := "", "PATH"
	if columns.hashes {
		hash = fmt.Sprintf("%-*s  ", hex.EncodedLen(sha256.Size), "SHA256")
		r.bar.expect(total)
	}
	if title != "" {
		titles = fmt.Sprintf("%-*s  %s", path, titles, title)
	}
	fmt.Fprintf(r.out, "%-*s  %-*s  %10s  %s%s\n", dtype, "DTYPE", shape, "SHAPE", "SIZE", hash, titles)
	for _, e := range all {
		if columns.hashes {
			h, err := storedHash(ctx, r.Reader, e.Key)
			if why := unreadable(err); why != "" {
				h = why
			} else if err != nil {
				return err
			}
			hash = fmt.Sprintf("%-*s  ", hex.EncodedLen(sha256.Size), h)
			r.bar.add(e.Bytes)
		}
		name := safe(names.Object(e.Key))
		if after := second(e.Key); after != "" {
			name = fmt.Sprintf("%-*s  %s", path, name, safe(after))
		}
		if len(e.Slices) > 0 {
			name += "  (" + count(len(e.Slices), "part") + ")"
		}
		if e.Stored != "" && e.Stored != e.Type() {
			name += "  (" + e.Stored + ")"
		}
		if _, err := fmt.Fprintf(r.out, "%-*v  %-*v  %10s  %s%s\n", dtype, safe(e.Type()), shape, e.Shape, size(e.Bytes), hash, name); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(r.out, "%s, %s in %s\n", count(len(all), "tensor"), size(total), safe(r.name))
	return err
}
