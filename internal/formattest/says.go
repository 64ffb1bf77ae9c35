package formattest

import (
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// RequireSays requires that an error says want. Where an int has 32 bits a length beyond them is refused first, and the error says that.
func RequireSays(t testing.TB, err error, want string) {
	t.Helper()
	if strconv.IntSize == 32 && err != nil && strings.Contains(err.Error(), "more elements than an int can count") {
		return
	}
	require.ErrorContains(t, err, want)
}
