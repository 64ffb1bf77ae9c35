package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/tensor"
)

func newListCommand() *cobra.Command {
	var asJSON, hashes bool
	cmd := &cobra.Command{
		Use:   "list PATH",
		Short: "List the tensors of a checkpoint",
		Long: `List the tensors of a checkpoint in the order of their keys, a partitioned tensor as
one. Only the index is read, and no tensor, unless --sha256 asks for the hashes, as
--json does by itself.

With --json the output is an array of objects with the members

  key      the key, text; invalid UTF-8 becomes U+FFFD
  dtype    TensorFlow's name of the type: "float32", "bfloat16", "string", …
  shape    the length of each axis
  bytes    what the tensor takes in the data files
  sha256   of the tensor as a data file holds it, in little-endian order and whole;
           null where the stored parts of a partitioned tensor do not cover it

and an object graph that cannot be read, or names keys that are not there, makes the
exit status 1 after all tensors have been listed.`,
		Example: `  ckpt list model/ckpt-7
  ckpt list --json --sha256=false model/ | jq -r '.[].key'`,
		Args:              onePath,
		ValidArgsFunction: completePath,
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print a JSON array")
	cmd.Flags().BoolVar(&hashes, "sha256", false, "read the tensors and print their hashes (the default with --json)")
	cmd.RunE = onPath(func(cmd *cobra.Command, path string) error {
		r, err := ckpt.Open(path)
		if err != nil {
			return err
		}
		defer r.Close()
		if asJSON {
			return listJSON(cmd.Context(), visibleJSON{cmd.OutOrStdout()}, r, hashes || !cmd.Flags().Changed("sha256"))
		}
		return listTable(cmd.Context(), cmd.OutOrStdout(), r, hashes)
	})
	return cmd
}

// listJSON prints a checkpoint's tensors as they come. What follows an error is not printed, so that nobody takes half of the
// list for all of it.
func listJSON(ctx context.Context, out io.Writer, r *ckpt.Reader, hashes bool) error {
	type object struct {
		Key    string          `json:"key"`
		DType  string          `json:"dtype"`
		Shape  tensor.Shape    `json:"shape"`
		Bytes  int64           `json:"bytes"`
		SHA256 json.RawMessage `json:"sha256,omitempty"`
	}
	list := jsonArray{out: out}
	for e, err := range r.All() {
		if err != nil {
			return err
		}
		o := object{Key: e.Key, DType: e.DType.String(), Shape: e.Shape, Bytes: e.Bytes}
		if o.Shape == nil {
			o.Shape = tensor.Shape{}
		}
		if hashes {
			switch hash, err := storedHash(ctx, r, e.Key); {
			case errors.Is(err, ckpt.ErrIncomplete):
				o.SHA256 = json.RawMessage("null")
			case err != nil:
				return err
			default:
				o.SHA256 = json.RawMessage(`"` + hash + `"`)
			}
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
		return nil // no tensor is read, and neither is the graph
	}
	var first error
	err := r.VerifyGraph(ctx, func(p ckpt.Problem) {
		if first == nil && !p.Warning {
			first = p.Err
		}
	})
	return errors.Join(first, err)
}

// storedHash returns the SHA-256 of a tensor as a data file holds it.
func storedHash(ctx context.Context, r *ckpt.Reader, key string) (string, error) {
	h := sha256.New()
	if err := r.WriteStored(ctx, key, h); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// listTable prints a table. It passes over the index twice, so as not to hold it: first for the widths.
func listTable(ctx context.Context, out io.Writer, r *ckpt.Reader, hashes bool) error {
	const maxShape = 40 // wider ones move what follows them
	dtype, shape, n, total := len("DTYPE"), len("SHAPE"), 0, int64(0)
	for e, err := range r.All() {
		if err != nil {
			return err
		}
		dtype, shape = max(dtype, len(e.DType.String())), max(shape, min(maxShape, len(e.Shape.String())))
		n, total = n+1, total+e.Bytes
	}
	hash := ""
	if hashes {
		hash = fmt.Sprintf("%-*s  ", hex.EncodedLen(sha256.Size), "SHA256")
	}
	fmt.Fprintf(out, "%-*s  %-*s  %10s  %sKEY\n", dtype, "DTYPE", shape, "SHAPE", "SIZE", hash)
	for e, err := range r.All() {
		if err != nil {
			return err
		}
		if hashes {
			h, err := storedHash(ctx, r, e.Key)
			if errors.Is(err, ckpt.ErrIncomplete) {
				h = "(incomplete)"
			} else if err != nil {
				return err
			}
			hash = fmt.Sprintf("%-*s  ", hex.EncodedLen(sha256.Size), h)
		}
		parts := ""
		if len(e.Slices) > 0 {
			parts = "  (" + count(len(e.Slices), "part") + ")"
		}
		if _, err := fmt.Fprintf(out, "%-*v  %-*v  %10s  %s%s%s\n", dtype, e.DType, shape, e.Shape, size(e.Bytes), hash, safe(e.Key), parts); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(out, "%s, %s in %s\n", count(n, "tensor"), size(total), safe(r.Prefix()))
	return err
}
