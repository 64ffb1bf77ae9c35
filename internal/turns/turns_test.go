package turns_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/internal/turns"
)

func TestTurns(t *testing.T) {
	var turn turns.Turns
	begin := map[string]func(string) (func(), error){"call": turn.Begin, "tracking call": turn.BeginTracking}
	for first, beginFirst := range begin {
		t.Run("a second call during a "+first, func(t *testing.T) {
			end, err := beginFirst("first")
			require.NoError(t, err)
			if first == "call" {
				for _, beginSecond := range begin {
					_, err = beginSecond("second")
					require.ErrorIs(t, err, turns.ErrBusy)
					require.ErrorContains(t, err, "ckpt: second: ")
				}
			} else {
				waited := make(chan error)
				go func() {
					end, err := turn.BeginTracking("second")
					if err == nil {
						end()
					}
					waited <- err
				}()
				end()
				require.NoError(t, <-waited)
				end = func() {}
			}
			end()
			end, err = turn.Begin("third")
			require.NoError(t, err)
			end()
		})
	}
}
