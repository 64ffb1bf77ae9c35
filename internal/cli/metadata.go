package cli

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// listMetadata prints the metadata of a file.
func listMetadata(o *opened, asJSON bool) error {
	metadata := o.Metadata()
	if asJSON {
		text, err := json.MarshalIndent(metadata, "", "  ") // MarshalIndent sorts the keys
		if err != nil {
			return err
		}
		if metadata == nil {
			text = []byte("{}")
		}
		_, err = fmt.Fprintf(visibleJSON{o.out}, "%s\n", text)
		return err
	}
	for _, key := range slices.Sorted(maps.Keys(metadata)) {
		const most = 60 // bytes of a value: a model's tokens take megabytes
		value, rest := metadata[key], ""
		if len(value) > most {
			value, rest = strings.ToValidUTF8(value[:most], ""), fmt.Sprintf("… (%s)", size(int64(len(value))))
		}
		if _, err := fmt.Fprintf(o.out, "%s = %s%s\n", safe(key), safe(value), rest); err != nil {
			return err
		}
	}
	pairs := "pairs"
	if len(metadata) == 1 {
		pairs = "pair"
	}
	_, err := fmt.Fprintf(o.out, "%d %s of metadata in %s\n", len(metadata), pairs, safe(o.name))
	return err
}
