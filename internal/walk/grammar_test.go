package walk

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/internal/object"
	"github.com/gockpt/ckpt/tensor"
)

func TestParseTag(t *testing.T) {
	for _, tt := range []struct {
		text string
		want Tag
		err  string
	}{
		{text: "kernel", want: Tag{Name: "kernel", Named: true}},
		{text: "-", want: Tag{Skip: true}},
		{text: "-,", want: Tag{Name: "-", Named: true}, err: `unknown option ""`},
		{text: "'-'", want: Tag{Name: "-", Named: true}},
		{text: "", want: Tag{}},
		{text: "''", want: Tag{Named: true}},
		{text: ",optional", want: Tag{Optional: true}},
		{text: "table,alias=embeddings,alias=_embeddings", want: Tag{Name: "table", Named: true, Field: object.Field{Aliases: []string{"embeddings", "_embeddings"}}}},
		{text: "a/b.c d", want: Tag{Name: "a/b.c d", Named: true}},
		{text: `'a,b\'c\\d',alias='x,y'`, want: Tag{Name: `a,b'c\d`, Named: true, Field: object.Field{Aliases: []string{"x,y"}}}},
		{text: "w,optional,alloc,cast,inline", want: Tag{Name: "w", Named: true, Optional: true, Alloc: true, Cast: true, Inline: true}},
		{text: "w,shape=2x3", want: Tag{Name: "w", Named: true, Field: object.Field{Shape: tensor.Shape{2, 3}}}},
		{text: "w,fullname=dense/kernel", want: Tag{Name: "w", Named: true, Field: object.Field{FullName: "dense/kernel"}}},
		{text: "w,wrong", err: `unknown option "wrong"`},
		{text: "w,optional=yes", err: `option "optional" takes no value`},
		{text: "w,alias", err: `option "alias" needs a value`},
		{text: "w,shape=2x", err: `shape "2x" is not of the form 2x3`},
		{text: "w,shape=-1", err: `shape "-1" is not of the form 2x3`},
		{text: "'open", err: "is not closed"},
		{text: "'a'b", err: `text "b" after the quoted name`},
	} {
		t.Run(tt.text, func(t *testing.T) {
			got, err := ParseTag(tt.text)
			if tt.err != "" {
				require.ErrorContains(t, err, tt.err)
				return
			}
			require.NoError(t, err)
			tt.want.Present = true
			require.Equal(t, tt.want, got)
		})
	}
}

func FuzzParseTag(f *testing.F) {
	for _, seed := range []string{"kernel", "-", "a,alias=b", "'a,b',optional", "w,shape=2x3,cast", "'", "a,'", ",=,"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := ParseTag(text)
		if err != nil {
			return
		}
		require.True(t, got.Present)
		if got.Shape != nil {
			require.NoError(t, got.Shape.Check())
		}
	})
}
