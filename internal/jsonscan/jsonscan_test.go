package jsonscan

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestStrings(t *testing.T) {
	for _, tt := range []struct{ name, text, want, problem string }{
		{"plain", `"a b"`, "a b", ""},
		{"empty", ` ""`, "", ""},
		{"escaped", `"\"\\\/\b\f\n\r\t"`, "\"\\/\b\f\n\r\t", ""},
		{"a unit", `"\u00e9x"`, "éx", ""},
		{"a pair of units", `"\ud83d\ude00"`, "😀", ""},
		{"half of a pair", `"\ud83d\u0041"`, "", "half of a surrogate pair"},
		{"half of a pair at the end", `"\ud83d"`, "", "an escape sequence of JSON"},
		{"an unknown escape", `"\x41"`, "", "an escape sequence of JSON"},
		{"a control character", "\"a\nb\"", "", "at byte 2: a control character"},
		{"no end", `"abc`, "", "expected the end of a string, got the end"},
		{"another value", `7`, "", `expected a string, got "7"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, err := New(tt.text)
			require.NoError(t, err)
			got, err := s.String()
			if tt.problem != "" {
				require.ErrorContains(t, err, tt.problem)
				return
			}
			require.NoError(t, err)
			require.NoError(t, s.End())
			require.Equal(t, tt.want, got)
		})
	}
}

func TestNumbers(t *testing.T) {
	for text, want := range map[string]int64{"0": 0, " 12,": 12, "9223372036854775807": 1<<63 - 1} {
		s, err := New(text)
		require.NoError(t, err)
		n, err := s.Number()
		require.NoError(t, err, text)
		require.Equal(t, want, n)
	}
	for text, problem := range map[string]string{
		"": "got the end", "-1": "not negative", "01": "whole number", "1.5": "whole number", "1e3": "whole number", `"1"`: "whole number",
		"9223372036854775808": "63 bits", strings.Repeat("9", 1000): "63 bits",
	} {
		s, err := New(text)
		require.NoError(t, err)
		_, err = s.Number()
		require.ErrorContains(t, err, problem, text)
	}
}

// TestObjectsShowWhatOccursTwice checks that Object yields duplicate members, which encoding/json drops.
func TestObjectsShowWhatOccursTwice(t *testing.T) {
	s, err := New(`{"a":1,"a":[2,{}],"b":null}`)
	require.NoError(t, err)
	var names []string
	require.NoError(t, s.Object(func(name string) error {
		names = append(names, name)
		return s.Skip()
	}))
	require.NoError(t, s.End())
	require.Equal(t, []string{"a", "a", "b"}, names)
}

func TestRefuses(t *testing.T) {
	for name, tt := range map[string]struct{ text, problem string }{
		"no value":                 {"", "expected a value"},
		"a comma at the end":       {`[1,]`, "expected a value"},
		"no comma":                 {`[1 2]`, "a comma or the end of the array"},
		"no colon":                 {`{"a" 1}`, "a colon"},
		"a name without quotes":    {`{a:1}`, "a string"},
		"an object without an end": {`{"a":1`, "a comma or the end of the object"},
		"too many levels":          {strings.Repeat("[", 101) + strings.Repeat("]", 101), "nested too deeply"},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := New(tt.text)
			require.NoError(t, err)
			require.ErrorContains(t, s.Skip(), tt.problem)
		})
	}
	_, err := New("\"\xff\"")
	require.EqualError(t, err, "it is not UTF-8")
}

func TestRead(t *testing.T) {
	text := strings.Repeat("[1]\n", 5_000_000) // longer than the memory that is allocated in advance
	got, err := Read(strings.NewReader("ab"+text), 2, int64(len(text)))
	require.NoError(t, err)
	require.Equal(t, text, got)
	_, err = Read(strings.NewReader(text), 0, int64(len(text))+1)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	_, err = Read(strings.NewReader("[1]\x00"), 0, 4)
	require.ErrorIs(t, err, ErrZeros)
	failed := errors.New("failed")
	_, err = Read(failing{failed}, 0, 10)
	require.ErrorIs(t, err, failed)
}

type failing struct{ err error }

func (f failing) ReadAt([]byte, int64) (int, error) { return 0, f.err }

// FuzzSkip skips values that encoding/json accepts, and reads strings as encoding/json does.
func FuzzSkip(f *testing.F) {
	for _, seed := range []string{`{"a":[1,2.5e3,-0,true,false,null,"\u00e9"]}`, `[]`, `"x"`, `{`, `[1,]`, "1 ", `{"a":{"a":{}}}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := New(string(text))
		if err != nil {
			require.False(t, bytes.Equal(text, bytes.ToValidUTF8(text, nil)))
			return
		}
		value, err := s.String()
		if err == nil && s.End() == nil {
			var want string
			require.NoError(t, json.Unmarshal(text, &want), "%q", text)
			require.Equal(t, want, value)
			again, err := New(string(AppendString(nil, value)))
			require.NoError(t, err)
			back, err := again.String()
			require.NoError(t, err)
			require.Equal(t, value, back)
		}
		s.at = 0
		if json.Valid(text) && !bytes.Contains(text, []byte(`\u`)) && bytes.Count(text, []byte("["))+bytes.Count(text, []byte("{")) < maxDepth {
			require.NoError(t, s.Skip(), "%q", text)
			require.NoError(t, s.End(), "%q", text)
		}
	})
}
