package state

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// The names of CheckpointState's fields (checkpoint_state.proto).
const (
	latestField        = "model_checkpoint_path"
	allField           = "all_model_checkpoint_paths"
	timestampsField    = "all_model_checkpoint_timestamps"
	lastPreservedField = "last_preserved_timestamp"
)

// Append appends the file's contents to b: the bytes that TensorFlow would write (text_format.MessageToString).
// Each line has one field. Empty and zero fields are left out.
func (s *State) Append(b []byte) []byte {
	if s.Latest != "" {
		b = appendString(b, latestField, s.Latest)
	}
	for _, p := range s.All {
		b = appendString(b, allField, p)
	}
	for _, t := range s.Timestamps {
		b = appendNumber(b, timestampsField, t)
	}
	if s.LastPreserved != 0 {
		b = appendNumber(b, lastPreservedField, s.LastPreserved)
	}
	return b
}

// String returns the file's contents.
func (s *State) String() string { return string(s.Append(nil)) }

func appendString(b []byte, field, value string) []byte {
	b = append(b, field+`: "`...)
	for i := range len(value) {
		switch c := value[i]; c {
		case '\n':
			b = append(b, `\n`...)
		case '\r':
			b = append(b, `\r`...)
		case '\t':
			b = append(b, `\t`...)
		case '"', '\'', '\\':
			b = append(b, '\\', c)
		default:
			if c < ' ' || c == 0x7f {
				b = fmt.Appendf(b, `\%03o`, c)
			} else {
				b = append(b, c) // UTF-8 stays as it is
			}
		}
	}
	return append(b, "\"\n"...)
}

func appendNumber(b []byte, field string, value float64) []byte {
	return append(b, field+": "+formatFloat(value)+"\n"...)
}

// formatFloat formats v like Python's repr: the shortest decimal that reads back as v, with an exponent below
// 1e-4 and from 1e16 on, and otherwise with a point.
func formatFloat(v float64) string {
	switch {
	case math.IsNaN(v):
		return "nan"
	case math.IsInf(v, 1):
		return "inf"
	case math.IsInf(v, -1):
		return "-inf"
	}
	if abs := math.Abs(v); abs != 0 && (abs < 1e-4 || abs >= 1e16) {
		return strconv.FormatFloat(v, 'e', -1, 64)
	}
	s := strconv.FormatFloat(v, 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}
