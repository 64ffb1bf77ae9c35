package bundle

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestHeaderBytes(t *testing.T) {
	t.Run("B-27 one data file, little-endian, version 1", func(t *testing.T) {
		require.Equal(t, "\x08\x01\x1a\x02\x08\x01", string(newHeader(1).encode()))
	})
	t.Run("every field survives a round trip", func(t *testing.T) {
		for _, h := range []header{{}, newHeader(300), {shards: 2, bigEndian: true, producer: 7, minConsumer: 1, badConsumers: []int32{2, 300}}} {
			got, err := decodeHeader(h.encode())
			require.NoError(t, err)
			require.Equal(t, h, got)
		}
	})
}

func TestHeaderFaults(t *testing.T) {
	tests := []struct {
		name, bytes, want string
	}{
		{"garbage", "\xff\xff\xff\xff", "it is not the encoding of a BundleHeaderProto"},
		{"a third byte order", "\x08\x01\x10\x02", "endianness is 2, want 0 (little) or 1 (big)"},
		{"a negative number of data files", "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "it claims -1 data files"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := decodeHeader([]byte(test.bytes))
			require.ErrorContains(t, err, test.want)
		})
	}
}

func TestHeaderVersions(t *testing.T) {
	tests := []struct {
		name string
		h    header
		want string
	}{
		{"B-28 no version", header{}, ""},
		{"B-28 a later writer that allows this reader", header{producer: 1000}, ""},
		{"B-28 a writer that excludes other readers", header{producer: 1, badConsumers: []int32{0, 2}}, ""},
		{"B-28 a reader for version 2 is required", header{producer: 2, minConsumer: 2}, "it needs a reader for version 2 of the format or later, and this release supports version 1"},
		{"B-28 a negative writer", header{producer: -1}, "it was written by version -1 of the format, want at least 0"},
		{"B-28 this reader is excluded", header{producer: 1, badConsumers: []int32{3, 1}}, "it does not allow readers of version 1"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			err := test.h.checkVersion()
			if test.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, test.want)
			require.ErrorIs(t, err, errors.ErrUnsupported)
		})
	}
}
