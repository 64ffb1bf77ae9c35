package formattest

import (
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// RequireSays requires that the text of err contains want. With 32-bit ints, an error about a length beyond an int is accepted too.
func RequireSays(t testing.TB, err error, want string) {
	t.Helper()
	if strconv.IntSize == 32 && err != nil && strings.Contains(err.Error(), "more elements than an int can count") {
		return
	}
	require.ErrorContains(t, err, want)
}
