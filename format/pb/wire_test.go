package pb_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/gockpt/ckpt/format/pb"
)

func TestFields(t *testing.T) {
	message := "\x08\x96\x01" + "\x15\x01\x02\x03\x04" + "\x19\x01\x02\x03\x04\x05\x06\x07\x08" + "\x22\x02ab" + "\x2b\x08\x01\x2c" + "\x30\x00"
	var got []pb.Field
	for f, err := range pb.Fields([]byte(message)) {
		require.NoError(t, err)
		got = append(got, f)
	}
	require.Equal(t, []pb.Field{
		{Num: 1, Type: protowire.VarintType, Number: 150},
		{Num: 2, Type: protowire.Fixed32Type, Number: 0x04030201},
		{Num: 3, Type: protowire.Fixed64Type, Number: 0x0807060504030201},
		{Num: 4, Type: protowire.BytesType, Bytes: []byte("ab")},
		{Num: 5, Type: protowire.StartGroupType},
		{Num: 6, Type: protowire.VarintType},
	}, got)
	require.True(t, got[0].Has(1, protowire.VarintType))
	require.False(t, got[0].Has(1, protowire.BytesType))
	require.False(t, got[0].Has(2, protowire.VarintType))

	t.Run("a loop may end early", func(t *testing.T) {
		for f, err := range pb.Fields([]byte(message)) {
			require.NoError(t, err)
			require.EqualValues(t, 1, f.Num)
			break
		}
	})
	for message, want := range map[string]string{
		"\x08":         "field 1: the message ends too early",
		"\x15\x01":     "field 2: the message ends too early",
		"\x19\x01":     "field 3: the message ends too early",
		"\x22\x05ab":   "field 4: the message ends too early",
		"\x2b\x08\x01": "field 5: the message ends too early",
		"\x2c":         "field 5: not the encoding of a protocol buffer",
		"\x02\x00":     "not the encoding of a protocol buffer",
		"\x80":         "the message ends too early",
		"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f": "field 1: not the encoding of a protocol buffer",
	} {
		t.Run("an error ends the loop, "+want, func(t *testing.T) {
			n := 0
			for f, err := range pb.Fields([]byte("\x38\x01" + message)) {
				if n++; n == 1 {
					require.NoError(t, err)
					continue
				}
				require.EqualError(t, err, want)
				require.Zero(t, f)
			}
			require.Equal(t, 2, n)
		})
	}
}
