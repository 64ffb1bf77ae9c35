//go:build !amd64 && !arm64

package vmath

const lanes, leastLanes, maxLanes = 0, 8, 16

func each(f uint64, n int, x *float32)                              {}
func sumExp(n int, y, x *float32, shift float32) float64            { return 0 }
func largest(n int, x *float32) float32                             { return 0 }
func sum(n int, x *float32) float64                                 { return 0 }
func sumSquares(n int, x *float32, mean float32) float64            { return 0 }
func normalize(n int, x, gamma, beta *float32, mean, scale float32) {}
func scale(n int, x *float32, by float32)                           {}
func add(n int, y, x *float32)                                      {}
func maximum(n int, y, x *float32)                                  {}
func lstm(n int, h, c, z *float32, units int)                       {}
func gru(n int, h, z, inner *float32, units int)                    {}
func affine(n int, y, x, mul, add *float32)                         {}
func weigh(n, count, taps int, at *int, y *float32, yStep int, x *float32, xStep int, w, bias *float32) {
}
func largestOf(n, count, taps int, at *int, y *float32, yStep int, x *float32, xStep int) {}
